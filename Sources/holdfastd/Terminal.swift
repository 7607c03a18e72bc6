internal import Glibc

/// What the program says to people: standard error, one write a line.
enum Terminal {
    static func tell(_ text: String) {
        let line = text + "\n"
        let bytes = Array(line.utf8)
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// The name of this machine, for the server's certificate.
    static var hostName: String? {
        var buffer = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// Where relative paths begin.
    static var currentFolder: String? {
        guard let path = unsafe getcwd(nil, 0) else { return nil }
        defer { unsafe free(path) }
        return unsafe String(cString: path)
    }

    static func environment(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// Sleeps until a signal comes.
    static func pause() { _ = Glibc.pause() }

    /// Reads standard input until there is no more.
    static func waitForInputToEnd() {
        var buffer = [UInt8](repeating: 0, count: 256)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe read(STDIN_FILENO, $0.baseAddress, $0.count)
            }
            if count == 0 || (count < 0 && errno != EINTR) { return }
        }
    }

    /// Ends the process at once: nothing in memory may be seen by anyone any more.
    static func end(_ code: Int32) -> Never { _exit(code) }
}
