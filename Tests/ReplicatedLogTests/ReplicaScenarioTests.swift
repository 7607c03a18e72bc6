import Foundation
import Testing

/// The scripts in `Scenarios/`, as etcd's raft has them: the expected output is in the file, to be
/// read and reviewed. `HOLDFAST_REWRITE_SCENARIOS=1` writes what came out; commit a difference only
/// if you understand it.
@Suite struct ReplicaScenarioTests {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Scenarios")

    static func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".txt") }.sorted()
    }

    @Test(arguments: try names())
    func `a script comes out as it is written`(_ name: String) throws {
        let file = Self.folder.appending(path: name)
        let script = ScenarioScript(try String(contentsOf: file, encoding: .utf8))
        let result = script.run()
        if ProcessInfo.processInfo.environment["HOLDFAST_REWRITE_SCENARIOS"] != nil {
            try Data(result.text.utf8).write(to: file)
            return
        }
        for (expected, found) in zip(script.blocks, result.blocks) {
            #expect(found.output == expected.output, "\(name): \(expected.commands)")
        }
    }
}
