import Checking
import Glibc
import Simulation

/// Runs, one after the other, several at once, until they are through, time is over or one fails.
struct Runs {
    /// One run: its number, for when the process dies in it, and what it does.
    struct Task: Sendable {
        var number: UInt64
        var work: @Sendable () -> Report
    }

    /// What all of them came to.
    struct Result {
        var done = 0
        var coverage = Coverage()
        var failure: String?
        var elapsed = Duration.zero
    }

    let minutes: Double?
    let next: () -> Task?

    /// - Parameter next: gives one run after the other, and nil at the end.
    init(minutes: Double?, _ next: @escaping () -> Task?) {
        self.minutes = minutes
        self.next = next
    }

    func examine(atOnce jobs: Int) async -> Result {
        RunningNumbers.tellWhenKilled()
        let clock = ContinuousClock()
        let start = clock.now
        let end = minutes.map { start.advanced(by: .seconds($0 * 60)) }
        var result = Result()
        var told = start
        await withTaskGroup(of: (Int, Report).self) { group in
            func begin(_ place: Int) {
                guard result.failure == nil, end.map({ clock.now < $0 }) ?? true,
                    let task = next()
                else { return }
                RunningNumbers.set(place, task.number)
                group.addTask { (place, task.work()) }
            }
            for place in 0..<min(max(1, jobs), RunningNumbers.capacity) { begin(place) }
            while let (place, report) = await group.next() {
                result.done += 1
                result.coverage.add(report.coverage)
                if report.isTold { print(report.text) }
                if !report.isGood, result.failure == nil { result.failure = report.failure }
                if clock.now - told > .seconds(10) {
                    told = clock.now
                    complain("\(result.done) runs in \(clock.now - start)\n")
                }
                begin(place)
            }
        }
        result.elapsed = clock.now - start
        return result
    }
}

/// What one run came to, as text.
struct Report: Sendable {
    var isGood: Bool
    var isTold: Bool
    var text: String
    var failure: String
    var coverage: Coverage

    init(_ outcome: Scenario.Outcome, _ what: String, _ repeats: String, isTold: Bool) {
        let verdict = outcome.verdict
        isGood = verdict.isGood
        self.isTold = isTold
        coverage = outcome.coverage
        let events = outcome.events.map { "  - \($0)\n" }.joined()
        text =
            "\(repeats)\n  \(what)\n\(events)  acknowledged \(verdict.acknowledged) unknown "
            + "\(verdict.unknown) reads \(verdict.reads) lost \(verdict.lost) doubled "
            + "\(verdict.doubled) stale \(verdict.stale)"
        let problems = verdict.problems.map { "\n  ! \($0)" }.joined()
        failure = text + problems + "\nrepeat it with: \(repeats)"
    }
}

/// Writes to the diagnostics at once.
func complain(_ text: String) {
    let bytes = Array(text.utf8)
    _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
}
