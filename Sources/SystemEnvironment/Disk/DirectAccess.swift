internal import Glibc

/// Writes and reads past the page cache (`O_DIRECT`): straight between memory of our own and the
/// disk.
enum DirectAccess {
    /// `O_DIRECT`, which Glibc's module leaves out (it is a GNU extension). No other architecture's
    /// number is known here; there the page cache is used.
    #if arch(x86_64)
        private static let flag: Int32? = 0x4000
    #elseif arch(arm64)
        private static let flag: Int32? = 0x1_0000
    #else
        private static let flag: Int32? = nil
    #endif

    /// What memory, place and length of it are multiples of: 4096 suits all disks.
    static let alignment = 4096

    /// So many bytes, or up to a block more.
    static func whole(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

    /// The file once more, for such access; nil where it is refused (or there is no `/proc`).
    /// - Parameter flags: `O_WRONLY` or `O_RDONLY`, and others.
    static func open(_ descriptor: Int32, _ flags: Int32) -> Int32? {
        guard let flag else { return nil }
        let file = unsafe Glibc.open("/proc/self/fd/\(descriptor)", flag | flags | O_CLOEXEC)
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

/// Memory for direct access, filled anew for each.
@safe
struct AlignedBytes: ~Copyable {
    private var base: UnsafeMutableRawPointer
    private var capacity: Int
    private(set) var count = 0

    init(capacity: Int) {
        self.capacity = max(capacity, DirectAccess.alignment)
        unsafe base = .allocate(byteCount: self.capacity, alignment: DirectAccess.alignment)
    }

    deinit { unsafe base.deallocate() }

    /// Forgets what is in it; after something large, the memory too.
    mutating func removeAll(keeping most: Int) {
        count = 0
        guard capacity > most else { return }
        unsafe base.deallocate()
        capacity = most
        unsafe base = .allocate(byteCount: most, alignment: DirectAccess.alignment)
    }

    mutating func append(_ bytes: [UInt8]) {
        unsafe bytes.withUnsafeBytes { source in unsafe append(source) }
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if capacity - count < bytes.count { grow(to: count + bytes.count) }
        if let start = bytes.baseAddress {
            unsafe (base + count).copyMemory(from: start, byteCount: bytes.count)
        }
        count += bytes.count
    }

    /// Takes what `read` puts into the whole memory, of which it returns the count.
    mutating func fill<Failure: Error>(
        _ read: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
    ) throws(Failure) {
        count = 0
        let room = unsafe UnsafeMutableRawBufferPointer(start: base, count: capacity)
        count = min(try unsafe read(room), capacity)
    }

    private mutating func grow(to wanted: Int) {
        let larger = max(2 * capacity, wanted)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: larger, alignment: DirectAccess.alignment)
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
