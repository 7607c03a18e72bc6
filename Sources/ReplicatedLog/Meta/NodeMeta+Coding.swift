package import ByteCoding

/// The content of `node.meta`, in each of its two slots (`SlotFile`, 4 KiB each):
///
/// | bytes | field                                                         |
/// | ----: | ------------------------------------------------------------- |
/// |     1 | version of this form, 1                                       |
/// |    16 | node                                                          |
/// |    16 | cluster                                                       |
/// |    16 | history                                                       |
/// |    12 | promised epoch: register version (8), boot (4)                |
/// |    12 | acting epoch                                                  |
/// |     1 | acting role                                                   |
/// |     1 | count of acting members, then 16 bytes each, ascending        |
/// |     4 | boot counter                                                  |
/// |     1 | soundness                                                     |
/// |   2+n | what is wrong, at most 1,024 bytes                            |
/// |     8 | LSN of the last digest both nodes agreed on                   |
/// |     8 | that digest                                                   |
/// |   2+n | the register (`Register.encoded()`)                           |
extension NodeMeta {
    static let form: UInt8 = 1

    /// - Precondition: at most 8 members.
    package func encoded() -> [UInt8] {
        precondition(members.count <= Register.membersLimit, "\(members.count) members")
        var writer = ByteWriter(capacity: 512)
        writer.append(Self.form)
        writer.append(identity: node)
        writer.append(identity: cluster)
        writer.append(identity: history)
        writer.append(epoch: promised)
        writer.append(epoch: actingEpoch)
        writer.append(actingRole.rawValue)
        writer.append(UInt8(members.count))
        for member in members { writer.append(identity: member) }
        writer.append(fixed: bootCounter)
        writer.append(soundness.rawValue)
        writer.append(text: damage.cut(toBytes: Self.damageBytes))
        writer.append(fixed: digestPoint.rawValue)
        writer.append(fixed: digest)
        let encodedRegister = register.encoded()
        writer.append(fixed: UInt16(encodedRegister.count))
        writer.append(encodedRegister)
        return writer.bytes
    }

    package init(_ bytes: [UInt8]) throws(Corruption) {
        var reader = ByteReader(bytes.raw)
        let form = try reader.byte()
        guard form == Self.form else {
            throw reader.corruption(expected: "node.meta of form 1", found: "form \(form)")
        }
        let node = try reader.identity()
        let cluster = try reader.identity()
        let history = try reader.identity()
        let promised = try reader.epoch()
        let actingEpoch = try reader.epoch()
        let role = try reader.byte()
        let members = try reader.identities(atMost: Register.membersLimit)
        let bootCounter = try reader.fixed(UInt32.self)
        let state = try reader.byte()
        guard let actingRole = Role(rawValue: role), let soundness = Soundness(rawValue: state)
        else {
            throw reader.corruption(
                expected: "a role and a soundness", found: "\(role) and \(state)")
        }
        let damage = try reader.text(atMost: Self.damageBytes)
        let digestPoint = LSN(try reader.fixed())
        let digest = try reader.fixed(UInt64.self)
        let count = Int(try reader.fixed(UInt16.self))
        let register = try Register(reader.array(count))
        guard reader.isAtEnd else {
            throw reader.corruption(
                expected: "the end of node.meta", found: "\(reader.remaining) bytes")
        }
        self.init(
            node: node, cluster: cluster, history: history, promised: promised,
            actingEpoch: actingEpoch, actingRole: actingRole, members: members,
            register: register, bootCounter: bootCounter, soundness: soundness, damage: damage,
            digestPoint: digestPoint, digest: digest)
    }
}

extension ByteWriter {
    mutating func append(epoch: Epoch) {
        append(fixed: epoch.version)
        append(fixed: epoch.boot)
    }
}

extension ByteReader {
    @_lifetime(self: copy self)
    mutating func epoch() throws(Corruption) -> Epoch {
        Epoch(version: try fixed(), boot: try fixed())
    }
}
