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
}
