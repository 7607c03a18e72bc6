public import Microbenchmarks
internal import SwiftProtobuf

/// The hot messages read and written by swift-protobuf, as the generated code of the same schema
/// does it: what the project's own codecs are compared with. The bytes are the same on both sides.
public enum ProtobufComparison {
    public static let all: [Microbenchmark] =
        codec(Holdfast_V1_CreateTask.self) + codec(Holdfast_V1_UpdateTask.self)
        + codec(Holdfast_V1_GetTask.self) + codec(Holdfast_V1_ListTasks.self)
        + codec(Holdfast_V1_WorkTask.self) + codec(Holdfast_V1_ChangeRecord.self)

    private static func codec<Value: SwiftProtobuf.Message & Equatable>(
        _ type: Value.Type
    ) -> [Microbenchmark] {
        let name = type.protoMessageName.split(separator: ".").last.map(String.init) ?? ""
        return [
            Microbenchmark(name: "decode \(name), swift-protobuf", unit: "message") { extent in
                Decoding<Value>(try HotMessages()[name], extent)
            },
            Microbenchmark(name: "encode \(name), swift-protobuf", unit: "message") { extent in
                try Encoding<Value>(try HotMessages()[name], extent)
            },
        ]
    }
}

private final class Decoding<Value: SwiftProtobuf.Message & Equatable>: MeasuredWork {
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
            message = try Value(serializedBytes: samples[number % samples.count])
        }
        last = message
    }

    func check() throws {
        let bytes: [UInt8]? = try last?.serializedBytes()
        try WrongResult.unless(
            bytes, is: samples[(units - 1) % samples.count], "the last message")
    }
}

/// It has no way to write into memory that is there: each message gets an array of its own.
private final class Encoding<Value: SwiftProtobuf.Message & Equatable>: MeasuredWork {
    let units: Int
    private let messages: [Value]
    private let samples: [[UInt8]]
    private var written: [UInt8] = []

    init(_ samples: [[UInt8]], _ extent: Extent) throws {
        self.samples = samples
        messages = try samples.map { try Value(serializedBytes: $0) }
        units = extent.units
    }

    func run() throws {
        var bytes: [UInt8] = []
        for number in 0..<units {
            bytes = try messages[number % messages.count].serializedBytes()
        }
        written = bytes
    }

    func check() throws {
        try WrongResult.unless(
            written, is: samples[(units - 1) % samples.count], "the last message")
    }
}
