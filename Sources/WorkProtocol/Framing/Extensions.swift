internal import ByteCoding

/// What a frame says besides its header: a few typed values, each as type, length and value.
///
/// Types with the top bit are critical: a receiver that does not know one refuses the request by
/// the type's name. Others are skipped. A type stands at most once in a frame.
package struct Extensions: Hashable, Sendable {
    /// 82, 03 and 8B: what makes a retry harmless, and keeps it in its place.
    package var requestID: RequestID?
    /// 84: a follower may answer only from this position on.
    package var minimumPosition: PositionToken?
    /// 8A: refuse unless so many copies would hold the change.
    package var minimumReplicas: UInt8?
    /// 04: where the workspace stood when it was answered.
    package var position: PositionToken?
    /// 0B: who answered.
    package var standing: Standing?
    /// 06: the highest epoch the sender has seen.
    package var highestEpoch: WireEpoch?
    /// 07: what the work is for.
    package var priority: Priority?
    /// 08: what it took and what is left.
    package var cost: Cost?
    /// 05: the W3C trace context, as its header has it.
    package var trace: [UInt8] = []
    /// 89: the method by name, where the header's code is `namedMethod`.
    package var methodName: String?
    /// The first critical type that this program does not know.
    package var unknownCritical: UInt8?

    /// A header's code that says that the method is given by name.
    package static let namedMethod: UInt16 = 0xFFFF

    package init() {}

    /// How urgent the work is.
    package enum Priority: UInt8, Sendable, CaseIterable {
        case interactive = 0
        case batch = 1
        case background = 2
    }

    /// What a request took of its principal's budget, and what is left of it; in units the server
    /// defines.
    package struct Cost: Hashable, Sendable {
        package var spent: UInt32
        package var left: UInt32

        package init(spent: UInt32, left: UInt32) {
            self.spent = spent
            self.left = left
        }
    }

    /// The epoch of the node that answered, how many copies hold what the answer shows, and the
    /// workspace's own position, 0 where the principal may not know it.
    package struct Standing: Hashable, Sendable {
        package var epoch: WireEpoch
        package var replicas: UInt8
        package var workspacePosition: UInt64

        package init(epoch: WireEpoch, replicas: UInt8, workspacePosition: UInt64 = 0) {
            self.epoch = epoch
            self.replicas = replicas
            self.workspacePosition = workspacePosition
        }
    }

    /// Why a request with these extensions cannot be served, if so.
    package var rejection: Rejection? {
        guard let unknownCritical else { return nil }
        let name = "0x" + String(unknownCritical, radix: 16, uppercase: true)
        return Rejection(
            .unknownExtension, "The critical extension \(name) is not known to this server.")
    }
}

/// 16 bytes that stand for a position in the log, encrypted for ordinary principals.
package struct PositionToken: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The token in 16 bytes; nil for another number of them.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        let high = bytes[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        let low = bytes[8...].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        self.init(high: high, low: low)
    }

    /// Its 16 bytes.
    package var bytes: [UInt8] {
        var writer = ByteWriter(capacity: 16)
        writer.append(fixed: high)
        writer.append(fixed: low)
        return writer.bytes
    }
}

/// An epoch as it crosses the wire to clients: the register's version and the primary's boot.
package struct WireEpoch: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var version: UInt64
    package var boot: UInt32

    package init(version: UInt64 = 0, boot: UInt32 = 0) {
        self.version = version
        self.boot = boot
    }

    package static func < (left: WireEpoch, right: WireEpoch) -> Bool {
        (left.version, left.boot) < (right.version, right.boot)
    }

    package var description: String { "\(version).\(boot)" }
}
