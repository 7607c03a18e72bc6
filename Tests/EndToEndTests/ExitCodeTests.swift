import Foundation
import Testing

/// Every way to go wrong that needs no store of its own, or finds none.
@Suite struct ExitCodeTests {
    @Test(arguments: [
        (["task", "create"], 64), (["no-such-command"], 64), (["my", "someday"], 64),
        (["describe"], 0), (["describe", "Tasks/CreateTask"], 0), (["describe", "Nothing"], 66),
        (["whoami"], 78), (["whoami", "--context", "nowhere"], 78),
        (["whoami", "--data", "/nonexistent"], 66), (["demo", "--import", "/nonexistent"], 66),
        (["--help"], 0), (["--version"], 0),
        (["token", "revoke", "x", "--yes", "--data", "/nonexistent"], 64),
    ])
    func `a command ends with its exit code`(_ arguments: [String], _ code: Int32) throws {
        let run = try ProgramRun.of(arguments)
        #expect(run.code == code, "\(run.output)\(run.errors)")
        if code != 0 {
            #expect(run.output.isEmpty, "standard output is data")
            #expect(!run.errors.isEmpty)
        }
    }

    @Test func `a store that is not there is unavailable`() throws {
        let place = try TemporaryFolder()
        try Data("hft_x\n".utf8).write(to: URL(filePath: "\(place.path)/token"))
        let run = try ProgramRun.of([
            "whoami", "--address", "\(place.path)/holdfast.sock", "--token-file",
            "\(place.path)/token", "--timeout", "1",
        ])
        #expect(run.code == 69, "\(run.errors)")
        #expect(run.errors.contains("help: holdfast status"))
    }

    @Test func `a broken file of contexts is named with its line`() throws {
        let place = try TemporaryFolder()
        try Data("current = work\n".utf8).write(to: URL(filePath: "\(place.path)/contexts.toml"))
        let run = try ProgramRun.of(["whoami"], environment: ["HOLDFAST_HOME": place.path])
        #expect(run.code == 78)
        #expect(run.errors.contains("line 1"))
        #expect(run.errors.contains("contexts.toml"))
    }
}
