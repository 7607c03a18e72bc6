internal import ByteCoding
internal import WorkProtocol

extension Microbenchmark {
    /// Taking frames out of what a socket gave, and writing one.
    static let frames: [Microbenchmark] = [
        Microbenchmark(name: "decode frames, 16 a read", unit: "frame") { extent in
            FrameDecoding(16, extent)
        },
        Microbenchmark(name: "decode frames, one a read", unit: "frame") { extent in
            FrameDecoding(1, extent)
        },
        Microbenchmark(name: "decode frames, each in two reads", unit: "frame") { extent in
            FrameDecoding(1, pieces: 2, extent)
        },
        Microbenchmark(name: "encode frame", unit: "frame") { FrameEncoding($0) },
    ]
}

/// Updates of a task with request IDs, as a client sends them over a UNIX socket.
private enum SampleFrames {
    static let payload = UpdateTask.with {
        $0.task = 7 << 32 | 123_456
        $0.notes = String(repeating: "Changed words. ", count: 10)
    }.encoded()

    /// A decoder past a client's greeting.
    static func decoder() throws -> FrameDecoder {
        var decoder = FrameDecoder(from: .client)
        let preface = Preface.bytes
        var reader = unsafe ByteReader(preface.span.bytes)
        _ = try decoder.next(&reader)
        decoder.open()
        return decoder
    }

    static func append(_ stream: UInt32, to writer: inout ByteWriter) {
        var extensions = Extensions()
        extensions.requestID = RequestID(
            high: 1_700_000_000_000 << 16, low: 1, sequence: UInt64(stream), acknowledged: 1)
        FrameEncoder().append(
            FrameHeader(
                .request, flags: .end, code: Method.updateTask.id, stream: stream, route: 7),
            extensions: extensions, payload: payload, to: &writer)
    }
}

private final class FrameDecoding: MeasuredWork {
    let units: Int
    private let reads: [[UInt8]]
    private var decoder = FrameDecoder(from: .client)
    private var runs = 0
    private var frames = 0
    private var payloadBytes = 0
    private var sequences: UInt64 = 0

    /// Reads of so many frames each, every one of them cut into so many pieces.
    init(_ framesInRead: Int, pieces: Int = 1, _ extent: Extent) {
        let count = max(1, extent.units / framesInRead)
        units = count * framesInRead
        var reads: [[UInt8]] = []
        for number in 0..<count {
            var writer = ByteWriter(capacity: 4096)
            for index in 0..<framesInRead {
                SampleFrames.append(UInt32(number * framesInRead + index) * 2 + 1, to: &writer)
            }
            let bytes = writer.bytes
            let size = (bytes.count + pieces - 1) / pieces
            reads += stride(from: 0, to: bytes.count, by: size).map {
                [UInt8](bytes[$0..<min($0 + size, bytes.count)])
            }
        }
        self.reads = reads
    }

    /// Streams rise in a connection, so each run is a connection of its own.
    func makeReady() throws {
        decoder = try SampleFrames.decoder()
    }

    func run() throws {
        runs += 1
        for read in reads {
            var reader = unsafe ByteReader(read.span.bytes)
            while let frame = try decoder.next(&reader) {
                frames += 1
                payloadBytes += frame.payload.byteCount
                sequences &+= try frame.extensions().requestID?.sequence ?? 0
            }
        }
    }

    func check() throws {
        try WrongResult.unless(frames, is: max(runs, 1) * units, "frames")
        try WrongResult.unless(payloadBytes, is: frames * SampleFrames.payload.count, "payload")
        // The streams of a run are 1, 3, 5 …
        try WrongResult.unless(sequences, is: UInt64(runs * units * units), "sum of sequences")
    }
}

private final class FrameEncoding: MeasuredWork {
    let units: Int
    private var written: [UInt8] = []

    init(_ extent: Extent) { units = extent.units }

    func run() {
        var writer = ByteWriter(capacity: 4096)
        for number in 0..<units {
            writer.removeAll()
            SampleFrames.append(UInt32(number) * 2 + 1, to: &writer)
        }
        written = writer.bytes
    }

    func check() throws {
        var decoder = try SampleFrames.decoder()
        let bytes = written
        var reader = unsafe ByteReader(bytes.span.bytes)
        guard let frame = try decoder.next(&reader) else {
            throw WrongResult("bytes of a frame", expected: SampleFrames.payload.count, found: 0)
        }
        try WrongResult.unless(frame.payloadCopy(), is: SampleFrames.payload, "payload")
    }
}
