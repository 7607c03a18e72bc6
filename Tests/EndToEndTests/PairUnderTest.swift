import Foundation
import LocalPair
import Testing

/// A pair of real nodes for the tests of one suite, by its place: what a person would know of it.
struct PairUnderTest: Sendable {
    @TaskLocal static var current: PairUnderTest?

    /// The folder of the primary.
    var data: String
    /// A folder for the tests' own files.
    var folder: String
    var addresses: [String]

    /// Makes and starts a pair in a folder of its own; whoever asked for it stops it.
    static func start(in place: TemporaryFolder) async throws -> LocalPair {
        let pair = LocalPair(programs: ProgramRun.folder, root: "\(place.path)/pair")
        // Segments are written ahead in full.
        pair.settings = ["segment_bytes = \(16 << 20)"]
        do { try await pair.start() } catch {
            pair.stop()
            throw error
        }
        return pair
    }

    /// Runs `holdfast` against the pair.
    static func holdfast(_ arguments: String..., input: String = "") throws -> ProgramRun {
        let pair = try #require(current)
        return try ProgramRun.of(arguments + ["--data", pair.data], input: input, in: pair.folder)
    }

    /// Runs `holdfast`, which has to succeed, and gives what it printed without the line's end.
    @discardableResult
    static func ask(_ arguments: String..., input: String = "") throws -> String {
        let pair = try #require(current)
        let run = try ProgramRun.of(
            arguments + ["--data", pair.data], input: input, in: pair.folder)
        try #require(run.code == 0, "\(arguments): \(run.errors)")
        return run.line
    }
}

/// Gives a suite a pair of nodes, which ends with it.
struct WithPair: SuiteTrait, TestScoping {
    var isRecursive: Bool { false }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent () async throws -> Void
    ) async throws {
        let place = try TemporaryFolder()
        let pair = try await PairUnderTest.start(in: place)
        defer { pair.stop() }
        let known = PairUnderTest(
            data: pair.members[pair.primary].folder, folder: place.path, addresses: pair.addresses)
        try await PairUnderTest.$current.withValue(known) { try await function() }
    }
}

extension Trait where Self == WithPair {
    static var withPair: WithPair { WithPair() }
}
