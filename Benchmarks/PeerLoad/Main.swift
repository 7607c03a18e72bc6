import Glibc

/// One load program for all stores: the same work, data, connections and depth.
@main
struct Main {
    static func main() {
        do {
            let options = try Options(Array(CommandLine.arguments.dropFirst()))
            if options.command == .spin { return spin(options.course.seconds) }
            switch options.store {
            case .holdfast: try perform(options, HoldfastDialect.self)
            case .redis: try perform(options, RedisDialect.self)
            case .tarantool: try perform(options, TarantoolDialect.self)
            case .postgres: try perform(options, PostgresDialect.self)
            }
        } catch {
            let line = Array("peer-load: \(error)\n".utf8)
            _ = Glibc.write(2, line, line.count)
            exit(error is Complaint ? 69 : 70)
        }
    }

    private static func perform<Speech: Dialect>(_ options: Options, _: Speech.Type) throws {
        let target = try options.target()
        if options.command == .prepare {
            let workload = Workload(KeyFile(tasks: options.tasks), seed: 1)
            let load = try Load<Speech>(target, workload, connections: 1, depth: 2)
            try load.perform(Speech.preparation(workload.keys))
            let start = monotonicTime()
            try load.loadAll()
            let seconds = Double(monotonicTime() - start) / 1e9
            try workload.keys.write(to: options.keys)
            let count = workload.keys.tasks.count
            print("{\"tasks\":\(count),\"seconds\":\(seconds)}")
            return
        }
        let workload = Workload(try KeyFile(path: options.keys), seed: monotonicTime())
        for row in options.rows {
            let load = try Load<Speech>(
                target, workload, connections: row.connections, depth: row.depth)
            try load.run(row, options.course) { report in
                print(report.json)
                // Who reads them wants each when it is there.
                fflush(nil)
            }
        }
    }

    /// Looks at the clock without pause: a gap of more than 20 µs is time that somebody else had.
    private static func spin(_ seconds: Double) {
        let start = monotonicTime()
        let end = start + UInt64(seconds * 1e9)
        var last = start
        var lost: UInt64 = 0
        while last < end {
            let now = monotonicTime()
            if now - last > 20_000 { lost += now - last }
            last = now
        }
        print("{\"lost\":\(Double(lost) / Double(last - start))}")
    }
}
