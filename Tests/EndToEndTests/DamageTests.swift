import Foundation
import Testing

/// A real node on a directory that something has damaged: each program says which file, where in
/// it, and what to do, and ends with the exit code that goes with it.
@Suite struct DamageTests {
    /// A node alone, with some tasks, stopped in good order.
    private static func node(snapshots: Int = 0) throws -> SingleNode {
        let node = try SingleNode()
        try node.run {
            for number in 1...3 {
                try node.ask("task", "create", "Task \(number)")
            }
            for number in 0..<snapshots {
                try node.ask("admin", "snapshot")
                try node.ask("task", "create", "After snapshot \(number)")
            }
        }
        return node
    }

    private static func tools(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun.of(arguments, program: "holdfast-tools")
    }

    /// Where the second batch of a log's first segment begins.
    private static let secondBatch = 4096 + 4096

    @Test func `a damaged segment is named with its byte, and repaired only when told so`() throws {
        let node = try Self.node()
        let segment = "log/wal-0000000000000001.seg"
        #expect(try Self.tools("log", "verify", node.data).code == 0)
        #expect(try Self.tools("log", "repair", node.data).line == "verdict\twhole")
        try node.flip(segment, at: Self.secondBatch + 100)

        let start = try node.start()
        #expect(start.code == 80)
        #expect(
            start.errors.contains("\(segment), byte \(Self.secondBatch + 80)"), "\(start.errors)")
        #expect(start.errors.contains("holdfast-tools log repair --accept-loss"))
        for command in ["verify", "cat", "repair"] {
            let run = try Self.tools("log", command, node.data)
            #expect(run.code == 80, "\(command)")
            #expect(
                run.errors.contains("\(segment), byte \(Self.secondBatch + 80)"), "\(run.errors)")
        }
        let unasked = try Self.tools("log", "repair", node.data, "--accept-loss")
        #expect(unasked.code == 64)
        #expect(unasked.errors.contains("--yes"))
        #expect(try node.start().code == 80, "nothing was changed yet")

        let repaired = try Self.tools("log", "repair", node.data, "--accept-loss", "--yes")
        #expect(repaired.code == 0, "\(repaired.errors)")
        #expect(repaired.output.hasPrefix("last\t"))
        #expect(repaired.output.contains("quarantined\tquarantine/wal-"))
        let kept = try FileManager.default.contentsOfDirectory(atPath: "\(node.data)/quarantine")
        #expect(kept.contains { $0.hasPrefix("accepted-loss-") })
        #expect(try Self.tools("log", "verify", node.data).code == 0)
        try node.run { try node.ask("whoami") }
    }

    @Test func `a segment that is missing is refused by name`() throws {
        let node = try Self.node()
        try FileManager.default.removeItem(
            atPath: "\(node.data)/log/wal-0000000000000001.seg")
        let start = try node.start()
        #expect(start.code == 80)
        #expect(start.errors.contains("log"), "\(start.errors)")
    }

    @Test func `a bad snapshot gives way to the one before it, and is named`() throws {
        let node = try Self.node(snapshots: 2)
        let chunk = try #require(try node.files("snapshots").last { $0.hasSuffix(".lz4") })
        try node.flip(chunk, at: 20)
        let verify = try Self.tools("snapshot", "verify", node.data)
        #expect(verify.code == 80)
        #expect(verify.errors.contains(chunk), "\(verify.errors)")
        let told = try node.run { try node.ask("my") }
        #expect(told.contains("ALARM: \(chunk), byte 0"), "\(told)")
    }

    @Test func `a node none of whose snapshots is good does not start`() throws {
        let node = try Self.node(snapshots: 2)
        for manifest in try node.files("snapshots").filter({ $0.hasSuffix("/manifest") }) {
            try node.flip(manifest, at: 40)
        }
        let start = try node.start()
        #expect(start.code == 80)
        #expect(start.errors.contains("/manifest, byte "), "\(start.errors)")
        #expect(start.errors.contains("holdfast-tools restore"))
    }

    @Test func `what is not there is not found, and not made`() throws {
        let place = try TemporaryFolder()
        for arguments in [
            ["log", "list"], ["log", "verify"], ["log", "repair"], ["snapshot", "list"],
            ["snapshot", "verify"],
        ] {
            let run = try ProgramRun.of(
                arguments + ["\(place.path)/none"], program: "holdfast-tools")
            #expect(run.code == 66, "\(arguments)")
            #expect(!FileManager.default.fileExists(atPath: "\(place.path)/none"))
        }
    }

    @Test func `a log in use is not repaired`() throws {
        let node = try Self.node()
        try node.run {
            let run = try Self.tools("log", "repair", node.data, "--accept-loss", "--yes")
            #expect(run.code == 75, "\(run.errors)")
        }
    }
}
