import Foundation
import Testing

/// `holdfast demo` as a script: the main job, end to end.
@Suite(.serialized) struct DemoTests {
    @Test func `the first five minutes do what they say`() throws {
        let place = try TemporaryFolder()
        let run = try ProgramRun.of(
            ["demo", "--tasks", "400"],
            input: """
                task create "Order the cake" --due friday
                kill primary
                my
                export project "Website relaunch" --format csv --output x.csv
                export my --format csv --output my.csv
                status

                """, in: place.path)
        #expect(run.code == 0, "\(run.output)\n\(run.errors)")
        #expect(run.output.contains("acknowledged writes lost: 0"))
        #expect(run.output.contains("a fresh follower joined, 2 copies again"))
        let mine = try String(contentsOfFile: "\(place.path)/my.csv", encoding: .utf8)
        #expect(mine.contains("Order the cake"))
        let project = try Data(contentsOf: URL(filePath: "\(place.path)/x.csv"))
        let begins = project.starts(with: Data("\u{FEFF}Task ID,".utf8))
        #expect(begins)
        let left = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
        #expect(left == ["my.csv", "x.csv"])
    }

    @Test func `a script stops at the first command that fails, with its exit code`() throws {
        let run = try ProgramRun.of(
            ["demo", "--tasks", "50"],
            input: "project show Nothing\ntask create \"Never reached\"\n")
        #expect(run.code == 66)
        #expect(run.errors.contains("there is no project “Nothing”"))
        #expect(!run.output.contains("Never reached"))
    }

    @Test func `a killed follower is replaced`() throws {
        let run = try ProgramRun.of(
            ["demo", "--tasks", "50"],
            input: "kill follower\ntask create \"Still here\"\nkill primary\nmy\n")
        #expect(run.code == 0, "\(run.output)\n\(run.errors)")
        #expect(run.output.contains("acknowledged writes lost: 0"))
        #expect(run.output.contains("Still here"))
    }

    @Test func `what was deleted along with something else is not called lost`() throws {
        let demo = try Dialogue(["demo", "--tasks", "20"])
        let parent = try demo.type("task create Parent", until: "  Parent").gid
        let child = try demo.type("task create Child --parent \(parent)", until: "  Child").gid
        try demo.type("comment add \(child) Gone", until: "commented")
        try demo.type("task delete \(parent) --yes", until: "in the trash")
        try demo.type("kill primary", until: "acknowledged writes lost: 0")
        #expect(try demo.end() == 0, "\(demo.transcript)")
    }

    @Test func `the primary that is killed is the one of the moment`() throws {
        let demo = try Dialogue(["demo", "--tasks", "20"])
        try demo.type("admin switchover --reason test", until: "is primary in epoch")
        try demo.type("task create \"After the switch\"", until: "2 copies")
        try demo.type("kill primary", until: "acknowledged writes lost: 0")
        try demo.type("my", until: "After the switch")
        #expect(try demo.end() == 0, "\(demo.transcript)")
    }

    @Test func `a demo whose reader has left takes its folder with it`() throws {
        let place = try TemporaryFolder()
        let shell = Process()
        shell.executableURL = URL(filePath: "/bin/sh")
        let lines = "status\\nproject list\\nuser list\\ntag list\\nstatus\\n"
        shell.arguments = [
            "-c",
            "printf '\(lines)' | '\(ProgramRun.folder)/holdfast' demo --tasks 20 | head -n 1",
        ]
        shell.environment = ["PATH": "/usr/bin:/bin", "TMPDIR": place.path, "TZ": "UTC"]
        shell.standardOutput = FileHandle.nullDevice
        try shell.run()
        shell.waitUntilExit()
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path).isEmpty)
    }

    @Test func `what --keep keeps is a pair that can be started again`() throws {
        let place = try TemporaryFolder()
        let run = try ProgramRun.of(
            ["demo", "--tasks", "20", "--keep", "\(place.path)/kept"], input: "my\n")
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.contains("holdfastd run --data \(place.path)/kept/node-a0"))
        let again = try ProgramRun.of(["demo", "--keep", "\(place.path)/kept"])
        #expect(again.code == 73)
    }
}

extension String {
    /// The gid in a line that says what was done.
    fileprivate var gid: String {
        split(separator: " ").map(String.init).first { UInt64($0) != nil } ?? ""
    }
}
