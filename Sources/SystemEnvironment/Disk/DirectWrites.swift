internal import Glibc

/// Writes past the page cache (`O_DIRECT`): straight from memory of our own to the disk.
enum DirectWrites {
    /// `O_DIRECT`, which Glibc's module leaves out (it is a GNU extension). No other architecture's
    /// number is known here; there the page cache is used.
    #if arch(x86_64)
        private static let flag: Int32? = 0x4000
    #elseif arch(arm64)
        private static let flag: Int32? = 0x1_0000
    #else
        private static let flag: Int32? = nil
    #endif

    /// What memory, place and length of such a write are multiples of: 4096 suits all disks.
    static let alignment = 4096

    /// The file once more, for such writes; nil where they are refused (or there is no `/proc`).
    static func open(_ descriptor: Int32, _ flags: Int32 = 0) -> Int32? {
        guard let flag else { return nil }
        let file = unsafe Glibc.open(
            "/proc/self/fd/\(descriptor)", O_WRONLY | flag | flags | O_CLOEXEC)
        return file >= 0 ? file : nil
    }

    /// Writes `count` bytes at `offset`. - Returns: how many were written that can be gone on from;
    /// less than `count` where the file system refuses the rest.
    static func write(_ file: Int32, _ bytes: UnsafeRawPointer, _ count: Int, at offset: Int)
        throws(SystemError) -> Int
    {
        var written = 0
        while written < count {
            let start = written
            let put: Int
            do throws(SystemError) {
                put = try retrying("pwrite") {
                    unsafe pwrite(file, bytes + start, count - start, offset + start)
                }
            } catch {
                if error.number == EINVAL { return written }
                throw error
            }
            // A part of a block cannot be gone on from directly.
            guard put > 0, put % alignment == 0 else { return written }
            written += put
        }
        return written
    }
}

/// Memory that direct writes may be made from, filled anew for each.
@safe
struct AlignedBytes: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = max(capacity, DirectWrites.alignment)
        unsafe base = .allocate(byteCount: self.capacity, alignment: DirectWrites.alignment)
    }

    deinit { unsafe base.deallocate() }

    /// Forgets what is in it; after something large, the memory too.
    mutating func removeAll(keeping most: Int) {
        count = 0
        guard capacity > most else { return }
        unsafe base.deallocate()
        capacity = most
        unsafe base = .allocate(byteCount: most, alignment: DirectWrites.alignment)
    }

    mutating func append(_ bytes: [UInt8]) {
        if capacity - count < bytes.count { grow(to: count + bytes.count) }
        unsafe bytes.withUnsafeBytes { source in
            if let start = source.baseAddress {
                unsafe (base + count).copyMemory(from: start, byteCount: source.count)
            }
        }
        count += bytes.count
    }

    private mutating func grow(to wanted: Int) {
        let larger = max(2 * capacity, wanted)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: larger, alignment: DirectWrites.alignment)
        unsafe memory.copyMemory(from: base, byteCount: count)
        unsafe base.deallocate()
        unsafe base = memory
        capacity = larger
    }

    /// Calls `body` with what was appended.
    func withBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe body(UnsafeRawBufferPointer(start: base, count: count))
    }
}
