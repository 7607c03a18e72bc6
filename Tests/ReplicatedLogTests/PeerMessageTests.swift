import ByteCoding
import Environment
import ReplicatedLog
import Testing

@Suite struct PeerMessageTests {
    private static let register = Register(
        cluster: Identity(high: 1, low: 2), history: Identity(high: 3, low: 4), version: 5,
        primary: Identity(high: 0, low: 1),
        members: [Identity(high: 0, low: 1), Identity(high: 0, low: 2)], policy: .block,
        soloSince: LSN(6), reason: "why", actor: "who", at: 7)
    private static let head = LogHead(last: LSN(9), epoch: Epoch(version: 5, boot: 1), chain: 10)
    private static let batch = Batch(
        epoch: Epoch(version: 5, boot: 1), first: LSN(10), count: 2, time: 11, previousChain: 10,
        payload: [1, 2, 3])
    private static let epoch = Epoch(version: 5, boot: 1)
    private static let token = Instant(nanoseconds: 12)

    /// One of each kind, in the order of their numbers.
    static let messages: [PeerMessage] = [
        .hello(
            Hello(
                node: Identity(high: 0, low: 2), cluster: Identity(high: 1, low: 2),
                history: Identity(high: 3, low: 4), role: .follower, soundness: .resyncing,
                promised: epoch, register: register, head: head,
                epochs: EpochHistory([
                    EpochStart(epoch: Epoch(version: 4, boot: 0), first: LSN(1)),
                    EpochStart(epoch: epoch, first: LSN(8)),
                ]) ?? EpochHistory())),
        .rejected(.history, text: "no"),
        .reign(
            ReignStart(
                epoch: epoch, register: register, start: head, goal: LSN(20), commit: LSN(8),
                token: token)),
        .append(
            Append(epoch: epoch, previous: head, batch: batch, commit: LSN(8), token: nil)),
        .heartbeat(epoch: epoch, commit: LSN(8), token: token),
        .ack(Ack(epoch: epoch, flushed: LSN(9), applied: LSN(7), token: token, isSound: true)),
        .fenced(promised: epoch, register: register),
        .resign(epoch: epoch),
        .snapshotBegin(epoch: epoch, manifest: [1, 2]),
        .snapshotChunk(file: 3, offset: 4, bytes: [5]),
        .snapshotEnd,
        .digest(epoch: epoch, at: LSN(9), digests: [6, 7]),
        .digestDiffers(epoch: epoch, at: LSN(9)),
        .handOverAsked(Words(reason: "why", actor: "who", at: 13)),
        .handOverRefused(text: "later"),
        .handOver(register),
        .tailAsked(after: head),
        .tail(after: LSN(9), batches: [batch, batch], isLast: true),
    ]

    @Test(arguments: messages)
    func `a message comes back as it was`(_ message: PeerMessage) throws {
        let bytes = message.encoded()
        #expect(try decoded(bytes) == message)
    }

    @Test func `messages are numbered as the table says`() {
        let kinds = Self.messages.map { $0.encoded()[0] }
        #expect(kinds == Array(1...18))
    }

    @Test(arguments: messages)
    func `a message cut short anywhere is refused`(_ message: PeerMessage) {
        let bytes = message.encoded()
        for count in 0..<bytes.count {
            #expect(throws: Corruption.self) { try decoded(Array(bytes.prefix(count))) }
        }
        #expect(throws: Corruption.self) { try decoded(bytes + [0]) }
    }

    /// Whatever a flipped bit makes of it, reading ends, in a message or in a refusal.
    @Test(arguments: messages)
    func `no flipped bit traps`(_ message: PeerMessage) {
        let bytes = message.encoded()
        for bit in 0..<(bytes.count * 8) {
            var other = bytes
            other[bit / 8] ^= 1 << UInt8(bit % 8)
            _ = try? decoded(other)
        }
    }

    @Test func `golden bytes of the messages of every write`() {
        #expect(
            hexadecimal(Self.messages[3])
                == """
                04 0500000000000000 01000000 0900000000000000 0500000000000000 01000000 \
                0a00000000000000 0800000000000000 00 0500000000000000 01000000 \
                0a00000000000000 02000000 0b00000000000000 0a00000000000000 03000000 010203
                """.filter { $0 != " " })
        #expect(
            hexadecimal(Self.messages[4])
                == """
                05 0500000000000000 01000000 0800000000000000 0c00000000000000
                """.filter { $0 != " " })
        #expect(
            hexadecimal(Self.messages[5])
                == """
                06 0500000000000000 01000000 0900000000000000 0700000000000000 \
                01 0c00000000000000 01
                """.filter { $0 != " " })
    }

    @Test func `numbers that no operator reaches are refused`() {
        let huge = Epoch(version: .max, boot: 0)
        for message in [
            PeerMessage.resign(epoch: huge), .fenced(promised: huge, register: Self.register),
            .heartbeat(epoch: Self.epoch, commit: LSN(.max), token: Self.token),
        ] {
            #expect(throws: Corruption.self) { try decoded(message.encoded()) }
        }
    }

    @Test func `a batch without records, or with too many, is refused`() {
        for count in [0, UInt32(LogLimits.recordsInBatch) + 1] {
            var batch = Self.batch
            batch.count = count
            let message = PeerMessage.tail(after: LSN(9), batches: [batch], isLast: false)
            #expect(throws: Corruption.self) { try decoded(message.encoded()) }
        }
    }

    @Test func `a payload past the limit is refused before it is read`() {
        var bytes = Self.messages[3].encoded()
        let place = bytes.count - 7
        bytes.replaceSubrange(place..<(place + 4), with: [0xFF, 0xFF, 0xFF, 0x7F])
        #expect(throws: Corruption.self) { try decoded(bytes) }
    }

    @Test func `the largest append fits the frame limit`() {
        var batch = Self.batch
        batch.payload = [UInt8](repeating: 1, count: LogLimits.batchBytes)
        let append = Append(
            epoch: Self.epoch, previous: Self.head, batch: batch, commit: .zero, token: Self.token)
        #expect(PeerMessage.append(append).encoded().count <= PeerMessage.bytesLimit)
    }

    @Test func `text that is too long is cut at a character`() throws {
        let long = String(repeating: "ü", count: 2_000)
        let message = try decoded(PeerMessage.handOverRefused(text: long).encoded())
        #expect(message == .handOverRefused(text: String(repeating: "ü", count: 512)))
    }

    private func decoded(_ bytes: [UInt8]) throws -> PeerMessage {
        try PeerMessage(bytes.span.bytes)
    }

    private func hexadecimal(_ message: PeerMessage) -> String {
        message.encoded().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
