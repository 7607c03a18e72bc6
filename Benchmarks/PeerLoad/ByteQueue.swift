import Glibc

/// Bytes on their way: appended at the end, taken from the front. The memory is used again, so
/// nothing is allocated once it is large enough.
final class ByteQueue {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private var start = 0
    private var end = 0

    init(capacity: Int = 64 << 10) {
        base = .allocate(byteCount: capacity, alignment: 16)
        self.capacity = capacity
    }

    deinit { base.deallocate() }

    /// How many bytes are in it.
    var count: Int { end - start }

    /// The first of them; valid until something is appended or room is made.
    var front: UnsafeRawPointer { UnsafeRawPointer(base + start) }

    /// Where the next ones go, after `reserve`.
    var back: UnsafeMutableRawPointer { base + end }

    /// How many bytes fit behind the last one.
    var room: Int { capacity - end }

    /// Takes bytes from the front.
    func consume(_ count: Int) {
        start += count
        if start == end {
            start = 0
            end = 0
        }
    }

    /// Says that `count` bytes were written at `back`.
    func commit(_ count: Int) { end += count }

    /// Makes room for `count` bytes at the end.
    func reserve(_ count: Int) {
        guard capacity - end < count else { return }
        if capacity - (end - start) >= count, start >= capacity / 2 {
            memmove(base, base + start, end - start)
        } else {
            capacity = max(capacity * 2, end - start + count)
            let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
            larger.copyMemory(from: base + start, byteCount: end - start)
            base.deallocate()
            base = larger
        }
        end -= start
        start = 0
    }

    // MARK: - Appending

    func append(_ byte: UInt8) {
        reserve(1)
        base.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
        end += 1
    }

    func append<Number: FixedWidthInteger & BitwiseCopyable>(little value: Number) {
        reserve(MemoryLayout<Number>.size)
        base.storeBytes(of: value.littleEndian, toByteOffset: end, as: Number.self)
        end += MemoryLayout<Number>.size
    }

    func append<Number: FixedWidthInteger & BitwiseCopyable>(big value: Number) {
        reserve(MemoryLayout<Number>.size)
        base.storeBytes(of: value.bigEndian, toByteOffset: end, as: Number.self)
        end += MemoryLayout<Number>.size
    }

    func append(_ bytes: UnsafeRawBufferPointer) {
        guard let address = bytes.baseAddress else { return }
        reserve(bytes.count)
        (base + end).copyMemory(from: address, byteCount: bytes.count)
        end += bytes.count
    }

    func append(_ text: StaticString) {
        append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

    /// A protobuf varint.
    func append(varint value: UInt64) {
        reserve(10)
        var rest = value
        while rest >= 0x80 {
            base.storeBytes(
                of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: end, as: UInt8.self)
            end += 1
            rest >>= 7
        }
        base.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: end, as: UInt8.self)
        end += 1
    }

    /// A number in decimal digits.
    func append(decimal value: UInt64) {
        reserve(20)
        let count = digitCount(value)
        var rest = value
        var index = end + count
        repeat {
            index -= 1
            base.storeBytes(
                of: UInt8(truncatingIfNeeded: 0x30 + rest % 10), toByteOffset: index, as: UInt8.self
            )
            rest /= 10
        } while rest > 0
        end += count
    }

    // MARK: - Changing what was appended

    /// The place of the next byte, for `overwrite`; moves with the memory, so it counts from the
    /// front.
    var mark: Int { end - start }

    func overwrite<Number: FixedWidthInteger & BitwiseCopyable>(at mark: Int, little value: Number)
    {
        base.storeBytes(of: value.littleEndian, toByteOffset: start + mark, as: Number.self)
    }

    func overwrite<Number: FixedWidthInteger & BitwiseCopyable>(at mark: Int, big value: Number) {
        base.storeBytes(of: value.bigEndian, toByteOffset: start + mark, as: Number.self)
    }
}

/// How many decimal digits a number has.
func digitCount(_ value: UInt64) -> Int {
    var count = 1
    var rest = value
    while rest >= 10 {
        rest /= 10
        count += 1
    }
    return count
}

/// How many bytes a varint takes.
func varintCount(_ value: Int) -> Int { value < 0x80 ? 1 : 1 + varintCount(value >> 7) }

extension UnsafeRawPointer {
    /// A number at any address, lowest byte first.
    func little<Number: FixedWidthInteger & BitwiseCopyable>(
        _ offset: Int, _: Number.Type = Number.self
    ) -> Number {
        Number(littleEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// A number at any address, highest byte first.
    func big<Number: FixedWidthInteger & BitwiseCopyable>(
        _ offset: Int, _: Number.Type = Number.self
    ) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// One byte.
    func byte(_ offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }

    /// Text for a message to people.
    func text(_ offset: Int, _ count: Int) -> String {
        String(decoding: UnsafeRawBufferPointer(start: self + offset, count: count), as: UTF8.self)
    }
}
