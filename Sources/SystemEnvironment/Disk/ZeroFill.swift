internal import Glibc

/// Writes zeroes over a range of a file, durably.
///
/// Past the page cache where the file system lets us (`O_DIRECT`): 64 MiB of pages that nobody will
/// read cost 20 to 220 ms of a core, according to whether the machine has to be given the memory,
/// against 8 ms. And a flush after all of it kept the log's own writes waiting for up to 20 ms;
/// pieces of 1 MiB, each durable before the next, keep that to 2 ms.
enum ZeroFill {
    private static let pieceBytes = 1 << 20
    static func run(_ descriptor: Int32, from start: Int, to end: Int) throws(SystemError) {
        let alignment = DirectAccess.alignment
        let first = min((start + alignment - 1) / alignment * alignment, end)
        let last = max(end / alignment * alignment, first)
        let filled = try direct(descriptor, from: first, to: last)
        try buffered(descriptor, from: start, to: first)
        try buffered(descriptor, from: filled, to: end)
        // The new size of the file, too.
        _ = try retrying("fdatasync") { fdatasync(descriptor) }
    }

    /// - Returns: how far it came: `start` where direct writes are refused.
    private static func direct(_ descriptor: Int32, from start: Int, to end: Int)
        throws(SystemError) -> Int
    {
        guard start < end, let file = DirectAccess.open(descriptor, O_WRONLY) else { return start }
        defer { _ = close(file) }
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: pieceBytes, alignment: DirectAccess.alignment)
        defer { unsafe piece.deallocate() }
        unsafe piece.initializeMemory(as: UInt8.self, repeating: 0)
        guard let zeroes = UnsafeRawPointer(piece.baseAddress) else { return start }
        var offset = start
        while offset < end {
            let count = min(pieceBytes, end - offset)
            let put = try unsafe DirectAccess.write(file, zeroes, count, at: offset)
            offset += put
            if put < count { break }
        }
        return offset
    }

    private static func buffered(_ descriptor: Int32, from start: Int, to end: Int)
        throws(SystemError)
    {
        var offset = start
        while offset < end {
            let count = min(pieceBytes, end - offset)
            try SystemFile.write(descriptor, [UInt8](repeating: 0, count: count), at: offset)
            _ = try retrying("fdatasync") { fdatasync(descriptor) }
            offset += count
        }
    }
}
