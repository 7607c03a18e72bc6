internal import Environment
internal import Glibc
internal import SystemEnvironment

/// What has to be put away when the program is interrupted: files that are not whole yet, folders
/// and processes of a demo.
///
/// Touched on its own queue only, hence unchecked.
final class Interruption: @unchecked Sendable {
    private static let shared = Interruption()

    private let queue: any SerialQueue
    private var files: Set<String> = []
    private var folders: Set<String> = []
    private var processes: [ChildProcess] = []

    private init() {
        let scheduler = SystemScheduler()
        queue = scheduler.makeQueue("signals", .background)
        StopSignals.report(on: queue) { [unowned self] _ in
            for process in processes { process.kill() }
            for file in files.sorted() { FileRemoval.remove(file) }
            for folder in folders.sorted() { FileRemoval.removeTree(folder) }
            StandardStream.error.write("\nholdfast: interrupted\n")
            _exit(Complaint.Code.interrupted.rawValue)
        }
    }

    /// A file that is removed if the program is interrupted before `settle`.
    static func note(file: String) { shared.queue.run { shared.files.insert(file) } }
    static func settle(file: String) { shared.queue.run { shared.files.remove(file) } }

    /// A folder that does not outlive the program.
    static func note(folder: String) { shared.queue.run { shared.folders.insert(folder) } }

    /// The processes that end with the program.
    static func note(processes: [ChildProcess]) {
        shared.queue.run { shared.processes = processes }
    }
}
