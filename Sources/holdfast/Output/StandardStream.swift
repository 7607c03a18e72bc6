internal import Glibc

/// Standard output and standard error: bytes, unbuffered, a whole text at a time.
enum StandardStream: Int32 {
    /// Data.
    case output = 1
    /// Everything else.
    case error = 2

    /// Writes all of `text`. Ends the program, as others do, when nobody reads any more.
    func write(_ text: String) { write(Array(text.utf8)) }

    func write(_ bytes: [UInt8]) {
        var offset = 0
        while offset < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.write(
                    rawValue, $0.baseAddress?.advanced(by: offset), $0.count - offset)
            }
            if count > 0 {
                offset += count
            } else if errno == EPIPE {
                // The network layer ignores this signal; a reader that left ends the program all
                // the same.
                Interruption.clear()
                signal(SIGPIPE, SIG_DFL)
                raise(SIGPIPE)
                return
            } else if errno != EINTR {
                guard self == .output else { return }
                Interruption.clear()
                _exit(Complaint.Code.io.rawValue)
            }
        }
    }

    var isTerminal: Bool { isatty(rawValue) == 1 }

    /// Whether commands are typed, not piped.
    static var isInputTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// How many columns the terminal has.
    var columns: Int {
        var size = winsize()
        let result = unsafe ioctl(rawValue, UInt(TIOCGWINSZ), &size)
        if result == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return Variables["COLUMNS"].flatMap { Int($0) } ?? 80
    }

    /// The next line of standard input without its end; nil when there is no more.
    static func readLine() -> String? { Swift.readLine(strippingNewline: true) }

    /// A line that is not shown while it is typed.
    static func readSecret(_ prompt: String) -> String? {
        guard isInputTerminal else { return readLine() }
        StandardStream.error.write(prompt)
        var before = termios()
        unsafe tcgetattr(STDIN_FILENO, &before)
        var silent = before
        silent.c_lflag &= ~tcflag_t(ECHO)
        unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            StandardStream.error.write("\n")
        }
        return readLine()
    }

    /// All of standard input.
    static func readAll() -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe Glibc.read(STDIN_FILENO, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}

/// The variables of the environment.
enum Variables {
    /// A variable's value; nil if it is not set, or empty.
    static subscript(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        let text = unsafe String(cString: value)
        return text.isEmpty ? nil : text
    }
}

/// The program's own place among files.
enum Program {
    /// The folder this program is in.
    static var folder: String {
        let path = link("/proc/self/exe") ?? CommandLine.arguments[0]
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return String(path[..<slash])
    }

    /// What a symbolic link points to.
    static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = unsafe readlink(path, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// `path` from the root on.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/") else { return path }
        guard let here = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(here) }
        return unsafe "\(String(cString: here))/\(path)"
    }
}
