internal import Glibc

/// Writes zeroes over a range of a file, durably.
///
/// Past the page cache where the file system lets us (`O_DIRECT`): 64 MiB of pages that nobody will
/// read cost 20 to 220 ms of a core, according to whether the machine has to be given the memory,
/// against 8 ms. And a flush after all of it kept the log's own writes waiting for up to 20 ms;
/// pieces of 1 MiB, each durable before the next, keep that to 2 ms.
enum ZeroFill {
    private static let pieceBytes = 1 << 20
    /// `O_DIRECT`, which Glibc's module leaves out (it is a GNU extension). No other architecture's
    /// number is known here; there the page cache is used.
    #if arch(x86_64)
        private static let directly: Int32? = 0x4000
    #elseif arch(arm64)
        private static let directly: Int32? = 0x1_0000
    #else
        private static let directly: Int32? = nil
    #endif
    /// What memory, place and length of a direct write are multiples of: 4096 suits all disks.
    private static let alignment = 4096

    static func run(_ descriptor: Int32, from start: Int, to end: Int) throws(SystemError) {
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
        guard start < end, let directly else { return start }
        let file = unsafe open("/proc/self/fd/\(descriptor)", O_WRONLY | directly | O_CLOEXEC)
        guard file >= 0 else { return start }
        defer { _ = close(file) }
        let piece = UnsafeMutableRawBufferPointer.allocate(
            byteCount: pieceBytes, alignment: alignment)
        defer { unsafe piece.deallocate() }
        unsafe piece.initializeMemory(as: UInt8.self, repeating: 0)
        var offset = start
        while offset < end {
            let count = min(pieceBytes, end - offset)
            let place = offset
            let put: Int
            do throws(SystemError) {
                put = try retrying("pwrite") {
                    unsafe pwrite(file, piece.baseAddress, count, place)
                }
            } catch {
                if error.number == EINVAL { return offset }
                throw error
            }
            // A part of a block cannot be gone on from directly.
            guard put > 0, put % alignment == 0 else { return offset }
            offset += put
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
