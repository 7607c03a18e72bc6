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
}

/// Holds every reply until the commit point reaches what it has seen (rule R5).
///
/// Replies leave in the order of their records; replies of one record in the order they came.
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
    }

    /// Gives everything that may leave to `body`, in order.
    mutating func release(through point: LSN, _ body: (HeldReply) -> Void) {
        while start < held.count, held[start].lsn <= point {
            body(held[start])
            start += 1
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
            if reply.deadline <= now { body(reply) } else { kept.append(reply) }
        }
        held = kept
        start = 0
    }
}
