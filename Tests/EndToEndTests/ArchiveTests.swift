import Environment
import Foundation
import LocalPair
import ReplicatedLog
import SystemEnvironment
import Testing

/// What a pair ships to its archive, and what comes out of it.
@Suite(.serialized) struct ArchiveEndToEndTests {
    @Test func `shipping goes on after a snapshot, and a restore gives all`() async throws {
        let place = try TemporaryFolder()
        let pair = try await PairUnderTest.start(in: place)
        defer { pair.stop() }
        let data = pair.members[pair.primary].folder
        try ask(data, "project", "create", "Archived")
        for name in ["one", "two"] { try ask(data, "task", "create", name) }
        let first = try snapshot(data)
        try await shipped(pair.archive, [first], through: first)
        for name in ["three", "four"] { try ask(data, "task", "create", name) }
        let second = try snapshot(data)
        #expect(second > first)
        try await shipped(pair.archive, [first, second], through: second)

        pair.stop()
        let restored = "\(place.path)/restored"
        let run = try ProgramRun.of(
            ["restore", "--from", pair.archive, "--to", restored], program: "holdfast-tools")
        try #require(run.code == 0, "\(run.errors)")
        try adopt(restored, from: data)
        let node = LoneNode(adopting: restored)
        try node.start()
        defer { node.kill() }
        let listed = try node.ask(
            "my", "list", "--all", "--fields", "name", "--no-header", "-o", "tsv")
        #expect(listed.code == 0, "\(listed.errors)")
        let names = listed.output.split(separator: "\n").sorted()
        #expect(names == ["four", "one", "three", "two"])
    }

    @discardableResult
    private func ask(_ data: String, _ arguments: String...) throws -> String {
        let run = try ProgramRun.of(arguments + ["--data", data])
        try #require(run.code == 0, "\(arguments): \(run.errors)")
        return run.output
    }

    /// Takes a snapshot, and gives the LSN it was taken at.
    private func snapshot(_ data: String) throws -> UInt64 {
        let run = try ProgramRun.of(["admin", "snapshot", "-o", "json", "--data", data])
        return UInt64(try #require(try run.json()["lsn"] as? Int, "\(run.errors)"))
    }

    /// Waits until the archive has the manifests of these snapshots, and all of the log.
    private func shipped(
        _ folder: String, _ points: [UInt64], through end: UInt64
    ) async throws {
        let archive = try DirectoryArchive(path: folder)
        let deadline = ContinuousClock.now + .seconds(60)
        var contents: ArchiveContents?
        while ContinuousClock.now < deadline {
            if let prefix = try ArchiveCheck.histories(in: archive).first {
                contents = ArchiveContents(prefix, names: try archive.list(prefix.text))
            }
            if let contents, contents.points.map(\.rawValue).sorted() == points,
                contents.contiguous(after: LSN(0)) >= LSN(end)
            {
                return
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("after a minute: \(contents?.points ?? []), \(contents?.logs ?? [])")
    }

    /// Gives a restored folder what an archive has not: certificates, a token and a configuration,
    /// which are the lost node's.
    private func adopt(_ folder: String, from data: String) throws {
        for name in ["tls", "admin.token", "holdfast.toml"] {
            try FileManager.default.copyItem(
                atPath: "\(data)/\(name)", toPath: "\(folder)/\(name)")
        }
        let path = "\(folder)/holdfast.toml"
        let lines = try String(contentsOfFile: path, encoding: .utf8).split(
            separator: "\n", omittingEmptySubsequences: false)
        let own = lines.filter { !$0.hasPrefix("archive") && !$0.hasPrefix("peers") }
        try own.joined(separator: "\n").write(toFile: path, atomically: true, encoding: .utf8)
    }
}
