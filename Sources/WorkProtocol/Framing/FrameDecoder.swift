package import ByteCoding

/// Takes a connection's bytes as they come and gives the frames in them.
///
/// It owns what has arrived of an unfinished frame and of messages in fragments, and nothing else.
/// A frame that lies whole in a read is not copied. Every length is checked before it is believed,
/// and memory grows only as bytes arrive. After an error the connection is done for: the decoder
/// throws the same error again.
///
///     var reader = ByteReader(bytes)
///     while let frame = try decoder.next(&reader) { … }
package struct FrameDecoder: Sendable {
    /// Whose frames these are.
    package enum Sender: Sendable {
        /// A client's: a preface, then HELLO, then requests.
        case client
        /// A server's: HELLO_OK, then responses.
        case server
        /// Another node's: only frames between nodes, pings and GOAWAY.
        case peer
    }

    package let sender: Sender
    /// The largest message, all fragments together, decompressed.
    package var messageBytes: Int
    /// What the two ends have agreed on.
    package private(set) var features: Features = []
    /// How many frames have been given or passed over.
    package private(set) var frameCount = 0

    /// Whether the connection is past its greeting, so that all types are taken.
    private(set) var isOpen: Bool
    /// How much of the preface has come. Invariant: at most 8.
    private var prefaceCount: Int
    /// What has come of an unfinished frame.
    private var pending: [UInt8] = []
    /// Once a frame came with a checksum, each must.
    private var sawChecksum = false
    /// The highest stream a request came on.
    package private(set) var lastStream: UInt32 = 0
    private(set) var reassembly = Reassembly()
    private var failure: FrameError?

    package init(from sender: Sender, messageBytes: Int? = nil) {
        self.sender = sender
        self.messageBytes =
            messageBytes ?? (sender == .client ? Limits.requestBytes : Limits.responseBytes)
        isOpen = sender == .peer
        prefaceCount = sender == .client ? 0 : Preface.bytes.count
    }

    /// The greeting is over: all frames are taken, with the larger limits and what was agreed.
    package mutating func open(features: Features = []) {
        isOpen = true
        self.features = features
    }

    /// Whether a frame (or the preface) has begun and not ended: what a time limit is for.
    package var isMidFrame: Bool {
        !pending.isEmpty || (prefaceCount > 0 && prefaceCount < Preface.bytes.count)
    }

    /// A place in the connection's frames, to ask later whether something stopped there.
    package struct Mark: Sendable {
        fileprivate var frameCount: Int
        fileprivate var isMidFrame: Bool
        /// Whether neither a frame nor a message had begun.
        package fileprivate(set) var isIdle: Bool
    }

    /// Where the connection's frames are now.
    package var mark: Mark {
        Mark(
            frameCount: frameCount, isMidFrame: isMidFrame,
            isIdle: !isMidFrame && reassembly.isEmpty)
    }

    /// Whether a frame that had begun at `mark` has not ended, or a message that had begun by then
    /// got nothing since. Complexity: O(unfinished messages).
    package func isStalled(since mark: Mark) -> Bool {
        (mark.isMidFrame && mark.frameCount == frameCount)
            || reassembly.isStalled(since: mark.frameCount)
    }

    /// Bytes held for unfinished frames and messages.
    package var heldBytes: Int { pending.count + reassembly.byteCount }

    /// The next whole frame; nil when all bytes have been taken. A frame that lies whole in the
    /// reader's bytes is a view of them.
    @_lifetime(copy input)
    package mutating func next(_ input: inout ByteReader) throws(FrameError) -> Frame? {
        if let failure { throw failure }
        do {
            return try nextFrame(&input)
        } catch {
            failure = error
            throw error
        }
    }

    @_lifetime(copy input)
    private mutating func nextFrame(_ input: inout ByteReader) throws(FrameError) -> Frame? {
        guard try passPreface(&input) else { return nil }
        while !input.isAtEnd {
            if let count = try wholeFrame(in: input) {
                let bytes = try Self.take(count, from: &input)
                switch try examine(bytes) {
                case .nothing: continue
                case .plain(let header):
                    return Frame(
                        header,
                        body: bytes.extracting(FrameHeader.byteCount..<bytes.byteCount))
                case .assembled(let header, let body):
                    return Frame(
                        header, owning: body, from: 0, empty: try Self.take(0, from: &input))
                }
            }
            guard try fillPending(&input) else { return nil }
            let bytes = pending
            pending = []
            switch try unsafe examine(bytes.span.bytes) {
            case .nothing: continue
            case .plain(let header):
                return Frame(
                    header, owning: bytes, from: FrameHeader.byteCount,
                    empty: try Self.take(0, from: &input))
            case .assembled(let header, let body):
                return Frame(
                    header, owning: body, from: 0, empty: try Self.take(0, from: &input))
            }
        }
        return nil
    }

    /// Looks at the whole frames that the input begins with, without taking them, so that what they
    /// ask for can be fetched ahead. Nothing but their lengths is checked; `next` does the rest. A
    /// frame whose message is compressed or came in parts is passed over.
    ///
    /// - Parameter most: how many frames are looked at.
    /// - Returns: how many there were; 0 within a frame and before the greeting is over.
    package func glance(
        at input: borrowing ByteReader, most: Int, _ body: (FrameHeader, RawSpan) -> Void
    ) -> Int {
        guard isOpen, pending.isEmpty else { return 0 }
        var probe = copy input
        var count = 0
        while count < most, let frame = Self.whole(&probe) {
            count += 1
            let header = FrameHeader.read(frame).header
            guard header.type == .request, header.flags.isDisjoint(with: [.lz4, .more]) else {
                continue
            }
            let start = FrameHeader.byteCount + Int(header.extensionBytes)
            guard start <= frame.byteCount else { return count }
            body(header, frame.extracting(start..<frame.byteCount))
        }
        return count
    }

    /// The bytes of the frame that comes next, if they are all there.
    @_lifetime(copy input)
    private static func whole(_ input: inout ByteReader) -> RawSpan? {
        var probe = input
        do {
            let header = FrameHeader.read(try probe.span(FrameHeader.byteCount)).header
            guard header.length >= UInt32(FrameHeader.countedBytes),
                header.frameBytes <= input.remaining
            else { return nil }
            return try input.span(header.frameBytes)
        } catch {
            return nil
        }
    }

    /// What a whole frame's bytes turn out to be.
    private enum Examined {
        /// To be passed over, or a fragment with more to come.
        case nothing
        /// Extensions and payload are as they stand.
        case plain(FrameHeader)
        /// Extensions and payload of a message that came in fragments or compressed.
        case assembled(FrameHeader, [UInt8])
    }

    /// Takes a whole frame whose header has been checked.
    private mutating func examine(_ bytes: RawSpan) throws(FrameError) -> Examined {
        let (header, _) = FrameHeader.read(bytes)
        frameCount += 1
        if header.type.isSkippable { return .nothing }
        try checkChecksum(header, bytes)
        if header.type == .request, !reassembly.has(header.stream) { lastStream = header.stream }
        if header.type == .reset { reassembly.drop(header.stream) }
        let body = bytes.extracting(FrameHeader.byteCount..<bytes.byteCount)
        if header.flags.contains(.more) || reassembly.has(header.stream) {
            let whole: (header: FrameHeader, body: [UInt8])?
            do {
                whole = try reassembly.add(
                    header, body, limit: messageBytes, frame: frameCount)
            } catch { throw error.inFrame(frameCount) }
            guard let whole else { return .nothing }
            return .assembled(whole.header, unsafe try expand(whole.header, whole.body.span.bytes))
        }
        guard header.flags.contains(.lz4) else {
            try checkSize(header)
            return .plain(header)
        }
        return .assembled(header, try expand(header, body))
    }

    private func checkSize(_ header: FrameHeader) throws(FrameError) {
        guard header.payloadBytes <= messageBytes else {
            throw FrameError(
                .tooLarge, frame: frameCount, offset: 0,
                expected: "a message of at most \(messageBytes) bytes",
                found: "\(header.payloadBytes) bytes")
        }
    }

    /// Extensions and payload with the payload decompressed, if it is compressed.
    private func expand(
        _ header: FrameHeader, _ body: RawSpan
    ) throws(FrameError) -> [UInt8] {
        var writer = ByteWriter()
        guard header.flags.contains(.lz4) else {
            writer.append(body)
            return writer.bytes
        }
        let start = Int(header.extensionBytes)
        writer.append(body.extracting(0..<start))
        do {
            try CompressedPayload.expand(
                body.extracting(start..<body.byteCount), limit: messageBytes, into: &writer)
        } catch { throw error.inFrame(frameCount) }
        return writer.bytes
    }

    private mutating func checkChecksum(
        _ header: FrameHeader, _ bytes: RawSpan
    ) throws(FrameError) {
        guard features.contains(.checksums) else {
            guard header.checksum == 0 else {
                throw problem(28, "0, since checksums are not agreed on", "\(header.checksum)")
                    .inFrame(frameCount)
            }
            return
        }
        // What a client sent before it read HELLO_OK has none yet.
        if sender == .client, header.checksum == 0, !sawChecksum { return }
        sawChecksum = true
        let checksum = FrameHeader.checksum(of: bytes)
        guard checksum == header.checksum else {
            throw FrameError(
                .checksum, frame: frameCount, offset: 28, expected: "checksum \(checksum)",
                found: "\(header.checksum)")
        }
    }

    /// An error in the frame being examined.
    func problem(_ offset: Int, _ expected: String, _ found: String) -> FrameError {
        FrameError(
            .malformed, frame: frameCount + 1, offset: offset, expected: expected, found: found)
    }

    private static let impossible = FrameError(
        .malformed, offset: 0, expected: "bytes that are there", found: "fewer")

    /// The next `count` bytes, which are there.
    @_lifetime(copy input)
    private static func take(
        _ count: Int, from input: inout ByteReader
    ) throws(FrameError) -> RawSpan {
        do { return try input.span(count) } catch { throw impossible }
    }
}

extension FrameDecoder {
    /// Passes the preface; false while some of it is missing.
    private mutating func passPreface(_ input: inout ByteReader) throws(FrameError) -> Bool {
        while prefaceCount < Preface.bytes.count {
            if input.isAtEnd { return false }
            let start = prefaceCount
            var probe = input
            let count = min(Preface.bytes.count - start, input.remaining)
            let bytes = try Self.take(count, from: &probe)
            for index in 0..<count {
                let byte = bytes.byte(at: index)
                guard byte == Preface.bytes[prefaceCount] else {
                    throw foreign(bytes, start, at: prefaceCount, found: byte)
                }
                prefaceCount += 1
            }
            input = probe
        }
        return true
    }

    private func foreign(
        _ bytes: RawSpan, _ start: Int, at offset: Int, found: UInt8
    ) -> FrameError {
        var first = Array(Preface.bytes[..<start])
        for index in 0..<bytes.byteCount { first.append(bytes.byte(at: index)) }
        return FrameError(
            .foreign(ForeignProtocol.recognise(first) ?? .unknown), offset: offset,
            expected: "0x" + String(Preface.bytes[offset], radix: 16) + " of the HFP/1 preface",
            found: "0x" + String(found, radix: 16))
    }

    /// The size of the frame that the input begins with, if it is all there.
    private mutating func wholeFrame(in input: borrowing ByteReader) throws(FrameError) -> Int? {
        guard pending.isEmpty, input.remaining >= FrameHeader.byteCount else { return nil }
        var probe = copy input
        let head = try Self.take(FrameHeader.byteCount, from: &probe)
        let (header, reserved) = FrameHeader.read(head)
        try checkLength(header.length, head)
        try check(header, reserved)
        return header.frameBytes <= input.remaining ? header.frameBytes : nil
    }

    /// Takes what is missing of an unfinished frame; whether it is whole now. What can be told
    /// from its first bytes is told at once.
    private mutating func fillPending(_ input: inout ByteReader) throws(FrameError) -> Bool {
        while true {
            var goal = 4
            if pending.count >= FrameHeader.byteCount {
                goal = unsafe FrameHeader.read(pending.span.bytes).header.frameBytes
                if pending.count == goal { return true }
            } else if pending.count >= 4 {
                goal = FrameHeader.byteCount
            }
            let count = min(goal - pending.count, input.remaining)
            let bytes = try Self.take(count, from: &input)
            unsafe bytes.withUnsafeBytes { unsafe pending.append(contentsOf: $0) }
            if pending.count < goal { return false }
            if goal == 4 {
                let head = unsafe pending.span.bytes
                let length = unsafe head.unsafeLoadUnaligned(as: UInt32.self)
                try checkLength(UInt32(littleEndian: length), head)
            } else if goal == FrameHeader.byteCount {
                let (header, reserved) = unsafe FrameHeader.read(pending.span.bytes)
                try check(header, reserved)
            }
        }
    }
}
