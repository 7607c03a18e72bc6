/// One whole reply of Redis, read where it lies.
struct RESPReply {
    let start: UnsafeRawPointer
    /// Its bytes, with all that is inside it.
    let count: Int
    /// What stands in its first line, as far as that is a number.
    let number: UInt64
    private let lineBytes: Int

    /// - Returns: nil if the rest has to come first.
    init?(_ start: UnsafeRawPointer, count available: Int) {
        self.start = start
        guard let head = RESPLine(start, available) else { return nil }
        number = head.number
        lineBytes = head.count
        var position = 0
        var missing = 1
        while missing > 0 {
            guard let line = RESPLine(start + position, available - position) else { return nil }
            position += line.count
            missing -= 1
            if line.type == 0x24, line.isPresent { position += Int(line.number) + 2 }
            if line.type == 0x2A, line.isPresent { missing += Int(line.number) }
            guard position <= available else { return nil }
        }
        count = position
    }

    var isError: Bool { start.byte(0) == 0x2D }

    /// The elements of an array.
    var elements: RESPCursor { RESPCursor(start + lineBytes) }

    /// The element of an array at `index`.
    func element(_ index: Int) -> RESPCursor {
        var cursor = elements
        for _ in 0..<index { cursor.skip() }
        return cursor
    }
}

/// Goes along the elements of an array that is whole. Elements are bulk strings.
struct RESPCursor {
    private var place: UnsafeRawPointer

    fileprivate init(_ place: UnsafeRawPointer) { self.place = place }

    mutating func skip() {
        guard let line = RESPLine(place, .max) else { return }
        place += line.count + (line.type == 0x24 && line.isPresent ? Int(line.number) + 2 : 0)
    }

    /// Whether the element here is this number.
    func number(_ wanted: UInt64) -> Bool {
        guard let line = RESPLine(place, .max), line.type == 0x24, line.isPresent else {
            return false
        }
        var value: UInt64 = 0
        for index in 0..<Int(line.number) {
            value = value &* 10 &+ UInt64(place.byte(line.count + index) &- 0x30)
        }
        return value == wanted
    }
}

/// The first line of a reply: a type and mostly a number.
private struct RESPLine {
    var type: UInt8
    var number: UInt64 = 0
    /// Not the null that -1 stands for.
    var isPresent = true
    var count: Int

    init?(_ start: UnsafeRawPointer, _ available: Int) {
        guard available >= 3 else { return nil }
        type = start.byte(0)
        var position = 1
        while start.byte(position) != 0x0D {
            let byte = start.byte(position)
            if byte == 0x2D, position == 1 { isPresent = false }
            if byte >= 0x30, byte <= 0x39 { number = number &* 10 &+ UInt64(byte - 0x30) }
            position += 1
            guard position < available else { return nil }
        }
        count = position + 2
        guard count <= available else { return nil }
    }
}
