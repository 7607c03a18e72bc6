package import ByteCoding
internal import Environment

/// How the messages between the nodes are written. One byte says which, then, little-endian and
/// without padding:
///
/// | byte | message         | fields                                                             |
/// | ---: | --------------- | ------------------------------------------------------------------ |
/// |    1 | hello           | format (2), node, cluster, history (16 each), role (1), soundness (1), promised (12), register, head (28), epochs |
/// |    2 | rejected        | why (1), text                                                      |
/// |    3 | reign           | epoch (12), register, start (28), goal (8), commit (8), token      |
/// |    4 | append          | epoch (12), previous (28), commit (8), token, batch                |
/// |    5 | heartbeat       | epoch (12), commit (8), token (8)                                  |
/// |    6 | ack             | epoch (12), flushed (8), applied (8), token, sound (1)             |
/// |    7 | fenced          | promised (12), register                                            |
/// |    8 | resign          | epoch (12)                                                         |
/// |    9 | snapshot begin  | epoch (12), manifest                                               |
/// |   10 | snapshot chunk  | file (4), offset (8), bytes                                        |
/// |   11 | snapshot end    |                                                                    |
/// |   12 | digest          | epoch (12), LSN (8), digests                                       |
/// |   13 | digest differs  | epoch (12), LSN (8)                                                |
/// |   14 | hand-over asked | reason, actor, time (8)                                            |
/// |   15 | hand-over refused | text                                                             |
/// |   16 | hand-over       | register                                                           |
/// |   17 | tail asked      | after (28)                                                         |
/// |   18 | tail            | after (8), last (1), count (4), batches                            |
///
/// An epoch is its register version (8) and boot (4); a head is LSN (8), epoch, chain (8); a token
/// is a byte 0, or 1 and nanoseconds (8); text has its length in two bytes, a register too, bytes
/// in four; epochs are a count (2), then epoch and first LSN (8) each. A batch is epoch, first LSN
/// (8), count (4), time (8), chain before (8), payload.
extension PeerMessage {
    /// The longest encoding of any message: no frame between the nodes is larger.
    package static let bytesLimit = LogLimits.batchBytes + (64 << 10)
    /// The longest piece of a snapshot in one message.
    package static let chunkBytes = 1 << 20
    /// Manifests and digests, at most.
    package static let manifestBytes = 4 << 20
    static let textBytes = 1_024

    /// The message's bytes.
    package func encoded() -> [UInt8] {
        var writer = ByteWriter(capacity: 128)
        encode(into: &writer)
        return writer.bytes
    }

    /// Appends the message. Complexity: O(its bytes).
    package func encode(into writer: inout ByteWriter) {
        switch self {
        case .hello(let hello): writer.append(1 as UInt8, hello)
        case .rejected(let why, let text): writer.append(2 as UInt8, why.rawValue, text)
        case .reign(let reign): writer.append(3 as UInt8, reign)
        case .append(let append): writer.append(4 as UInt8, append)
        case .heartbeat(let epoch, let commit, let token):
            writer.append(5 as UInt8, epoch, commit)
            writer.append(fixed: token.nanoseconds)
        case .ack(let ack): writer.append(6 as UInt8, ack)
        case .fenced(let promised, let register):
            writer.append(7 as UInt8, promised)
            writer.append(register: register)
        case .resign(let epoch): writer.append(8 as UInt8, epoch)
        case .snapshotBegin(let epoch, let manifest):
            writer.append(9 as UInt8, epoch)
            writer.append(blob: manifest)
        case .snapshotChunk(let file, let offset, let bytes):
            writer.append(10)
            writer.append(fixed: file)
            writer.append(fixed: offset)
            writer.append(blob: bytes)
        case .snapshotEnd: writer.append(11)
        case .digest(let epoch, let place, let digests):
            writer.append(12 as UInt8, epoch, place)
            writer.append(blob: digests)
        case .digestDiffers(let epoch, let place): writer.append(13 as UInt8, epoch, place)
        case .handOverAsked(let words): writer.append(14 as UInt8, words)
        case .handOverRefused(let text): writer.append(15 as UInt8, text)
        case .handOver(let register):
            writer.append(16)
            writer.append(register: register)
        case .tailAsked(let head):
            writer.append(17)
            writer.append(head: head)
        case .tail(let after, let batches, let isLast):
            writer.append(18)
            writer.append(fixed: after.rawValue)
            writer.append(isLast ? 1 : 0)
            writer.append(fixed: UInt32(batches.count))
            for batch in batches { writer.append(batch: batch) }
        }
    }
}

extension ByteWriter {
    fileprivate mutating func append(_ kind: UInt8, _ hello: Hello) {
        append(kind)
        append(fixed: hello.format)
        append(identity: hello.node)
        append(identity: hello.cluster)
        append(identity: hello.history)
        append(hello.role.rawValue)
        append(hello.soundness.rawValue)
        append(epoch: hello.promised)
        append(register: hello.register)
        append(head: hello.head)
        append(fixed: UInt16(hello.epochs.starts.count))
        for start in hello.epochs.starts { append(epochStart: start) }
    }

    fileprivate mutating func append(_ kind: UInt8, _ why: UInt8, _ text: String) {
        append(kind)
        append(why)
        append(text: text.cut(toBytes: PeerMessage.textBytes))
    }

    fileprivate mutating func append(_ kind: UInt8, _ text: String) {
        append(kind)
        append(text: text.cut(toBytes: PeerMessage.textBytes))
    }

    fileprivate mutating func append(_ kind: UInt8, _ epoch: Epoch) {
        append(kind)
        append(epoch: epoch)
    }

    fileprivate mutating func append(_ kind: UInt8, _ epoch: Epoch, _ place: LSN) {
        append(kind, epoch)
        append(fixed: place.rawValue)
    }

    fileprivate mutating func append(_ kind: UInt8, _ reign: ReignStart) {
        append(kind, reign.epoch)
        append(register: reign.register)
        append(head: reign.start)
        append(fixed: reign.goal.rawValue)
        append(fixed: reign.commit.rawValue)
        append(token: reign.token)
    }

    fileprivate mutating func append(_ kind: UInt8, _ message: Append) {
        append(kind, message.epoch)
        append(head: message.previous)
        append(fixed: message.commit.rawValue)
        append(token: message.token)
        append(batch: message.batch)
    }

    fileprivate mutating func append(_ kind: UInt8, _ ack: Ack) {
        append(kind, ack.epoch, ack.flushed)
        append(fixed: ack.applied.rawValue)
        append(token: ack.token)
        append(ack.isSound ? 1 : 0)
    }

    fileprivate mutating func append(_ kind: UInt8, _ words: Words) {
        append(kind)
        append(text: words.reason.cut(toBytes: Register.reasonBytes))
        append(text: words.actor.cut(toBytes: Register.actorBytes))
        append(fixed: words.at)
    }

    fileprivate mutating func append(token: Instant?) {
        append(token == nil ? 0 : 1)
        if let token { append(fixed: token.nanoseconds) }
    }

    fileprivate mutating func append(blob: [UInt8]) {
        append(fixed: UInt32(blob.count))
        append(blob)
    }

    fileprivate mutating func append(register: Register) {
        let bytes = register.encoded()
        append(fixed: UInt16(bytes.count))
        append(bytes)
    }

    fileprivate mutating func append(batch: Batch) {
        append(epoch: batch.epoch)
        append(fixed: batch.first.rawValue)
        append(fixed: batch.count)
        append(fixed: batch.time)
        append(fixed: batch.previousChain)
        append(blob: batch.payload)
    }
}
