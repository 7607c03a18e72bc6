/// What a row came to, as one line of JSON.
struct Report {
    /// What a part of the store, or this program, used meanwhile.
    struct Share {
        var name: String
        var processorSeconds: Double
        var writtenBytes: UInt64

        init(_ name: String, _ before: ProcessGroup.Usage, _ after: ProcessGroup.Usage) {
            self.name = name
            processorSeconds = after.processorSeconds - before.processorSeconds
            writtenBytes = after.writtenBytes &- min(before.writtenBytes, after.writtenBytes)
        }
    }

    var row: Row
    var rate: Double?
    var seconds: Double
    var histogram: LatencyHistogram
    var errors: UInt64
    var problem: String
    var usage: [Share]

    var json: String {
        var fields = [
            "\"row\":\"\(row.name)\"", "\"operations\":\(histogram.total)",
            "\"seconds\":\(rounded(seconds))",
            "\"rate\":\(rounded(Double(histogram.total) / seconds))",
        ]
        if let rate { fields.append("\"offered\":\(rate)") }
        for (name, percent) in [("p50", 50), ("p99", 99), ("p999", 99.9)] {
            fields.append("\"\(name)_us\":\(microseconds(histogram.percentile(percent)))")
        }
        fields.append("\"max_us\":\(microseconds(histogram.max))")
        fields.append("\"errors\":\(errors)")
        fields.append("\"problem\":\"\(problem.filter { $0 >= " " && $0 != "\"" && $0 != "\\" })\"")
        let processors = usage.map { "\"\($0.name)\":\(rounded($0.processorSeconds))" }
        fields.append("\"processor_seconds\":{\(processors.joined(separator: ","))}")
        let written = usage.map { "\"\($0.name)\":\($0.writtenBytes)" }
        fields.append("\"written_bytes\":{\(written.joined(separator: ","))}")
        return "{\(fields.joined(separator: ","))}"
    }

    private func microseconds(_ nanoseconds: UInt64) -> Double {
        rounded(Double(nanoseconds) / 1_000)
    }

    private func rounded(_ value: Double) -> Double { (value * 100).rounded() / 100 }
}
