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
}
