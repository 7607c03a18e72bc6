import Environment
import SystemEnvironment

/// Files by any path.
enum FileReading {
    static func text(_ path: String) throws(DiskError) -> String {
        String(decoding: try FileText.read(path), as: UTF8.self)
    }

    /// The folder a node's log lies in, given the node's folder or the log's own.
    static func split(_ path: String) throws(Failure) -> (disk: SystemDisk, folder: String) {
        do {
            if FileText.exists("\(path)/log") {
                return (try SystemDisk(root: path), "log")
            }
            guard FileText.exists(path) else {
                throw Failure(66, "\(path): there is no such folder")
            }
            let parts = path.split(separator: "/", omittingEmptySubsequences: true)
            guard let last = parts.last else { throw Failure(66, "\(path) is no node's folder") }
            let parent = path.hasPrefix("/") ? "/" : "./"
            return (
                try SystemDisk(root: parent + parts.dropLast().joined(separator: "/")), String(last)
            )
        } catch let failure as Failure { throw failure } catch let error as DiskError {
            throw Failure(error)
        } catch { throw Failure(70, "\(error)") }
    }
}
