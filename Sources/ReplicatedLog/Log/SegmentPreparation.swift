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

    /// Gives the space up. - Returns: whether there was any.
    static func release(on disk: any Disk) throws(DiskError) -> Bool {
        guard try disk.exists(path) else { return false }
        try disk.remove(path)
        try disk.flushDirectory(Log.folder)
        return true
    }
}
