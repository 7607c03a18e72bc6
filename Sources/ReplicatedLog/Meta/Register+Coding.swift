package import ByteCoding

/// How a register value is written, in `node.meta`, in a register record, and at an arbiter:
///
/// | bytes | field                                                                   |
/// | ----: | ----------------------------------------------------------------------- |
/// |     1 | version of this form, 1                                                 |
/// |    16 | cluster                                                                 |
/// |    16 | history                                                                 |
/// |     8 | version of the register                                                 |
/// |    16 | primary                                                                 |
/// |     1 | count of members, 0 to 8, then 16 bytes each, strictly ascending        |
/// |     1 | policy                                                                  |
/// |     8 | LSN where the solo mode began                                           |
/// |     8 | time, milliseconds since 1970                                           |
/// |   2+n | reason, UTF-8, at most 1,024 bytes                                      |
/// |   2+n | actor, UTF-8, at most 256 bytes                                         |
extension Register {
    package static let membersLimit = 8
    package static let reasonBytes = 1_024
    package static let actorBytes = 256
    private static let form: UInt8 = 1

    /// The register's bytes. Text beyond its limit is cut at a character.
    /// - Precondition: at most 8 members.
    package func encoded() -> [UInt8] {
        precondition(members.count <= Self.membersLimit, "\(members.count) members")
        var writer = ByteWriter(capacity: 128)
        writer.append(Self.form)
        writer.append(identity: cluster)
        writer.append(identity: history)
        writer.append(fixed: version)
        writer.append(identity: primary)
        writer.append(UInt8(members.count))
        for member in members { writer.append(identity: member) }
        writer.append(policy.rawValue)
        writer.append(fixed: soloSince.rawValue)
        writer.append(fixed: at)
        writer.append(text: reason.cut(toBytes: Self.reasonBytes))
        writer.append(text: actor.cut(toBytes: Self.actorBytes))
        return writer.bytes
    }

    /// The register in `bytes`, all of them.
    package init(_ bytes: [UInt8]) throws(Corruption) {
        var reader = ByteReader(bytes.raw)
        try self.init(&reader)
        guard reader.isAtEnd else {
            throw reader.corruption(
                expected: "the end of the register", found: "\(reader.remaining) bytes")
        }
    }

    /// The register in a record's body.
    package init(_ body: RawSpan) throws(Corruption) {
        var reader = ByteReader(body)
        try self.init(&reader)
    }

    private init(_ reader: inout ByteReader) throws(Corruption) {
        let form = try reader.byte()
        guard form == Self.form else {
            throw reader.corruption(expected: "a register of form 1", found: "form \(form)")
        }
        let cluster = try reader.identity()
        let history = try reader.identity()
        let version = try reader.fixed(UInt64.self)
        let primary = try reader.identity()
        let members = try reader.identities(atMost: Self.membersLimit)
        let code = try reader.byte()
        guard let policy = Policy(rawValue: code) else {
            throw reader.corruption(expected: "a policy", found: "\(code)")
        }
        let soloSince = LSN(try reader.fixed())
        let at = try reader.fixed(Int64.self)
        let reason = try reader.text(atMost: Self.reasonBytes)
        let actor = try reader.text(atMost: Self.actorBytes)
        self.init(
            cluster: cluster, history: history, version: version, primary: primary,
            members: members, policy: policy, soloSince: soloSince, reason: reason, actor: actor,
            at: at)
    }
}

extension ByteReader {
    /// A count in one byte and that many identities, strictly ascending.
    @_lifetime(self: copy self)
    mutating func identities(atMost limit: Int) throws(Corruption) -> [Identity] {
        let count = Int(try byte())
        guard count <= limit else {
            throw corruption(expected: "at most \(limit) members", found: "\(count)")
        }
        var identities: [Identity] = []
        for _ in 0..<count {
            let next = try identity()
            if let last = identities.last, next <= last {
                throw corruption(expected: "members in ascending order", found: "\(next)")
            }
            identities.append(next)
        }
        return identities
    }
}

extension String {
    /// The longest beginning of whole characters that takes at most `limit` bytes.
    func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var result = ""
        for character in self {
            guard result.utf8.count + character.utf8.count <= limit else { break }
            result.append(character)
        }
        return result
    }
}
