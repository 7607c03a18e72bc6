import Foundation
import Glibc
import LocalPair
import StoreClient
import SystemEnvironment
import Testing
import WorkProtocol

/// Nodes that are started wrong, whose files are broken, whose disk is full or whose follower is
/// gone: each says what happened and what to do next, and loses nothing. (`Faults.md` has the
/// table.)
@Suite(.serialized) struct FaultTests {
    private let place: TemporaryFolder

    init() throws { place = try TemporaryFolder() }

    private func tools(_ arguments: String...) throws -> ProgramRun {
        try ProgramRun.of(arguments, program: "holdfast-tools")
    }

    // MARK: Started wrong

    @Test func `a port in use is told, and who has it goes on`() throws {
        let first = try LoneNode(place.path, name: "first")
        try first.start()
        let second = try LoneNode(place.path, name: "second", port: first.port)
        let end = try second.startInVain()
        #expect(end.code == 73, "\(end.said)")
        #expect(end.said.contains("127.0.0.1:\(first.port)"))
        #expect(end.said.contains("\nhelp: stop what listens there, or change the address"))
        #expect(try first.ask("whoami").code == 0)
        let other = try #require(ChildProcess.freePort())
        try LoneNode.replace("\(second.folder)/holdfast.toml", ":\(first.port)", with: ":\(other)")
        try second.start()
    }

    @Test func `a directory in use by another process is refused`() throws {
        let node = try LoneNode(place.path)
        try node.start()
        let run = try ProgramRun.of(["run", "--data", node.folder], program: "holdfastd")
        #expect(run.code == 75, "\(run.errors)")
        #expect(run.errors.contains("another process uses \(node.folder)\nhelp: stop it first"))
        #expect(try node.ask("whoami").code == 0)
        let again = try ProgramRun.of(
            ["init", "--data", node.folder, "--role", "single"], program: "holdfastd")
        #expect(again.code == 73 && again.errors.contains("\nhelp: holdfastd run"))
    }

    @Test func `what is no node's directory is refused`() throws {
        let folder = "\(place.path)/empty"
        let run = try ProgramRun.of(["run", "--data", folder], program: "holdfastd")
        #expect(run.code == 78, "\(run.errors)")
        #expect(run.errors.contains("\nhelp: `holdfastd init --data \(folder)`"))
        let node = try LoneNode(place.path)
        try node.set("segment_bites = 7")
        let misspelt = try node.startInVain()
        #expect(misspelt.code == 78)
        #expect(misspelt.said.contains("line 14: segment_bites is not a setting"), "\(misspelt)")
    }

    @Test func `a node without its secrets does not start`() throws {
        let node = try LoneNode(place.path)
        try LoneNode.change("\(node.folder)/admin.token") { $0 = [0x0A] }
        let noToken = try node.startInVain()
        #expect(noToken.code == 78 && noToken.said.contains("admin.token"), "\(noToken)")
        #expect(noToken.said.contains("\nhelp: "))
        let other = try LoneNode(place.path, name: "other")
        try LoneNode.change("\(other.folder)/tls/position.key") { $0.removeLast(10) }
        let noKey = try other.startInVain()
        #expect(noKey.code == 78 && noKey.said.contains("position.key"), "\(noKey)")
        for name in ["position.key", "server.pem"] {
            try FileManager.default.removeItem(atPath: "\(other.folder)/tls/\(name)")
            let lost = try other.startInVain()
            #expect(lost.code == 66 && lost.said.contains("tls/\(name): "), "\(lost)")
            #expect(lost.said.contains("\nhelp: put it back from a backup"), "\(lost)")
        }
    }

    // MARK: Files of others, and of other versions

    @Test func `a segment of another cluster is refused by name`() throws {
        let own = try LoneNode(place.path, name: "own")
        let foreign = try LoneNode(place.path, name: "foreign")
        for node in [own, foreign] {
            try node.start()
            try node.fill(1)
            node.stop()
        }
        let segment = try own.segment()
        let kept = try Data(contentsOf: URL(filePath: segment))
        try LoneNode.change(segment) { $0 = [] }
        try Data(contentsOf: URL(filePath: foreign.segment())).write(to: URL(filePath: segment))
        let end = try own.startInVain()
        #expect(end.code == 78, "\(end.said)")
        #expect(end.said.contains("belongs to cluster") && end.said.contains("move it away"))
        try kept.write(to: URL(filePath: segment))
        try own.start()
        #expect(try own.ask("my").output.contains("task 0"), "nothing was lost")
    }

    @Test func `a follower of another cluster gets nowhere and disturbs nobody`() throws {
        let own = try LoneNode(place.path, name: "own")
        try own.start()
        let text = try String(contentsOfFile: "\(own.folder)/holdfast.toml", encoding: .utf8)
        let line = try #require(
            text.split(separator: "\n").first { $0.hasPrefix("replication_listen") })
        let foreign = try LoneNode(place.path, name: "foreign")
        try LoneNode.replace(
            "\(foreign.folder)/holdfast.toml", "peers = []",
            with: "peers = [\(line.split(separator: " ").last ?? "")]")
        try foreign.start()
        while !foreign.diagnostics.contains("warning: the other node: ") {}
        #expect(foreign.diagnostics.contains("not issued by this cluster's authority"))
        for node in [own, foreign] { #expect(try node.ask("task", "create", "x").code == 0) }
    }

    @Test func `files of a newer version are left alone`() throws {
        let node = try LoneNode(place.path)
        try node.start()
        try node.fill(3)
        #expect(try node.ask("admin", "snapshot").code == 0)
        node.stop()
        let segment = try node.segment()
        let manifest =
            try #require(
                try node.files("snapshots").last { $0.contains("snap-") }) + "/manifest"
        let newer: [(path: String, change: (inout [UInt8]) -> Void)] = [
            (segment, { Self.renumber(&$0, at: 8, covering: 0..<4092) }),
            ("\(node.folder)/node.meta", { Self.renumber(&$0, at: 4, covering: 0..<4092) }),
            (
                manifest,
                { bytes in
                    bytes[8] = 2
                    let end = bytes.count - 32
                    let hash = SystemCryptography(blockKey: [UInt8](repeating: 0, count: 32))
                        .sha256(Array(bytes[..<end]))
                    bytes.replaceSubrange(end..., with: hash)
                }
            ),
        ]
        for (path, change) in newer {
            let kept = try Data(contentsOf: URL(filePath: path))
            try LoneNode.change(path, change)
            let end = try node.startInVain()
            #expect(end.code == 78, "\(path): \(end.said)")
            #expect(end.said.contains("use a newer program"), "\(end.said)")
            try kept.write(to: URL(filePath: path))
        }
        try node.start()
        #expect(try node.ask("my").output.contains("task 2"))
    }

    /// Makes version 2 of what has its version in two bytes at `place`, with its checksum behind
    /// `range`.
    private static func renumber(
        _ bytes: inout [UInt8], at place: Int, covering range: Range<Int>
    ) {
        bytes[place] = 2
        bytes.replaceSubrange(
            range.upperBound..<(range.upperBound + 4), with: little(crc32c(Array(bytes[range]))))
    }

    // MARK: Damage

    @Test func `a damaged segment is told with file, offset and what to do, and left as it is`()
        throws
    {
        let node = try LoneNode(place.path)
        try node.start()
        try node.fill(6, notes: 2_000)
        node.stop()
        let segment = try node.segment()
        let name = try #require(segment.split(separator: "/").last)
        let kept = try Data(contentsOf: URL(filePath: segment))
        // Within the payload of a batch that others follow.
        let place = try #require(kept.range(of: Data("task 2".utf8))?.lowerBound)
        try LoneNode.change(segment) { $0[place] ^= 1 }
        let end = try node.startInVain()
        #expect(end.code == 80, "\(end.said)")
        #expect(end.said.contains("log/\(name), byte "))
        #expect(end.said.contains("Of a pair") && end.said.contains("holdfast-tools restore"))
        let verified = try tools("log", "verify", node.folder)
        #expect(verified.code == 80 && (verified.errors + verified.output).contains(name))
        #expect(try Data(contentsOf: URL(filePath: segment)).count == kept.count)
        // Cut in the middle: shorter than its header says.
        try Data(kept.prefix(place)).write(to: URL(filePath: segment))
        let cut = try node.startInVain()
        #expect(cut.code == 80, "\(cut.said)")
        #expect(cut.said.contains(name))
        try kept.write(to: URL(filePath: segment))
        try node.start()
        #expect(try node.ask("my").output.contains("task 5"))
    }

    @Test func `a damaged snapshot is told with its file and is not believed`() throws {
        let node = try LoneNode(place.path)
        try node.start()
        try node.fill(3)
        #expect(try node.ask("admin", "snapshot").code == 0)
        node.stop()
        let folder = try #require(try node.files("snapshots").last { $0.contains("snap-") })
        let chunk = try #require(
            try FileManager.default.contentsOfDirectory(atPath: folder).first { $0 != "manifest" })
        let kept = try Data(contentsOf: URL(filePath: "\(folder)/\(chunk)"))
        try LoneNode.change("\(folder)/\(chunk)") { $0[$0.count / 2] ^= 0x10 }
        let end = try node.startInVain()
        #expect(end.code == 80, "\(end.said)")
        #expect(end.said.contains("/\(chunk), byte 0") && end.said.contains("holdfast-tools"))
        let verified = try tools("snapshot", "verify", node.folder)
        #expect(verified.code == 80 && (verified.errors + verified.output).contains(chunk))
        try kept.write(to: URL(filePath: "\(folder)/\(chunk)"))
        try node.start()
        #expect(try node.ask("my").output.contains("task 2"))
    }

    @Test func `a node that has forgotten what it promised does not start`() throws {
        let node = try LoneNode(place.path)
        try node.start()
        node.stop()
        let path = "\(node.folder)/node.meta"
        let kept = try Data(contentsOf: URL(filePath: path))
        try LoneNode.change(path) { bytes in
            bytes[100] ^= 1
            bytes[4196] ^= 1
        }
        let end = try node.startInVain()
        #expect(end.code == 80, "\(end.said)")
        #expect(end.said.contains("node.meta, byte 4092"))
        #expect(end.said.contains("`holdfastd init`"))
        // One of its two places is enough.
        try kept.write(to: URL(filePath: path))
        try LoneNode.change(path) { $0[100] ^= 1 }
        try node.start()
    }

    // MARK: A full disk

    @Test(.enabled(if: SmallDisk.absence == nil, Comment(rawValue: SmallDisk.absence ?? "")))
    func `on a full disk writes are refused, reads go on, and room is all it takes`() throws {
        let disk = try SmallDisk("\(place.path)/small", megabytes: 48)
        let node = try LoneNode(disk.path, segmentBytes: 1 << 19)
        try node.start()
        try node.fill(1)
        try disk.fill()
        var refused: ProgramRun?
        for _ in 0..<400 {
            let run = try node.ask(
                "task", "create", "more", "--notes", String(repeating: "n", count: 60_000))
            if run.code != 0 {
                refused = run
                break
            }
        }
        let said = try #require(refused, "the disk was never full")
        #expect(said.code == 69, "\(said.errors)")
        #expect(
            said.errors.contains("disk of this node is full") && said.errors.contains("reads go on")
        )
        #expect(node.diagnostics.contains("ALARM: the disk is full"))
        #expect(try node.ask("my").output.contains("task 0"))
        try disk.makeRoom()
        // It looks for room by itself.
        while try node.ask("task", "create", "after").code != 0 { #expect(node.isRunning) }
        #expect(try node.ask("my").output.contains("after"))
        node.kill()
        try node.start()
        #expect(try node.ask("my").output.contains("after"), "acknowledged, so it is there")
        node.kill()
    }

    // MARK: A missing follower

    @Test func `without its follower a primary that must wait says so, and goes on when told`()
        async throws
    {
        let pair = LocalPair(
            programs: ProgramRun.folder, root: "\(place.path)/pair", policy: "block")
        pair.settings = ["segment_bytes = \(4 << 20)"]
        defer { pair.stop() }
        try await pair.start()
        let data = pair.members[pair.primary].folder
        func ask(_ arguments: String...) throws -> ProgramRun {
            try ProgramRun.of(arguments + ["--data", data, "--timeout", "3"])
        }
        #expect(try ask("task", "create", "two copies").code == 0)
        let follower = try #require(pair.follower)
        pair.kill(follower)
        var run = try ask("task", "create", "no copy")
        while run.code == 75 { run = try ask("task", "create", "no copy") }
        #expect(run.code == 69, "\(run.errors)")
        #expect(run.errors.contains("follower") && run.errors.contains("admin degrade --solo"))
        #expect(try ask("status").code == 0)
        #expect(
            try ask("admin", "degrade", "--solo", "--reason", "a test").code == 0)
        #expect(try ask("task", "create", "one copy").code == 0)
        #expect(try ask("my").output.contains("two copies"))
    }
}

extension LoneNode {
    /// Replaces words in a text file.
    static func replace(_ path: String, _ words: String, with others: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try text.replacingOccurrences(of: words, with: others)
            .write(toFile: path, atomically: true, encoding: .utf8)
    }
}
