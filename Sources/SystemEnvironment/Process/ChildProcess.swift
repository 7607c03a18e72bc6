package import Environment
internal import Glibc
internal import Synchronization

/// A program started by this one: the nodes of a demo or a drill.
///
/// It has a pipe as its standard input, which closes when this process ends in whatever way, so
/// that a child that watches it does not outlive its parent. By hand because its life must be able
/// to end at any moment, by its pid, from anywhere: the library for subprocesses ties it to a
/// scope.
package final class ChildProcess: Sendable {
    package let pid: Int32
    private let input: Int32
    /// The status that was waited for; nil while nobody has.
    private let status = Mutex<Int32?>(nil)

    /// Starts `program` with `arguments`; what it prints goes to the end of the file `output`.
    package init(
        _ program: String, _ arguments: [String], output: String
    ) throws(DiskError) {
        var ends: [Int32] = [0, 0]
        guard unsafe pipe(&ends) == 0 else { throw Self.failure(program, errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        unsafe posix_spawn_file_actions_addopen(
            &actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        unsafe posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // A child takes signals as a program of its own: nothing blocked, a group of its own, so
        // that an interrupt at the terminal is the parent's to handle.
        var none = sigset_t()
        unsafe sigemptyset(&none)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setpgroup(&attributes, 0)
        let flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP)
        unsafe posix_spawnattr_setflags(&attributes, flags)
        var words: [UnsafeMutablePointer<CChar>?] = unsafe ([program] + arguments).map {
            unsafe strdup($0)
        }
        unsafe words.append(nil)
        defer { unsafe words.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let result = unsafe posix_spawn(&pid, program, &actions, &attributes, words, environ)
        Glibc.close(ends[0])
        guard result == 0 else {
            Glibc.close(ends[1])
            throw Self.failure(program, result)
        }
        self.pid = pid
        input = ends[1]
    }

    private static func failure(_ program: String, _ code: Int32) -> DiskError {
        let words = unsafe String(cString: strerror(code))
        return DiskError(
            code == ENOENT ? .missing : .ioError, path: program, reason: "cannot start: \(words)")
    }

    deinit { Glibc.close(input) }

    /// Whether it is still there.
    package var isRunning: Bool { exitStatus(waiting: false) == nil }

    /// Ends it at once, as a crash would, and waits until it is gone.
    package func kill() {
        guard exitStatus(waiting: false) == nil else { return }
        _ = Glibc.kill(pid, SIGKILL)
        _ = exitStatus(waiting: true)
    }

    /// Asks it to end, and waits until it is gone.
    @discardableResult
    package func terminate() -> Int32? {
        if exitStatus(waiting: false) == nil { _ = Glibc.kill(pid, SIGTERM) }
        return wait()
    }

    /// Stops it (`SIGSTOP`), or lets it go on.
    package func setPaused(_ on: Bool) {
        guard isRunning else { return }
        _ = Glibc.kill(pid, on ? SIGSTOP : SIGCONT)
    }

    /// Waits until it ends. Its exit code; nil if a signal ended it.
    @discardableResult
    package func wait() -> Int32? {
        let status = exitStatus(waiting: true) ?? 0
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
    }

    /// Its wait status, once it has ended. A pid is waited for once: after that it may be
    /// another's.
    private func exitStatus(waiting: Bool) -> Int32? {
        status.withLock { known in
            if let known { return known }
            var status: Int32 = 0
            var result: pid_t
            repeat {
                result = unsafe waitpid(pid, &status, waiting ? 0 : WNOHANG)
            } while result < 0 && errno == EINTR
            if result == 0 { return nil }
            known = result < 0 ? 0 : status
            return known
        }
    }

    /// A port of the loopback interface that nothing listens on at this moment. Not one of those
    /// that the system gives to outgoing connections, which might take it before it is listened on.
    package static func freePort() -> UInt16? {
        for _ in 0..<100 {
            let port = UInt16.random(in: 20_000...32_000)
            guard let socket = try? ListeningSocket.open(.tcp(host: "127.0.0.1", port: port)) else {
                continue
            }
            Glibc.close(socket.descriptor)
            return port
        }
        return nil
    }
}
