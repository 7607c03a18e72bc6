internal import Glibc

/// Tells systemd how the service is (`sd_notify`), over the socket named in `NOTIFY_SOCKET`.
package struct ServiceNotification: Sendable {
    private let path: String?

    /// - Parameter socket: The value of `NOTIFY_SOCKET`; nil when not run by systemd, and then
    ///   nothing is told to anyone.
    package init(socket: String?) {
        path = socket
    }

    /// The service accepts requests.
    package func ready() { send("READY=1") }
    /// The service is ending.
    package func stopping() { send("STOPPING=1") }
    /// The service lives (for `WatchdogSec=`).
    package func alive() { send("WATCHDOG=1") }
    /// One line for `systemctl status`.
    package func status(_ text: String) {
        send("STATUS=" + text.replacing("\n", with: " "))
    }

    /// A message that gets lost is systemd's loss: the service goes on.
    private func send(_ message: String) {
        guard let path, !path.isEmpty else { return }
        guard
            let socket = try? Descriptor(
                retrying("socket") {
                    Glibc.socket(
                        AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                })
        else { return }
        let number = socket.number
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A name that begins with @ is in the abstract space: its first byte is zero.
        let name = path.hasPrefix("@") ? [0] + Array(path.utf8.dropFirst()) : Array(path.utf8)
        let room = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard name.count <= room else { return }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let size = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bytes = Array(message.utf8)
        unsafe withUnsafePointer(to: &address) { pointer in
            let address = unsafe UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self)
            _ = unsafe sendto(number, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, size)
        }
    }
}
