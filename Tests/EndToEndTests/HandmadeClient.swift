import Foundation
import Glibc

/// A client of HFP/1 that shares no code with the store's own: what a program in another language
/// would write after reading `Formats-Wire.md`. It can also get everything wrong.
final class HandmadeClient {
    /// A frame, byte by byte.
    struct Frame: Equatable {
        var type: UInt8
        var flags: UInt8 = 0
        var code: UInt16 = 0
        var stream: UInt32 = 0
        var aux: UInt32 = 0
        var route: UInt64 = 0
        var extensions: [UInt8] = []
        var payload: [UInt8] = []
        /// What is added to the right checksum, if there is to be one.
        var checksumError: UInt32?

        var bytes: [UInt8] {
            var head: [UInt8] = [type, flags]
            head += little(code) + little(stream) + little(aux) + little(route)
            head += little(UInt16(extensions.count)) + [0, 0]
            let rest = extensions + payload
            let checksum = checksumError.map { crc32c(head + rest) &+ $0 } ?? 0
            return little(UInt32(28 + rest.count)) + head + little(checksum) + rest
        }

        /// The frame in `bytes`, whose length has been read.
        init(_ bytes: [UInt8]) {
            func number(_ offset: Int, _ count: Int) -> UInt64 {
                bytes[offset..<(offset + count)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
            type = bytes[4]
            flags = bytes[5]
            code = UInt16(number(6, 2))
            stream = UInt32(number(8, 4))
            aux = UInt32(number(12, 4))
            route = number(16, 8)
            let end = 32 + Int(number(24, 2))
            extensions = Array(bytes[32..<end])
            payload = Array(bytes[end...])
        }

        init(
            type: UInt8, flags: UInt8 = 0, code: UInt16 = 0, stream: UInt32 = 0,
            aux: UInt32 = 0, route: UInt64 = 0, extensions: [UInt8] = [],
            payload: [UInt8] = [], checksumError: UInt32? = nil
        ) {
            self.type = type
            self.flags = flags
            self.code = code
            self.stream = stream
            self.aux = aux
            self.route = route
            self.extensions = extensions
            self.payload = payload
            self.checksumError = checksumError
        }
    }

    static let preface: [UInt8] = [0x48, 0x46, 0x50, 0x01, 0x0D, 0x0A, 0x1A, 0x0A]
    static let ping: UInt16 = 0x0101

    private let socket: Int32
    private var unread: [UInt8] = []
    private var nextStream: UInt32 = 1

    /// Connects to a UNIX socket.
    init(socket path: String) throws {
        socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        try connect(&address)
    }

    /// Connects to a port of the loopback interface.
    init(port: UInt16) throws {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        try connect(&address)
    }

    deinit { Glibc.close(socket) }

    private func connect<Address>(_ address: inout Address) throws {
        // Nothing a test waits for takes longer.
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(
            socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let size = socklen_t(MemoryLayout<Address>.size)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(socket, $0, size) }
        }
        guard result == 0 else { throw Failure(description: "connect: errno \(errno)") }
    }

    struct Failure: Error, CustomStringConvertible { var description: String }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent <= 0 { return }
            rest = rest.dropFirst(sent)
        }
    }

    func send(_ frame: Frame) { send(frame.bytes) }

    /// Some bytes; none at the end, or when nothing comes.
    private func receive() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &buffer, buffer.count, 0)
        return count > 0 ? Array(buffer[..<count]) : []
    }

    /// Everything up to the end, as text.
    func text() -> String {
        while true {
            let more = receive()
            if more.isEmpty { return String(decoding: unread, as: UTF8.self) }
            unread += more
        }
    }

    /// The next frame; nil at the end.
    func frame() -> Frame? {
        while true {
            if unread.count >= 4 {
                let length = unread[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
                if unread.count >= length + 4 {
                    let bytes = Array(unread[..<(length + 4)])
                    unread.removeFirst(length + 4)
                    return Frame(bytes)
                }
            }
            let more = receive()
            if more.isEmpty { return nil }
            unread += more
        }
    }

    /// The next frame of a type; others are passed over.
    func frame(ofType type: UInt8) -> Frame? {
        while let frame = frame() { if frame.type == type { return frame } }
        return nil
    }

    /// Says hello, with the versions [1], and the features given.
    func greet(token: String, features: UInt8 = 0) -> Frame? {
        var hello: [UInt8] = [0x0A, 1, 1, 0x10, features]
        hello += [0x3A, UInt8(token.utf8.count)] + Array(token.utf8)
        send(Self.preface + Frame(type: 0x01, payload: hello).bytes)
        return frame()
    }

    /// Asks a method and gives the response.
    func ask(
        _ method: UInt16, extensions: [UInt8] = [], payload: [UInt8] = [],
        checksumError: UInt32? = nil
    ) -> Frame? {
        let stream = nextStream
        nextStream += 2
        send(
            Frame(
                type: 0x10, flags: 0x01, code: method, stream: stream, extensions: extensions,
                payload: payload, checksumError: checksumError))
        while let frame = frame() {
            if frame.type == 0x06 || frame.stream == stream { return frame }
        }
        return nil
    }

    /// Whether it is still served.
    var isServed: Bool { ask(Self.ping).map { $0.type == 0x11 && $0.code == 0 } ?? false }
}

/// The bytes of a number, the lowest first.
func little<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.littleEndian) { Array($0) }
}

/// CRC-32C (Castagnoli), bit by bit.
func crc32c(_ bytes: [UInt8]) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 {
            let isOdd = sum & 1 == 1
            sum >>= 1
            if isOdd { sum ^= 0x82F6_3B78 }
        }
    }
    return ~sum
}
