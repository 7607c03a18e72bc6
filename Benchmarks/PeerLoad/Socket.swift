import Glibc

/// Where a store listens.
enum Place {
    case unix(String)
    case tcp(host: String, port: UInt16)

    /// `unix:PATH` or `tcp:ADDRESS:PORT`.
    init(_ text: String) throws {
        if text.hasPrefix("unix:") {
            self = .unix(String(text.dropFirst(5)))
            return
        }
        let parts = text.split(separator: ":")
        guard parts.count == 3, parts[0] == "tcp", let port = UInt16(parts[2]) else {
            throw Complaint("\(text) is no place: unix:PATH or tcp:ADDRESS:PORT")
        }
        self = .tcp(host: String(parts[1]), port: port)
    }

    /// A connected socket that does not block.
    func connect() throws -> Int32 {
        let socket: Int32
        let result: Int32
        switch self {
        case .unix(let path):
            socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
                throw Complaint("the path of the socket is too long: \(path)")
            }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        case .tcp(let host, let port):
            socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
                throw Complaint("\(host) is no IPv4 address")
            }
            result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            var on: Int32 = 1
            setsockopt(
                socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        guard result == 0 else {
            throw Complaint("nobody answers at \(self): \(String(cString: strerror(errno)))")
        }
        return socket
    }

    /// From now on calls on the socket return at once.
    static func unblock(_ socket: Int32) {
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
    }
}
