internal import Environment
internal import ReplicatedLog
internal import WorkProtocol

/// A reply that waits until what it depends on is committed.
struct HeldReply {
    var lsn: LSN
    var session: Session
    var stream: UInt32
    var deadline: Instant
    /// Whether it answers a command: then its fate is unknown when the wait is cut short.
    var isCommand: Bool
    var workspacePosition: UInt64
    var content: Content

    enum Content {
        case answer([UInt8])
        /// Apart, since it is large and rare.
        indirect case failure(Failure)
        /// A stream that may begin now.
        case stream(ExportStream)
    }

    /// What the answer takes while it is held.
    var bytes: Int { if case .answer(let answer) = content { answer.count } else { 0 } }
}

/// Holds every reply until the commit point reaches what it has seen (rule R5).
///
/// Replies leave in the order of their records; replies of one record in the order they came.
/// What each session has in here it knows (`Session.heldAnswerBytes`).
///
/// Invariant: `held` is sorted by LSN; nothing in it is at or below the shown point.
struct ReplyGate {
    private var held: [HeldReply] = []
    /// Where the replies that have left end; the array is cut now and then.
    private var start = 0

    var isEmpty: Bool { start == held.count }
    var count: Int { held.count - start }

    /// Takes a reply in. O(1) unless it belongs before others.
    mutating func hold(_ reply: HeldReply) {
        var place = held.count
        while place > start, held[place - 1].lsn > reply.lsn { place -= 1 }
        held.insert(reply, at: place)
        reply.session.heldAnswerBytes += reply.bytes
    }

    /// Gives everything that may leave to `body`, in order.
    mutating func release(through point: LSN, _ body: (HeldReply) -> Void) {
        while start < held.count, held[start].lsn <= point {
            let reply = held[start]
            // The array may keep its place for a while, but not the answer.
            held[start].content = .answer([])
            start += 1
            leave(reply, body)
        }
        if start == held.count {
            held.removeAll(keepingCapacity: true)
            start = 0
        } else if start > 4096 {
            held.removeFirst(start)
            start = 0
        }
    }

    /// Gives everything there is to `body`: nothing will be committed here any more.
    mutating func drain(_ body: (HeldReply) -> Void) {
        release(through: LSN(.max), body)
    }

    /// Takes out what has waited past its deadline.
    mutating func expire(at now: Instant, _ body: (HeldReply) -> Void) {
        var kept: [HeldReply] = []
        for reply in held[start...] {
            if reply.deadline <= now { leave(reply, body) } else { kept.append(reply) }
        }
        held = kept
        start = 0
    }

    private func leave(_ reply: HeldReply, _ body: (HeldReply) -> Void) {
        reply.session.heldAnswerBytes -= reply.bytes
        body(reply)
    }
}
