/// One thing that is measured on its own, without sockets, disks or threads.
///
/// The measured code is not public, so the work lives here, in the main package. The package in
/// `Benchmarks/` runs it often and tells times; `Tests/MicrobenchmarksTests` runs it once at a tiny
/// size and checks what it did, so that none rots.
public struct Microbenchmark: Sendable, CustomStringConvertible {
    /// What is measured: "perform create".
    public let name: String
    /// What a unit of the work is: "command".
    public let unit: String
    /// Makes the work of an extent, which is not measured.
    public let prepare: @Sendable (Extent) throws -> any MeasuredWork

    public init(
        name: String, unit: String,
        prepare: @escaping @Sendable (Extent) throws -> any MeasuredWork
    ) {
        self.name = name
        self.unit = unit
        self.prepare = prepare
    }

    public var description: String { name }

    /// All of them, in the order of a request's path.
    public static let all: [Microbenchmark] =
        codecs + frames + [
            authorising, performingCreates, performingUpdates, gets, groupedGets, lists,
            applyingCreates, applyingUpdates, lonelyAppends, groupedAppends, replay, snapshotRows,
            snapshotCompression, snapshotLoading,
        ]
}

/// How much work there is.
public struct Extent: Sendable {
    /// The tasks in the workspace that is asked.
    public let tasks: Int
    /// The units of one run, where the work can be cut into runs.
    public let units: Int

    /// Large enough that the caches do not hold everything, and that a run dwarfs the clock.
    public static let usual = Extent(tasks: 100_000, units: 2_000)
    /// To see whether it works.
    public static let tiny = Extent(tasks: 150, units: 20)
}

/// Work that can be run again and again.
public protocol MeasuredWork: AnyObject {
    /// The units of one run.
    var units: Int { get }
    /// Makes what the next run takes; not measured.
    func makeReady() throws
    /// Does the work of `units` units: what is measured.
    func run() throws
    /// Throws `WrongResult` if the runs so far have not done what they should have, or if there
    /// was none; not measured.
    func check() throws
}

extension MeasuredWork {
    /// Most work is always ready.
    public func makeReady() {}
}

/// A result that is not what it should be: the times would mean nothing.
public struct WrongResult: Error, CustomStringConvertible {
    public let description: String

    init<Value: Equatable>(_ what: String, expected: Value, found: Value) {
        description = "\(what): expected \(expected), found \(found)"
    }

    /// Throws if the two differ.
    public static func unless<Value: Equatable>(
        _ found: Value, is expected: Value, _ what: String
    ) throws(WrongResult) {
        guard found == expected else { throw WrongResult(what, expected: expected, found: found) }
    }
}
