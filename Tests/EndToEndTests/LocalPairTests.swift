import Foundation
import LocalPair
import Testing

/// What the demo, the drills and these tests stand on.
@Suite struct LocalPairTests {
    @Test func `a node that finds its port taken gets another one`() async throws {
        let place = try TemporaryFolder()
        // A stand-in that says "address in use" the first time it is to run a folder.
        let script = """
            #!/bin/sh
            if [ "$1" = run ] && [ ! -e "$3.begun" ]; then
                touch "$3.begun"
                exit 73
            fi
            exec '\(ProgramRun.folder)/holdfastd' "$@"
            """
        let program = "\(place.path)/holdfastd"
        try Data(script.utf8).write(to: URL(filePath: program))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let pair = LocalPair(programs: place.path, root: "\(place.path)/pair")
        pair.settings = ["segment_bytes = \(1 << 20)"]
        defer { pair.stop() }
        try await pair.start()
        #expect(pair.members.count == 2)
        for member in pair.members {
            let settings = try String(
                contentsOfFile: "\(member.folder)/holdfast.toml", encoding: .utf8)
            #expect(settings.contains("listen = \"\(member.address)\""))
            #expect(FileManager.default.fileExists(atPath: "\(member.folder).begun"))
        }
    }
}
