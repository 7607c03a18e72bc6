internal import Environment

/// Bytes in memory that are read as a file is.
final class ByteFile: DiskFile {
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func size() -> Int { bytes.count }

    func read(at offset: Int, count: Int) -> [UInt8] {
        let start = min(offset, bytes.count)
        return [UInt8](bytes[start..<min(start + count, bytes.count)])
    }

    func write(_ bytes: [UInt8], at offset: Int) throws(DiskError) { throw Self.refusal }
    func flush() throws(DiskError) { throw Self.refusal }
    func truncate(to size: Int) throws(DiskError) { throw Self.refusal }

    func append(
        _ bytes: [UInt8], at offset: Int, on queue: any SerialQueue,
        completed: @escaping @Sendable (DiskError?) -> Void
    ) {
        queue.run { completed(Self.refusal) }
    }

    func close() {}

    private static let refusal = DiskError(.denied, path: "memory", reason: "only for reading")
}
