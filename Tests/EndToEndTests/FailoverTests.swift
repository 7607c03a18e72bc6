import Foundation
import LocalPair
import Testing

/// Commands that are under way while the primary is killed.
@Suite(.serialized) struct FailoverTests {
    @Test func `what is being written goes on with the next primary, once`() async throws {
        let place = try TemporaryFolder()
        let pair = try await PairUnderTest.start(in: place)
        defer { pair.stop() }
        let home = try Self.context(pair, place)
        // Names that tell which write it was, sent one after the other by separate programs.
        let count = 24
        let writer = Task.detached {
            var acknowledged: [String: String] = [:]
            for number in 0..<count {
                let run = try ProgramRun.of(
                    ["task", "create", "write \(number)", "--timeout", "60"], environment: home)
                if run.code == 0 { acknowledged["write \(number)"] = run.line }
            }
            return acknowledged
        }
        try await wait {
            try ProgramRun.of(["my", "-o", "json"], environment: home).list().count > 2
        }
        pair.killPrimary()
        try await pair.promoteFollower(reason: "a test killed the primary")
        let acknowledged = try await writer.value
        #expect(acknowledged.count == count, "each waits for the next primary")
        let mine = try ProgramRun.of(["my", "-o", "json"], environment: home).list()
        for (name, gid) in acknowledged {
            let found = mine.filter { $0["name"] as? String == name }
            #expect(found.map { $0["gid"] as? String } == [gid], "\(name) is there once")
        }
    }

    @Test(.enabled(if: SharedData.folder != nil, Comment(rawValue: SharedData.absence)))
    func `an import that was under way is complete and not doubled`() async throws {
        let place = try TemporaryFolder()
        let pair = try await PairUnderTest.start(in: place)
        defer { pair.stop() }
        let home = try Self.context(pair, place)
        let file = try SharedData.path("trackers/tls13-spec.archive.json")
        let importer = Task.detached {
            try ProgramRun.of(["import", file, "-o", "json", "--timeout", "60"], environment: home)
        }
        try await wait {
            try !ProgramRun.of(["project", "list", "-o", "json"], environment: home).list().isEmpty
        }
        pair.killPrimary()
        try await pair.promoteFollower(reason: "a test killed the primary")
        let first = try await importer.value
        #expect(first.code == 0, "\(first.errors)")
        let second = try ProgramRun.of(["import", file, "-o", "json"], environment: home).json()
        let created = try #require(second["created"] as? [String: Int])
        #expect(created.values.allSatisfy { $0 == 0 }, "\(created)")
        let project = try #require(second["project"] as? String)
        let shown = try ProgramRun.of(
            ["project", "show", project, "-o", "json"], environment: home)
        #expect(try shown.json()["tasks"] as? Int == 1444)
    }

    /// A context that knows both nodes. - Returns: the environment with it.
    private static func context(
        _ pair: LocalPair, _ place: TemporaryFolder
    ) throws -> [String: String] {
        let home = ["HOLDFAST_HOME": "\(place.path)/home"]
        let folder = pair.members[pair.primary].folder
        // The token and the authority are the cluster's: a copy outlives the node they came from.
        for (from, to) in [("admin.token", "token"), ("tls/ca.pem", "ca.pem")] {
            try FileManager.default.copyItem(
                atPath: "\(folder)/\(from)", toPath: "\(place.path)/\(to)")
        }
        let added = try ProgramRun.of(
            [
                "context", "add", "pair", "--address", pair.addresses.joined(separator: ","),
                "--ca", "\(place.path)/ca.pem", "--token-file", "\(place.path)/token",
            ], environment: home)
        try #require(added.code == 0, "\(added.errors)")
        return home
    }

    /// Waits until the work that is to be disturbed has begun.
    private func wait(until isSo: () throws -> Bool) async throws {
        let limit = ContinuousClock.now.advanced(by: .seconds(30))
        while try !isSo() {
            try #require(ContinuousClock.now < limit, "nothing began within 30 s")
            try await Task.sleep(for: .milliseconds(10))
        }
    }
}
