import Environment
import Foundation
import SystemEnvironment
import Testing

@Suite(.timeLimit(.minutes(3))) struct ProcessTests {
    @Test func `signals that stop are told on the queue, each`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let queue = SystemScheduler().makeQueue("test", .core)
            let seen = Watched<[StopSignals.Signal]>([])
            StopSignals.report(on: queue) { signal in seen.change { $0.append(signal) } }
            kill(getpid(), SIGTERM)
            _ = await seen.until { $0 == [.terminate] }
            kill(getpid(), SIGINT)
            _ = await seen.until { $0 == [.terminate, .interrupt] }
            exit(7)
        }
    }

    @Test func `systemd is told in its own words`() throws {
        let folder = try TestFolder()
        let path = folder.path("notify")
        let number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        defer { close(number) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let bound = withUnsafePointer(to: &address) { pointer in
            bind(number, UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), size)
        }
        try #require(bound == 0)
        let notification = ServiceNotification(socket: path)
        notification.ready()
        notification.status("primary,\nepoch 3")
        notification.alive()
        notification.stopping()
        var told: [String] = []
        var buffer = [UInt8](repeating: 0, count: 200)
        for _ in 0..<4 {
            let got = recv(number, &buffer, buffer.count, 0)
            told.append(String(decoding: buffer[..<max(0, got)], as: UTF8.self))
        }
        #expect(told == ["READY=1", "STATUS=primary, epoch 3", "WATCHDOG=1", "STOPPING=1"])
        ServiceNotification(socket: nil).ready()
        ServiceNotification(socket: folder.path("nobody")).ready()
    }

    @Test func `accepting is paused without descriptors, and goes on with them`() async {
        await #expect(processExitsWith: .exitCode(7)) {
            let folder = try TestFolder()
            let server = try TestServer(.unix(path: folder.path("s")), .none)
            let first = try RawSocket(server.endpoint)
            _ = await server.accepted.until { $0.count == 1 }
            var limit = rlimit(rlim_cur: 200, rlim_max: 200)
            try #require(setrlimit(__rlimit_resource_t(7), &limit) == 0)
            let client = try RawSocket(server.endpoint)
            var held: [Int32] = []
            while true {
                let copy = dup(0)
                if copy < 0 { break }
                held.append(copy)
            }
            // One for the client, none for the server's end.
            if let last = held.popLast() { close(last) }
            let late = try RawSocket(server.endpoint)
            let error = await server.refused.until { !$0.isEmpty }[0]
            try #require(error.reason.contains("accepting is paused"))
            for copy in held { close(copy) }
            _ = await server.accepted.until { $0.count == 3 }
            withExtendedLifetime([first, client, late]) {}
            exit(7)
        }
    }
}
