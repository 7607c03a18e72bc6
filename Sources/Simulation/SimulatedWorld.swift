internal import ByteCoding
package import Environment

/// The scheduler of one simulated process: its clocks are its machine's, its queues end with it.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class ProcessScheduler: Scheduler, @unchecked Sendable {
    private let world: SimulatedScheduler
    private let pace: SimulatedPace
    private var queues: [SimulatedQueue] = []

    /// - Parameter pace: that of the machine it runs on; the world's own by default.
    package init(_ world: SimulatedScheduler, _ pace: SimulatedPace? = nil) {
        self.world = world
        self.pace = pace ?? SimulatedPace(world)
    }

    package var now: Instant { pace.now }
    package var wallTime: WallTime { pace.wallTime }

    package func makeQueue(_ label: String, _ kind: QueueKind) -> any SerialQueue {
        let queue = world.makeSimulatedQueue(label, pace)
        queues.append(queue)
        return queue
    }

    /// The process is gone: nothing of it runs any more.
    package func end() {
        for queue in queues { queue.end() }
    }
}

/// One zone, an hour ahead of UTC, so that days begin at two moments.
package final class SimulatedTimeZones: TimeZones, Sendable {
    package static let zone = "Simulated/Ahead"

    package init() {}

    package func offset(at ms: WallTime, in zone: String) -> Int? {
        zone == Self.zone ? 3_600 : nil
    }
}

/// Stand-ins for cryptography: not secret, but the same interface and the same collisions (none
/// that a simulation would meet).
package final class SimulatedCryptography: Cryptography, Sendable {
    package init() {}

    package func sha256(_ bytes: [UInt8]) -> [UInt8] { spread(bytes, seed: 1) }

    package func hmacSHA256(_ bytes: [UInt8], key: [UInt8]) -> [UInt8] {
        spread(key + bytes, seed: 2)
    }

    package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool { left == right }

    package func seal16(_ block: [UInt8]) -> [UInt8] { block.map { $0 ^ 0x5A } }
    package func open16(_ sealed: [UInt8]) -> [UInt8] { sealed.map { $0 ^ 0x5A } }

    private func spread(_ bytes: [UInt8], seed: UInt64) -> [UInt8] {
        var writer = ByteWriter(capacity: 32)
        for part in 0..<4 {
            writer.append(fixed: XXH3.hash(bytes, seed: seed &* 16 &+ UInt64(part)))
        }
        return writer.bytes
    }
}

/// A remote directory in memory.
///
/// `@unchecked Sendable`: used from the simulation's one thread only.
package final class SimulatedArchive: Archive, @unchecked Sendable {
    package private(set) var contents: [String: [UInt8]] = [:]
    /// While set, nothing can be reached.
    package var isAway = false

    package init() {}

    private func reach(_ name: String) throws(DiskError) {
        guard Self.isName(name) else {
            throw DiskError(.denied, path: name, reason: "not a name in an archive")
        }
        try expectHere(name)
    }

    private func expectHere(_ name: String) throws(DiskError) {
        if isAway { throw DiskError(.ioError, path: name, reason: "the archive is away") }
    }

    package func list(_ prefix: String) throws(DiskError) -> [String] {
        try expectHere(prefix)
        return contents.keys.filter { $0.hasPrefix(prefix) }.sorted()
    }

    package func read(_ name: String) throws(DiskError) -> [UInt8] {
        try reach(name)
        guard let bytes = contents[name] else {
            throw DiskError(.missing, path: name, reason: "is not in the archive")
        }
        return bytes
    }

    package func publish(_ name: String, _ bytes: [UInt8]) throws(DiskError) {
        try reach(name)
        if let there = contents[name], there != bytes {
            throw DiskError(.exists, path: name, reason: "other bytes are published already")
        }
        contents[name] = bytes
    }

    package func replaceHint(_ name: String, _ bytes: [UInt8]) throws(DiskError) {
        try reach(name)
        contents[name] = bytes
    }

    package func remove(_ name: String) throws(DiskError) {
        try reach(name)
        contents.removeValue(forKey: name)
    }
}
