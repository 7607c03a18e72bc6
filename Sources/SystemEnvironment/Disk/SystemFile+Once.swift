internal import Environment
internal import Glibc

/// What is written or read once: an archive's files, as a whole, and the log, which was written
/// past the page cache, too.
///
/// Past the page cache where the file system lets us. What passes through it takes memory from the
/// system, which on a virtual machine has to be found by its host first: most of what shipping the
/// log cost.
extension SystemFile {
    private static var pieceBytes: Int { 1 << 20 }

    /// Writes a new file's content, and makes it durable.
    func writeWhole(_ bytes: [UInt8]) throws(DiskError) {
        try use(writing: true) { descriptor throws(SystemError) in
            var failure: SystemError?
            unsafe bytes.withUnsafeBytes { whole in
                do throws(SystemError) {
                    let done = try unsafe Self.writeBlocks(descriptor, whole)
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: whole[done...])
                    try unsafe Self.write(descriptor, rest, at: done)
                } catch {
                    failure = error
                }
            }
            if let failure { throw failure }
        }
        try flush()
    }

    /// Whether the file on the disk (or the server, of a network's directory) is `bytes`.
    func isWhole(_ bytes: [UInt8]) throws(DiskError) -> Bool {
        try use { descriptor throws(SystemError) in
            // The end was not written directly, and nothing was where that is refused.
            let number = posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
            if number != 0 { throw SystemError(call: "posix_fadvise", number: number) }
            var reader = PieceReader(descriptor, pieceBytes: Self.pieceBytes)
            var offset = 0
            while true {
                let count = try reader.read(at: offset)
                if count == 0 { return offset == bytes.count }
                guard count <= bytes.count - offset, reader.isSame(bytes, from: offset) else {
                    return false
                }
                offset += count
            }
        }
    }

    func readOnce(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        precondition(offset >= 0 && count >= 0, "read of \(count) bytes at \(offset)")
        let found = try use { descriptor throws(SystemError) -> [UInt8]? in
            let wanted = min(count, max(0, try Self.size(of: descriptor) - offset))
            guard wanted >= Self.leastDirect else { return nil }
            let skipped = offset % DirectAccess.alignment
            var reader = PieceReader(
                descriptor, pieceBytes: DirectAccess.whole(skipped + wanted))
            guard try reader.read(at: offset - skipped) >= skipped + wanted else { return nil }
            return reader.bytes(skipped..<(skipped + wanted))
        }
        if let found { return found }
        return try read(at: offset, count: count)
    }

    /// Less than this is sooner read than a direct access is prepared.
    private static var leastDirect: Int { 64 << 10 }

    /// Writes whole blocks directly. - Returns: how many bytes were; none where that is refused.
    private static func writeBlocks(
        _ descriptor: Int32, _ bytes: UnsafeRawBufferPointer
    ) throws(SystemError) -> Int {
        let end = bytes.count - bytes.count % DirectAccess.alignment
        guard end > 0, let file = DirectAccess.open(descriptor, O_WRONLY) else { return 0 }
        defer { _ = Glibc.close(file) }
        var piece = AlignedBytes(capacity: min(end, pieceBytes))
        var done = 0
        while done < end {
            let next = min(done + pieceBytes, end)
            piece.removeAll(keeping: pieceBytes)
            unsafe piece.append(UnsafeRawBufferPointer(rebasing: bytes[done..<next]))
            let written = try unsafe piece.withBytes { (source) throws(SystemError) in
                guard let start = source.baseAddress else { return 0 }
                return try unsafe DirectAccess.write(file, start, source.count, at: done)
            }
            done += written
            if done < next { break }
        }
        return done
    }
}

/// Reads a file piece by piece, directly as long as that is taken.
private struct PieceReader: ~Copyable {
    private let descriptor: Int32
    private var direct: Int32?
    private var piece: AlignedBytes

    init(_ descriptor: Int32, pieceBytes: Int) {
        self.descriptor = descriptor
        direct = DirectAccess.open(descriptor, O_RDONLY)
        piece = AlignedBytes(capacity: pieceBytes)
    }

    deinit {
        if let direct { _ = Glibc.close(direct) }
    }

    /// Reads what is at `offset`. - Returns: how many bytes; none at the end.
    mutating func read(at offset: Int) throws(SystemError) -> Int {
        // Behind a part of a block, which only the end should have.
        if let direct, offset % DirectAccess.alignment == 0 {
            do throws(SystemError) {
                try fill(direct, offset)
                return piece.count
            } catch {
                guard error.number == EINVAL else { throw error }
            }
        }
        try fill(descriptor, offset)
        return piece.count
    }

    private mutating func fill(_ file: Int32, _ offset: Int) throws(SystemError) {
        try unsafe piece.fill { (room) throws(SystemError) in
            try retrying("pread") { unsafe pread(file, room.baseAddress, room.count, offset) }
        }
    }

    /// Some of what was read last.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        unsafe piece.withBytes { found in
            unsafe [UInt8](UnsafeRawBufferPointer(rebasing: found[range]))
        }
    }

    /// Whether what was read last is in `bytes` from `offset` on.
    func isSame(_ bytes: [UInt8], from offset: Int) -> Bool {
        unsafe piece.withBytes { found in
            unsafe bytes.withUnsafeBytes { whole in
                guard let known = whole.baseAddress, let start = found.baseAddress else {
                    return unsafe found.isEmpty
                }
                return unsafe memcmp(known + offset, start, found.count) == 0
            }
        }
    }
}
