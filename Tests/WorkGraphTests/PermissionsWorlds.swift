import ByteCoding
import Checking
import Testing
import WorkProtocol

@testable import WorkGraph

/// Three workspaces and eight people, each in some of them as something else, beside the oracle's
/// picture of each.
final class PermissionWorlds {
    let shard = Shard()
    var models: [UInt32: ReferenceModel] = [:]
    var random: SeededRandom
    var time: Int64 = 1_700_000_000_000
    /// What was made, by workspace, whether it is still there or not.
    var made: [UInt32: Made] = [:]
    /// What was asked since the last step: many rules are compared with the same answers.
    var answers: [Asked: [UInt8]?] = [:]

    struct Asked: Hashable {
        var query: Query
        var ordinal: UInt32
        var account: Gid
    }

    /// What was done, for the report of a failure.
    var history: [String] = []

    struct Made {
        var teams: [UInt64] = []
        var projects: [UInt64] = []
        var sections: [(section: UInt64, project: UInt64)] = []
        var tasks: [UInt64] = []
        var labels: [UInt64] = []
        var fields: [UInt64] = []
        var all: [UInt64] { teams + projects + tasks + labels + fields + sections.map(\.section) }
    }

    static let ordinals: [UInt32] = [1, 2, 3]
    /// The roles of the people 1 to 8 in the three workspaces. The last is a service account.
    private static let roles: [[ReferenceModel.Rank?]] = [
        [.admin, .member, nil], [.member, .guest, nil], [.member, nil, .member],
        [.guest, nil, .admin], [.guest, .member, nil], [.member, .admin, .guest],
        [nil, .member, .member], [.member, nil, nil],
    ]

    let principals: [Principal] = PermissionWorlds.people()

    private static func people() -> [Principal] {
        let people = (1...7).map { (number: UInt64) -> Principal in
            Principal(account: Gid(number), scopes: [.read, .write, .import])
        }
        return people + [Principal(account: Gid(8), scopes: .read, home: 1, isService: true)]
    }

    init(seed: UInt64) throws {
        random = SeededRandom(seed: seed)
        for (index, ordinal) in Self.ordinals.enumerated() {
            made[ordinal] = Made()
            models[ordinal] = ReferenceModel()
            for (principal, roles) in zip(principals, Self.roles) {
                if let role = roles[index] { try admit(principal, role, to: ordinal) }
            }
        }
    }

    private func admit(
        _ principal: Principal, _ rank: ReferenceModel.Rank, to ordinal: UInt32
    ) throws {
        var admit = AdmitMember()
        admit.account = principal.account.rawValue
        admit.name = "Person \(principal.account)"
        admit.email = "\(principal.account)@example.com"
        admit.role = Role(rawValue: UInt32(rank.rawValue)) ?? .none
        admit.isActive = true
        admit.isService = principal.isService
        admit.workspace = .with {
            $0.ordinal = ordinal
            $0.name = "Workspace \(ordinal)"
            $0.isOrganization = true
        }
        admit.gidKey = UInt64(ordinal) &* 0x1234_5678_9ABC
        _ = try perform(.admitMember(admit), in: ordinal, as: .node)
        var person = ReferenceModel.Person(id: principal.account.rawValue, rank: rank)
        person.isService = principal.isService
        models[ordinal]?.people.append(person)
    }

    func perform(
        _ command: Command, in ordinal: UInt32, as principal: Principal
    ) throws(Rejection) -> [UInt8] {
        time += 1000
        return try shard.perform(
            command, in: ordinal, as: principal, request: nil, requestHash: 0, wallTime: time
        ).answer
    }

    /// The answer's bytes, or nothing. What is refused must be refused as if it were not there.
    func bytes(_ query: Query, in ordinal: UInt32, as principal: Principal) -> [UInt8]? {
        let asked = Asked(query: query, ordinal: ordinal, account: principal.account)
        if let known = answers[asked] { return known }
        let bytes = ask(query, in: ordinal, as: principal)
        answers[asked] = .some(bytes)
        return bytes
    }

    private func ask(_ query: Query, in ordinal: UInt32, as principal: Principal) -> [UInt8]? {
        var writer = ByteWriter()
        do throws(Rejection) {
            try shard.answer(query, in: ordinal, as: principal, into: &writer)
            return writer.bytes
        } catch {
            #expect(error == .notFound, "\(query.method) by \(principal.account): \(error)")
            return nil
        }
    }

    func answer<Answer: Message>(
        _ query: Query, in ordinal: UInt32, as principal: Principal, _ type: Answer.Type
    ) -> Answer? {
        guard let bytes = bytes(query, in: ordinal, as: principal) else { return nil }
        do { return try Answer(decoding: bytes) } catch {
            Issue.record("\(query.method) answered damaged bytes: \(error)")
            return nil
        }
    }

    /// Compares every read path of everybody in a workspace with the oracle. The first difference,
    /// as text.
    func difference(in ordinal: UInt32, without rule: ReferenceModel.Rule? = nil) -> String? {
        guard var model = models[ordinal], let made = made[ordinal] else { return nil }
        model.without = rule
        for principal in principals {
            for path in ReadPath.allCases {
                let reading = Reading(
                    worlds: self, ordinal: ordinal, principal: principal, made: made, model: model)
                let (seen, expected) = path.compare(reading)
                if let difference = Self.difference(seen, expected) {
                    return
                        "workspace \(ordinal), person \(principal.account), \(path): \(difference)"
                }
            }
        }
        return nil
    }

    private static func difference(_ seen: [String], _ expected: [String]) -> String? {
        guard seen != expected else { return nil }
        let extra = seen.filter { !expected.contains($0) }
        let missing = expected.filter { !seen.contains($0) }
        return "seen but not expected \(extra), expected but not seen \(missing), "
            + "\(seen.count) for \(expected.count)"
    }
}

/// One person reading one workspace, beside what the oracle knows of it.
struct Reading {
    let worlds: PermissionWorlds
    let ordinal: UInt32
    let principal: Principal
    let made: PermissionWorlds.Made
    let model: ReferenceModel

    var user: UInt64 { principal.account.rawValue }

    func answer<Answer: Message>(_ query: Query, _ type: Answer.Type) -> Answer? {
        worlds.answer(query, in: ordinal, as: principal, type)
    }
}
