internal import ByteCoding
internal import Environment

/// Reads a segment's batches forward, and believes none before its checksums, its place and its
/// chain have been verified.
struct SegmentReader {
    let file: any DiskFile
    /// The file's path, for messages.
    let path: String
    let salt: UInt32
    let alignment: Int
    /// Where the file ends.
    let end: Int
    /// Where the next batch begins.
    private(set) var offset: Int
    /// The head of the log after the batches read so far.
    private(set) var head: LogHead
    private var window: [UInt8] = []
    private var windowStart = 0

    /// Bytes read at once. A batch that is larger is read whole.
    private static let windowBytes = 256 << 10

    init(
        file: any DiskFile, path: String, salt: UInt32, alignment: Int, end: Int, offset: Int,
        head: LogHead
    ) {
        self.file = file
        self.path = path
        self.salt = salt
        self.alignment = alignment
        self.end = end
        self.offset = offset
        self.head = head
    }

    /// What lies at `offset`.
    enum Step {
        case batch(StoredBatch)
        /// A batch without records: it closes the segment or vouches.
        case mark(BatchHeader)
        /// Zeroes, or the end of the file.
        case blank
        case broken(Corruption)
        case foreign(UInt16)
    }

    /// Reads on. After anything but a batch or a vouching mark it stays where it is.
    mutating func next() throws(DiskError) -> Step {
        guard offset + BatchHeader.bytes <= end else { return .blank }
        try load(BatchHeader.bytes)
        do throws(ReadStop) {
            return try step()
        } catch {
            switch error {
            case .corrupt(let corruption):
                return .broken(corruption.within(file: path, at: offset))
            case .disk(let error):
                throw error
            }
        }
    }

    private enum ReadStop: Error {
        case corrupt(Corruption)
        case disk(DiskError)
    }

    private mutating func step() throws(ReadStop) -> Step {
        let start = offset - windowStart
        let first = [UInt8](window[start..<(start + BatchHeader.bytes)])
        if Zeroes.lastNonzero(in: first) == nil { return .blank }
        let header: BatchHeader
        do throws(Corruption) {
            header = try readHeader()
            guard header.version == BatchHeader.version else { return .foreign(header.version) }
            try header.checkLimits(alignment: alignment)
            try checkPlace(of: header)
        } catch {
            throw .corrupt(error)
        }
        guard header.mark == .records else {
            if header.mark == .vouching { offset += header.totalBytes }
            return .mark(header)
        }
        do { try load(BatchHeader.bytes + header.payloadBytes) } catch { throw .disk(error) }
        do { return .batch(try readPayload(header)) } catch { throw .corrupt(error) }
    }

    private func readHeader() throws(Corruption) -> BatchHeader {
        let bytes = window.raw
        let start = offset - windowStart
        return try BatchHeader(bytes.extracting(start..<(start + BatchHeader.bytes)), salt: salt)
    }

    private func checkPlace(of header: BatchHeader) throws(Corruption) {
        guard header.first == head.last.next else {
            throw Corruption(
                offset: 32, expected: "first LSN \(head.last.next)", found: "\(header.first)")
        }
        guard header.previousChain == head.chain else {
            throw Corruption(
                offset: 64, expected: "chain \(head.chain)", found: "\(header.previousChain)")
        }
        guard header.epoch >= head.epoch else {
            throw Corruption(
                offset: 20, expected: "epoch \(head.epoch) or newer", found: "\(header.epoch)")
        }
        let needed = BatchHeader.bytes + header.payloadBytes
        guard offset + needed <= end else {
            throw Corruption(
                offset: BatchHeader.bytes, expected: "\(header.payloadBytes) bytes of payload",
                found: "the end of the file")
        }
    }

    private mutating func readPayload(_ header: BatchHeader) throws(Corruption) -> StoredBatch {
        let start = offset - windowStart + BatchHeader.bytes
        let payload = [UInt8](window[start..<(start + header.payloadBytes)])
        let checksum = CRC32C.checksum(payload, seed: salt)
        guard checksum == header.payloadChecksum else {
            throw Corruption(
                offset: BatchHeader.bytes, expected: "payload checksum \(header.payloadChecksum)",
                found: "\(checksum)")
        }
        let batch = Batch(
            epoch: header.epoch, first: header.first, count: header.count, time: header.time,
            previousChain: header.previousChain, payload: payload)
        let stored = StoredBatch(
            batch: batch, before: head, chain: batch.chain, durable: header.durable,
            commit: header.commit, offset: offset)
        offset += header.totalBytes
        head = stored.head
        return stored
    }

    /// Makes the `count` bytes from `offset` lie in the window.
    /// - Precondition: the file has them.
    private mutating func load(_ count: Int) throws(DiskError) {
        if offset >= windowStart, offset + count <= windowStart + window.count { return }
        let wanted = min(max(count, Self.windowBytes), end - offset)
        window = try file.readOnce(at: offset, count: wanted)
        windowStart = offset
        guard window.count >= count else {
            throw DiskError(
                .ioError, path: path,
                reason: "read \(window.count) of \(count) bytes at \(offset)")
        }
    }
}

/// A batch as it was found in a file.
struct StoredBatch: Equatable, Sendable {
    var batch: Batch
    /// The head of the log before it.
    var before: LogHead
    /// The chain after it.
    var chain: UInt64
    /// What the node that wrote it had flushed, and knew to be committed, when it built it.
    var durable: LSN
    var commit: LSN
    var offset: Int

    var head: LogHead { LogHead(last: batch.last, epoch: batch.epoch, chain: chain) }
}
