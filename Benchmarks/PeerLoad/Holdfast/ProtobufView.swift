/// The bytes of a protobuf message that has come, read where they lie. What does not parse has no
/// fields.
struct ProtobufView {
    private(set) var start: UnsafeRawPointer
    private(set) var count: Int

    init(_ start: UnsafeRawPointer, count: Int) {
        self.start = start
        self.count = count
    }

    /// Field 1 as fixed64, if it stands first, as gids do; otherwise 0.
    var leadingFixed: UInt64 {
        count >= 9 && start.byte(0) == 0x09 ? start.little(1) : 0
    }

    /// Takes a message from the front; nil if something else is there.
    mutating func popMessage(field: UInt64) -> ProtobufView? {
        var position = 0
        guard let tag = varint(&position), tag == field << 3 | 2, let length = varint(&position),
            length <= UInt64(count - position)
        else { return nil }
        let message = ProtobufView(start + position, count: Int(length))
        start += position + Int(length)
        count -= position + Int(length)
        return message
    }

    /// A message or bytes; nil if there are none.
    func message(field: UInt64) -> ProtobufView? {
        guard let position = find(field, wire: 2) else { return nil }
        var rest = position
        guard let length = varint(&rest), length <= UInt64(count - rest) else { return nil }
        return ProtobufView(start + rest, count: Int(length))
    }

    func text(field: UInt64) -> String {
        message(field: field).map { $0.start.text(0, $0.count) } ?? ""
    }

    func varint(field: UInt64) -> UInt64 {
        guard var position = find(field, wire: 0) else { return 0 }
        return varint(&position) ?? 0
    }

    /// Where the value of a field begins.
    private func find(_ field: UInt64, wire: UInt64) -> Int? {
        var position = 0
        while position < count {
            guard let tag = varint(&position) else { return nil }
            if tag == field << 3 | wire { return position }
            switch tag & 7 {
            case 0: if varint(&position) == nil { return nil }
            case 1: position += 8
            case 2:
                guard let length = varint(&position), length <= UInt64(count - position) else {
                    return nil
                }
                position += Int(length)
            case 5: position += 4
            default: return nil
            }
        }
        return nil
    }

    private func varint(_ position: inout Int) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while position < count, shift < 64 {
            let byte = start.byte(position)
            position += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
