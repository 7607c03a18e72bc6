/// The node's directory: every file a node reads or writes goes through this.
///
/// Paths are relative to the directory, with `/` between folders, and never leave it. All calls but
/// `DiskFile.append` return when they are done. What was written is durable only after `flush`
/// (or a completed `append`); a file created, renamed or removed is durable only after
/// `flushDirectory` on the folder that holds its name. A simulated disk loses the rest in a crash.
package protocol Disk: AnyObject, Sendable {
    /// Opens a file. `.create` makes it if it is not there and fails with `.exists` if it is.
    func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile
    /// The names in a folder (not their paths), sorted by bytes. A missing folder is empty.
    func list(_ folder: String) throws(DiskError) -> [String]
    func exists(_ path: String) throws(DiskError) -> Bool
    /// Makes a folder and those above it; no error if it is there.
    func createFolder(_ path: String) throws(DiskError)
    /// Gives a file or folder a new name, replacing a file of that name.
    func rename(_ path: String, to newPath: String) throws(DiskError)
    /// Removes a file. A missing one is an error.
    func remove(_ path: String) throws(DiskError)
    /// Removes a folder with everything in it. A missing one is no error.
    func removeFolder(_ path: String) throws(DiskError)
    /// Makes the names in a folder durable.
    func flushDirectory(_ folder: String) throws(DiskError)
    /// Bytes that can still be written.
    func freeSpace() throws(DiskError) -> UInt64
    /// Takes the directory for this process until it ends; `.inUse` if another process has it.
    func lock() throws(DiskError)
}

package enum OpenMode: Sendable, Equatable {
    /// For reading; the file must be there.
    case read
    /// For reading and writing; the file must be there.
    case write
    /// For reading and writing; the file must not be there.
    case create
}

/// An open file. Reads and writes name their place; there is no cursor.
package protocol DiskFile: AnyObject, Sendable {
    /// Its size in bytes.
    func size() throws(DiskError) -> Int
    /// Up to `count` bytes from `offset`; fewer only at the end of the file.
    func read(at offset: Int, count: Int) throws(DiskError) -> [UInt8]
    /// The same, of what was not read lately and will not be soon, as the log: nothing needs to be
    /// remembered of it.
    func readOnce(at offset: Int, count: Int) throws(DiskError) -> [UInt8]
    /// Writes all of `bytes`, growing the file if need be.
    func write(_ bytes: [UInt8], at offset: Int) throws(DiskError)
    /// Makes everything written durable (data and size).
    func flush() throws(DiskError)
    /// Writes zeroes from `start` to `end` and makes them durable, so that later writes in there
    /// change data only: how a segment is prepared. In pieces, so that nobody who flushes meanwhile
    /// waits for all of it.
    func fill(from start: Int, to end: Int) throws(DiskError)
    func truncate(to size: Int) throws(DiskError)
    /// Writes `bytes` at `offset` and makes them durable, then tells `queue`. The log's path: it
    /// does not wait, several may be under way, and completions come in the order of the calls.
    ///
    /// The file has that size already (a prepared segment), so that data alone is flushed. After a
    /// failure the file must not be written again (`storage.md`, I/O errors).
    func append(
        _ bytes: [UInt8], at offset: Int, on queue: any SerialQueue,
        completed: @escaping @Sendable (DiskError?) -> Void)
    func close()
}

extension DiskFile {
    package func readOnce(at offset: Int, count: Int) throws(DiskError) -> [UInt8] {
        try read(at: offset, count: count)
    }

    package func fill(from start: Int, to end: Int) throws(DiskError) {
        var offset = start
        while offset < end {
            let count = min(1 << 20, end - offset)
            try write([UInt8](repeating: 0, count: count), at: offset)
            offset += count
        }
        try flush()
    }
}

/// What a disk said no with.
package struct DiskError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        case missing, exists, noSpace, inUse, denied, ioError
    }
    package var kind: Kind
    package var path: String
    /// What was tried, and the system's own words.
    package var reason: String

    package init(_ kind: Kind, path: String, reason: String) {
        self.kind = kind
        self.path = path
        self.reason = reason
    }

    package var description: String { "\(path): \(reason)" }
}
