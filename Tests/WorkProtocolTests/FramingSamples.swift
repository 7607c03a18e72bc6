import ByteCoding

@testable import WorkProtocol

/// A frame as plain values, to compare.
struct PlainFrame: Hashable, CustomStringConvertible {
    var header: FrameHeader
    var extensions = Extensions()
    var payload: [UInt8] = []

    init(_ header: FrameHeader, _ extensions: Extensions = Extensions(), _ payload: [UInt8] = []) {
        self.header = header
        self.extensions = extensions
        self.payload = payload
    }

    init(_ frame: borrowing Frame) throws(FrameError) {
        header = frame.header
        extensions = try frame.extensions()
        payload = frame.payloadCopy()
    }

    /// The same without what the encoder fills in.
    var normal: PlainFrame {
        var frame = self
        frame.header.length = 28
        frame.header.extensionBytes = 0
        frame.header.checksum = 0
        return frame
    }

    var description: String { "\(header.type) \(header) \(extensions) \(payload.count) bytes" }

    func encoded(_ encoder: FrameEncoder = FrameEncoder()) -> [UInt8] {
        var writer = ByteWriter()
        encoder.append(header, extensions: extensions, payload: payload, to: &writer)
        return writer.bytes
    }
}

extension FrameDecoder {
    /// Past its greeting.
    static func opened(
        from sender: Sender, features: Features = [], messageBytes: Int? = nil
    ) -> FrameDecoder {
        var decoder = FrameDecoder(from: sender, messageBytes: messageBytes)
        if sender == .client { _ = try? decoder.frames(in: Preface.bytes) }
        decoder.open(features: features)
        return decoder
    }

    /// All frames in `bytes`, given in reads of at most `step`.
    mutating func frames(
        in bytes: [UInt8], step: Int = .max
    ) throws(FrameError) -> [PlainFrame] {
        var frames: [PlainFrame] = []
        var start = 0
        while start < bytes.count {
            let end = start + min(step, bytes.count - start)
            let part = Array(bytes[start..<end])
            var reader = unsafe ByteReader(part.span.bytes)
            while let frame = try next(&reader) { frames.append(try PlainFrame(frame)) }
            start = end
        }
        return frames
    }
}

/// A small generator of numbers that a seed reproduces (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
