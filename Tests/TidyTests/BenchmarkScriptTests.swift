import Foundation
import Testing

@Suite struct BenchmarkScriptTests {
    /// The scripts of the benchmarks need no store and no build to be tested: medians, ratios,
    /// targets, the noise, growth, trends, the pages and the plots.
    @Test func `the arithmetic of the benchmarks holds`() throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", "-B", "-m", "unittest", "harness.test_results", "harness.test_scale",
        ]
        process.currentDirectoryURL = SourceTree.root.appending(path: "Benchmarks")
        let output = Pipe()
        process.standardError = output
        try process.run()
        let said = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
    }

    /// What the benchmark gives a node is checked in `BenchmarkConfigurationTests`; what it gets by
    /// its environment would not be seen there.
    @Test func `a node reads one environment variable, and that is systemd's`() throws {
        let words = ["getenv(", "ProcessInfo", "environ[", "secure_getenv", "/proc/self/environ"]
        for file in try SourceTree.files("Sources") where file.target != "holdfast" {
            for line in file.lines {
                for word in words where line.contains(word) {
                    #expect(file.path == "Sources/holdfastd/Terminal.swift", "\(file) has \(word)")
                }
                for match in line.matches(of: /environment\("([^"]*)"\)/) {
                    #expect(match.1 == "NOTIFY_SOCKET", "\(file) reads \(match.1)")
                }
            }
        }
    }

    @Test func `the programs that are measured are built as anybody builds them`() throws {
        let folder = SourceTree.root.appending(path: "Benchmarks")
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".py") || ["run", "scale", "steady"].contains($0) }
        var builds = 0
        for path in paths.sorted() where !path.contains(".build") {
            let script = try String(contentsOf: folder.appending(path: path), encoding: .utf8)
            let found = script.matches(of: /\["swift", "build"([^\]]*)\]/)
            for match in found {
                let words = match.1.split(separator: ",")
                    .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
                    .filter { !$0.isEmpty }
                #expect(words.count == 4, "\(path) builds with \(words)")
                #expect(words.starts(with: ["\"-c\"", "\"release\"", "\"--product\""]), "\(path)")
            }
            builds += found.count
            #expect(script.matches(of: /["']swift/).count == found.count, "\(path) uses swift")
        }
        #expect(builds > 0, "something is built")
    }
}
