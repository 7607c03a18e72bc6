import Benchmark
import Glibc
import Microbenchmarks
import ProtobufComparison

/// Processor time of one unit of the work. (Of the clock on the wall, this machine's other work
/// would be a part.)
private let cost = BenchmarkMetric.custom(
    "ns of processor time a unit", polarity: .prefersSmaller, useScalingFactor: false)

/// What benchmark's own plugin would write. With the plugin, the tools it needs would be built for
/// `peer-load`, too.
@main
struct Micro: BenchmarkRunnerHooks {
    static func registerBenchmarks() {
        for one in Microbenchmark.all {
            register(one)
            // Next to what it is compared with, since the machine changes.
            for other in ProtobufComparison.all where other.name.hasPrefix(one.name + ",") {
                register(other)
            }
        }
    }
}

private func register(_ one: Microbenchmark) {
    var work: (any MeasuredWork)?
    Benchmark(
        "\(one.name) (\(one.unit))",
        configuration: .init(
            metrics: [cost], units: [cost: .count], warmupIterations: 3, maxDuration: .seconds(3),
            maxIterations: 10_000)
    ) { benchmark in
        guard let work else { return benchmark.error("nothing was made ready") }
        try work.makeReady()
        let start = processorTime()
        try work.run()
        let taken = processorTime() - start
        benchmark.measurement(cost, (taken + work.units / 2) / work.units)
    } setup: {
        work = try one.prepare(.usual)
    } teardown: {
        let done = work
        work = nil
        try done?.check()
    }
}

/// What this thread has had of the processor, nanoseconds.
private func processorTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
