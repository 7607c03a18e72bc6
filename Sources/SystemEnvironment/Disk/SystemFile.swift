internal import Environment
internal import Glibc
internal import Synchronization

/// An open file of a `SystemDisk`.
///
/// It may be used from several threads: the queue that owns it, and the log's writer. After a
/// failed flush or append it takes no more writes, since the pages that failed are clean now and a
/// later flush would say yes without them (`storage.md`, I/O errors).
final class SystemFile: DiskFile {
    private struct State {
        var descriptor: Int32
        /// The same file opened with `O_DSYNC`, and with `O_DIRECT` too, from the first append on;
        /// -1 where that is refused.
        var durable: Int32?
        var direct: Int32?
        /// Calls under way; the descriptors are closed after the last.
        var uses = 0
        var isClosed = false
        var failure: DiskError?
    }

    private let path: String
    private let isWritable: Bool
    private let state: Mutex<State>
    private let writer: LogWriter

    init(_ path: String, descriptor: Int32, isWritable: Bool, writer: LogWriter) {
        self.path = path
        self.isWritable = isWritable
        self.writer = writer
        state = Mutex(State(descriptor: descriptor))
    }

    deinit {
        close()
    }

    // MARK: DiskFile

    func size() throws(DiskError) -> Int {
        try use { descriptor throws(SystemError) in try Self.size(of: descriptor) }
    }

    func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        precondition(offset >= 0 && count >= 0, "read of \(count) bytes at \(offset)")
        return try use { descriptor throws(SystemError) in
            // A length that was read from a damaged file must not decide what is allocated.
            let end = try Self.size(of: descriptor)
            let wanted = min(count, max(0, end - offset))
            return try Self.read(descriptor, at: offset, count: wanted)
        }
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(DiskError) {
        precondition(offset >= 0, "write at \(offset)")
        try use(writing: true) { descriptor throws(SystemError) in
            try Self.write(descriptor, bytes, at: offset)
        }
    }

    func flush() throws(DiskError) {
        do throws(DiskError) {
            try use(writing: true) { descriptor throws(SystemError) in
                _ = try retrying("fdatasync") { fdatasync(descriptor) }
            }
        } catch {
            refuseWrites(after: error)
            throw error
        }
    }

    func fill(from start: Int, to end: Int) throws(DiskError) {
        precondition(start >= 0, "fill from \(start)")
        do throws(DiskError) {
            try use(writing: true) { descriptor throws(SystemError) in
                try ZeroFill.run(descriptor, from: start, to: end)
            }
        } catch {
            refuseWrites(after: error)
            throw error
        }
    }

    func truncate(to size: Int) throws(DiskError) {
        precondition(size >= 0, "truncate to \(size)")
        try use(writing: true) { descriptor throws(SystemError) in
            _ = try retrying("ftruncate") { ftruncate(descriptor, size) }
        }
    }

    func append(
        _ bytes: [UInt8], at offset: Int, on queue: any SerialQueue,
        completed: @escaping @Sendable (DiskError?) -> Void
    ) {
        precondition(offset >= 0, "append at \(offset)")
        // Keeps the descriptors open until the writer has had it, even if the file is closed now.
        state.withLock { $0.uses += 1 }
        writer.append(
            LogWriter.Append(
                file: self, bytes: bytes, offset: offset, queue: queue, completed: completed))
    }

    func close() {
        end { $0.isClosed = true }
    }

    // MARK: For the writer

    /// Writes `bytes` durably, in the writer's turn; one call for `appends` calls of `append`.
    ///
    /// Past the page cache where place and length are whole blocks, as the log's are, and the file
    /// system lets us. Measured on ext4, 4 KiB into a zero-filled segment: p50 81 µs with
    /// `O_DIRECT` and `O_DSYNC`, 123 µs with `O_DSYNC` alone, of which some take 4 ms (two files
    /// at once: 115 and 126 µs); 142 µs with pwrite and fdatasync, 314 µs appending to a growing
    /// file.
    func writeAppended(_ bytes: borrowing AlignedBytes, at offset: Int, appends: Int) -> DiskError?
    {
        defer { end { $0.uses -= appends } }
        do throws(DiskError) {
            let state = try state.withLock { state throws(DiskError) in
                try checkWritable(state)
                if state.durable == nil { state.durable = Self.openDurable(state.descriptor) }
                if state.direct == nil {
                    state.direct = DirectAccess.open(state.descriptor, O_WRONLY | O_DSYNC) ?? -1
                }
                return state
            }
            do throws(SystemError) {
                try unsafe bytes.withBytes { whole throws(SystemError) in
                    let done = try unsafe Self.writeDirectly(state.direct ?? -1, whole, at: offset)
                    if done == whole.count { return }
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: whole[done...])
                    let durable = state.durable ?? -1
                    let descriptor = durable >= 0 ? durable : state.descriptor
                    try unsafe Self.write(descriptor, rest, at: offset + done)
                    if durable < 0 {
                        _ = try retrying("fdatasync") { fdatasync(descriptor) }
                    }
                }
            } catch {
                throw DiskError(error, path: path)
            }
            return nil
        } catch {
            refuseWrites(after: error)
            return error
        }
    }

    /// - Returns: how many bytes were written; none where direct writes are not to be had.
    private static func writeDirectly(
        _ file: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemError) -> Int {
        let alignment = DirectAccess.alignment
        guard file >= 0, offset % alignment == 0, bytes.count % alignment == 0,
            let start = bytes.baseAddress
        else { return 0 }
        return try unsafe DirectAccess.write(file, start, bytes.count, at: offset)
    }

    /// The file once more, each write of which is durable when it returns: one call instead of two.
    /// -1 where there is no `/proc`, or no permission.
    private static func openDurable(_ descriptor: Int32) -> Int32 {
        unsafe open("/proc/self/fd/\(descriptor)", O_WRONLY | O_DSYNC | O_CLOEXEC)
    }

    // MARK: Using the descriptor

    /// Calls `body` with the descriptor, which is not closed before it returns.
    func use<Result>(
        writing: Bool = false, _ body: (Int32) throws(SystemError) -> Result
    ) throws(DiskError) -> Result {
        let descriptor = try state.withLock { state throws(DiskError) in
            if state.isClosed {
                throw DiskError(.ioError, path: path, reason: "the file has been closed")
            }
            if writing { try checkWritable(state) }
            state.uses += 1
            return state.descriptor
        }
        defer { end { $0.uses -= 1 } }
        do throws(SystemError) {
            return try body(descriptor)
        } catch {
            throw DiskError(error, path: path)
        }
    }

    private func checkWritable(_ state: State) throws(DiskError) {
        if !isWritable { throw DiskError(.ioError, path: path, reason: "opened for reading only") }
        if let failure = state.failure { throw failure }
    }

    private func refuseWrites(after error: DiskError) {
        state.withLock { state in
            if state.failure != nil { return }
            var failure = error
            failure.reason = "no more writes after a failed one (\(error.reason))"
            state.failure = failure
        }
    }

    /// Changes the state, and closes the descriptors when that was the last that needed them.
    private func end(_ change: (inout State) -> Void) {
        let descriptors = state.withLock { state -> [Int32] in
            change(&state)
            guard state.isClosed && state.uses == 0 else { return [] }
            defer {
                state.descriptor = -1
                state.durable = -1
                state.direct = -1
            }
            return [state.descriptor, state.durable ?? -1, state.direct ?? -1]
        }
        for descriptor in descriptors where descriptor >= 0 { _ = Glibc.close(descriptor) }
    }

    // MARK: System calls

    static func size(of descriptor: Int32) throws(SystemError) -> Int {
        var found = stat()
        _ = try retrying("fstat") { unsafe fstat(descriptor, &found) }
        return found.st_size
    }

    private static func read(_ descriptor: Int32, at offset: Int, count: Int)
        throws(SystemError) -> [UInt8]
    {
        var failure: SystemError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                while filled < count {
                    let whole = UnsafeMutableRawBufferPointer(buffer)
                    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: whole[filled...])
                    let place = offset + filled
                    let got = try retrying("pread") {
                        unsafe pread(descriptor, rest.baseAddress, rest.count, place)
                    }
                    if got == 0 { break }
                    filled += got
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    static func write(_ descriptor: Int32, _ bytes: [UInt8], at offset: Int)
        throws(SystemError)
    {
        var failure: SystemError?
        unsafe bytes.withUnsafeBytes { buffer in
            do throws(SystemError) {
                try unsafe write(descriptor, buffer, at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    static func write(
        _ descriptor: Int32, _ buffer: UnsafeRawBufferPointer, at offset: Int
    ) throws(SystemError) {
        var written = 0
        while written < buffer.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
            let place = offset + written
            let put = try retrying("pwrite") {
                unsafe pwrite(descriptor, rest.baseAddress, rest.count, place)
            }
            // No progress and no error: the disk will not get better by asking again.
            if put == 0 { throw SystemError(call: "pwrite", number: EIO) }
            written += put
        }
    }
}
