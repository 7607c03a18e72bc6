/// MessagePack, as much of it as IPROTO takes.
extension ByteQueue {
    func append(packed value: UInt64) {
        switch value {
        case 0..<0x80: append(UInt8(value))
        case 0x80...0xFF:
            append(0xCC)
            append(UInt8(value))
        case 0x100...0xFFFF:
            append(0xCD)
            append(big: UInt16(value))
        case 0x1_0000...0xFFFF_FFFF:
            append(0xCE)
            append(big: UInt32(value))
        default:
            append(0xCF)
            append(big: value)
        }
    }

    func append(packed text: [UInt8]) {
        if text.count < 32 {
            append(0xA0 | UInt8(text.count))
        } else {
            append(0xD9)
            append(UInt8(text.count))
        }
        append(text)
    }
}

/// Reads MessagePack that is whole. What does not parse is taken for nothing.
struct MessagePackReader {
    private(set) var place: UnsafeRawPointer
    private let end: UnsafeRawPointer

    init(_ start: UnsafeRawPointer, count: Int) {
        place = start
        end = start + count
    }

    private var left: Int { end - place }

    /// An unsigned number; nil if something else is here, which stays.
    mutating func popNumber() -> UInt64? {
        guard left >= 1 else { return nil }
        let byte = place.byte(0)
        let size: Int
        switch byte {
        case 0..<0x80: size = 0
        case 0xCC: size = 1
        case 0xCD: size = 2
        case 0xCE: size = 4
        case 0xCF: size = 8
        default: return nil
        }
        guard left >= 1 + size else { return nil }
        defer { place += 1 + size }
        switch size {
        case 0: return UInt64(byte)
        case 1: return UInt64(place.byte(1))
        case 2: return UInt64(place.big(1, UInt16.self))
        case 4: return UInt64(place.big(1, UInt32.self))
        default: return place.big(1)
        }
    }

    /// How many elements the array here has; nil if something else is here.
    mutating func popArray() -> Int? { popCount(fixed: 0x90, 0xDC) }

    /// How many pairs the map here has; nil if something else is here.
    mutating func popMap() -> Int? { popCount(fixed: 0x80, 0xDE) }

    private mutating func popCount(fixed: UInt8, _ long: UInt8) -> Int? {
        guard left >= 1 else { return nil }
        let byte = place.byte(0)
        if byte & 0xF0 == fixed {
            place += 1
            return Int(byte & 0x0F)
        }
        if byte == long, left >= 3 {
            defer { place += 3 }
            return Int(place.big(1, UInt16.self))
        }
        guard byte == long + 1, left >= 5 else { return nil }
        defer { place += 5 }
        return Int(place.big(1, UInt32.self))
    }

    /// Passes over one value with all that is in it. - Returns: whether there was one.
    @discardableResult
    mutating func skip() -> Bool {
        var missing = 1
        while missing > 0 {
            guard left >= 1 else { return false }
            missing -= 1
            let byte = place.byte(0)
            switch byte {
            case 0x80...0x8F, 0xDE, 0xDF: missing += 2 * (popMap() ?? 0)
            case 0x90...0x9F, 0xDC, 0xDD: missing += popArray() ?? 0
            default:
                guard let size = size(byte), left >= size else { return false }
                place += size
            }
        }
        return true
    }

    /// The bytes of a value that has nothing inside it.
    private func size(_ byte: UInt8) -> Int? {
        switch byte {
        case 0..<0x80, 0xE0...0xFF, 0xC0, 0xC2, 0xC3: return 1
        case 0xA0...0xBF: return 1 + Int(byte & 0x1F)
        case 0xCC, 0xD0: return 2
        case 0xCD, 0xD1: return 3
        case 0xCE, 0xD2, 0xCA: return 5
        case 0xCF, 0xD3, 0xCB: return 9
        case 0xD9, 0xC4: return left >= 2 ? 2 + Int(place.byte(1)) : nil
        case 0xDA, 0xC5: return left >= 3 ? 3 + Int(place.big(1, UInt16.self)) : nil
        case 0xDB, 0xC6: return left >= 5 ? 5 + Int(place.big(1, UInt32.self)) : nil
        default: return nil
        }
    }

    /// The text here, for a message to people.
    mutating func popText() -> String {
        let start = place
        guard left >= 1, let size = size(start.byte(0)), skip() else { return "" }
        let head = start.byte(0) < 0xC0 ? 1 : 1 + (1 << Int(start.byte(0) - 0xD9))
        return start.text(head, size - head)
    }
}
