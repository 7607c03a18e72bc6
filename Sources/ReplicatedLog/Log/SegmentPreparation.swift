internal import Environment

/// A segment file made ahead: zero-filled and flushed, without a header, under a temporary name.
struct PreparedSegment: Sendable {
    var name: String
    var file: any DiskFile
    var bytes: Int
}

/// What preparing a segment came to.
enum Preparation: Sendable {
    case ready(PreparedSegment)
    case noSpace
    case failed(DiskError)

    /// Makes the file. Blocks: for the background queue.
    static func run(on disk: any Disk, name: String, bytes: Int, reserve: Int) -> Preparation {
        do throws(DiskError) {
            // Looked at before anything is written: trying would take the room that the reserve
            // was given up for, each time.
            let wanted = try UInt64(clamping: bytes) + LogReserve.missing(on: disk, of: reserve)
            guard try disk.freeSpace() >= wanted else {
                throw DiskError(.noSpace, path: name, reason: "\(wanted) bytes are not free")
            }
            try LogReserve.ensure(on: disk, bytes: reserve)
            let path = "\(Log.folder)/\(name)"
            let file = try disk.open(path, .create)
            do throws(DiskError) {
                try file.fill(from: 0, to: bytes)
            } catch {
                file.close()
                try disk.remove(path)
                throw error
            }
            return .ready(PreparedSegment(name: name, file: file, bytes: bytes))
        } catch {
            return error.kind == .noSpace ? noSpace(disk, error) : .failed(error)
        }
    }

    private static func noSpace(_ disk: any Disk, _ error: DiskError) -> Preparation {
        do throws(DiskError) {
            _ = try LogReserve.release(on: disk)
            return .noSpace
        } catch {
            return .failed(error)
        }
    }
}

/// The reserve: a file that takes up space so that there is some to give up when the disk is full,
/// for a snapshot and what it lets go.
enum LogReserve {
    static let path = "log/reserve"

    /// Makes the reserve if it is not there, whole. It is made before any segment, so that a log
    /// that has one is not short of space.
    static func ensure(on disk: any Disk, bytes: Int) throws(DiskError) {
        guard bytes > 0 else { return }
        if try disk.exists(path) {
            let file = try disk.open(path, .read)
            defer { file.close() }
            if try file.size() >= bytes { return }
            try disk.remove(path)
        }
        let file = try disk.open(path, .create)
        defer { file.close() }
        try file.fill(from: 0, to: bytes)
    }

    /// How many bytes `ensure` would write.
    static func missing(on disk: any Disk, of bytes: Int) throws(DiskError) -> UInt64 {
        guard bytes > 0, try disk.exists(path) else { return UInt64(clamping: bytes) }
        let file = try disk.open(path, .read)
        defer { file.close() }
        return try file.size() >= bytes ? 0 : UInt64(clamping: bytes)
    }

    /// Gives the space up. - Returns: whether there was any.
    static func release(on disk: any Disk) throws(DiskError) -> Bool {
        guard try disk.exists(path) else { return false }
        try disk.remove(path)
        try disk.flushDirectory(Log.folder)
        return true
    }
}
