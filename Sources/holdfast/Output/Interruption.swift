internal import Environment
internal import Glibc
internal import Synchronization
internal import SystemEnvironment

/// What has to be put away when the program ends before its time: files that are not whole yet,
/// folders and processes of a demo.
final class Interruption: Sendable {
    private struct Things {
        var files: Set<String> = []
        var folders: Set<String> = []
        var processes: [ChildProcess] = []
    }

    private static let shared = Interruption()
    private let things = Mutex(Things())

    private init() {
        let queue = SystemScheduler().makeQueue("signals", .background)
        StopSignals.report(on: queue) { _ in
            Interruption.clear()
            StandardStream.error.write("\nholdfast: interrupted\n")
            _exit(Complaint.Code.interrupted.rawValue)
        }
    }

    /// Puts everything away: for who ends the program without going back to where it was made.
    static func clear() {
        shared.things.withLock { things in
            for process in things.processes { process.kill() }
            for file in things.files.sorted() { FileRemoval.remove(file) }
            for folder in things.folders.sorted() { FileRemoval.removeTree(folder) }
        }
    }

    /// A file that is removed if the program is interrupted before `settle`.
    static func note(file: String) { shared.things.withLock { _ = $0.files.insert(file) } }
    static func settle(file: String) { shared.things.withLock { _ = $0.files.remove(file) } }

    /// A folder that does not outlive the program.
    static func note(folder: String) { shared.things.withLock { _ = $0.folders.insert(folder) } }

    /// The processes that end with the program.
    static func note(processes: [ChildProcess]) {
        shared.things.withLock { $0.processes = processes }
    }

    /// A terminal that is closed ends what is typed, not the program: it reads the end of its input
    /// and puts away what it has made.
    static func outliveTerminal() { signal(SIGHUP, SIG_IGN) }
}
