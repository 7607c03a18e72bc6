internal import ByteCoding
internal import WorkProtocol

extension Microbenchmark {
    /// Reading and writing each of the hot messages.
    static let codecs: [Microbenchmark] =
        codec(CreateTask.self) + codec(UpdateTask.self) + codec(GetTask.self)
        + codec(ListTasks.self) + codec(WorkTask.self) + codec(ChangeRecord.self)

    private static func codec<Value: Message>(_ type: Value.Type) -> [Microbenchmark] {
        [
            Microbenchmark(name: "decode \(type.messageName)", unit: "message") { extent in
                Decoding<Value>(try HotMessages()[Value.messageName], extent)
            },
            Microbenchmark(name: "encode \(type.messageName)", unit: "message") { extent in
                try Encoding<Value>(try HotMessages()[Value.messageName], extent)
            },
        ]
    }
}

/// Reads messages, one after the other.
private final class Decoding<Value: Message>: MeasuredWork {
    let units: Int
    private let samples: [[UInt8]]
    private var last: Value?

    init(_ samples: [[UInt8]], _ extent: Extent) {
        self.samples = samples
        units = extent.units
    }

    func run() throws {
        var message: Value?
        for number in 0..<units {
            message = try Value(decoding: samples[number % samples.count])
        }
        last = message
    }

    func check() throws {
        try WrongResult.unless(
            last?.encoded(), is: samples[(units - 1) % samples.count], "the last message")
    }
}

/// Writes messages into memory that is there, as answers and records are.
private final class Encoding<Value: Message>: MeasuredWork {
    let units: Int
    private let messages: [Value]
    private let samples: [[UInt8]]
    private var written: [UInt8] = []

    init(_ samples: [[UInt8]], _ extent: Extent) throws {
        self.samples = samples
        messages = try samples.map { try Value(decoding: $0) }
        units = extent.units
    }

    func run() {
        var writer = ByteWriter(capacity: 4096)
        for number in 0..<units {
            writer.removeAll()
            messages[number % messages.count].encode(into: &writer)
        }
        written = writer.bytes
    }

    func check() throws {
        try WrongResult.unless(
            written, is: samples[(units - 1) % samples.count], "the last message")
    }
}
