/// The sequences of one session of request IDs, as the client library gives them out: from 1 on,
/// with the lowest one that has no answer yet.
struct RequestSequences {
    /// The server keeps 1,024 answers a session; the library has half as many open.
    private static let window = 512

    private(set) var lowest: UInt64 = 1
    private var next: UInt64 = 1
    /// By sequence, whether its answer is there.
    private var isFinished = [Bool](repeating: false, count: Self.window)
    /// By ticket; 0: no command.
    private var sequences: [UInt64]

    init(capacity: Int) { sequences = [UInt64](repeating: 0, count: capacity) }

    /// The sequence of a new command.
    mutating func begin(_ ticket: UInt32) -> UInt64 {
        let sequence = next
        precondition(sequence - lowest < UInt64(Self.window), "one command has no answer for long")
        next += 1
        isFinished[Int(sequence) % Self.window] = false
        sequences[Int(ticket) % sequences.count] = sequence
        return sequence
    }

    /// What was sent under `ticket` has its answer.
    mutating func finish(_ ticket: UInt32) {
        let index = Int(ticket) % sequences.count
        let sequence = sequences[index]
        guard sequence != 0 else { return }
        sequences[index] = 0
        isFinished[Int(sequence) % Self.window] = true
        while lowest < next, isFinished[Int(lowest) % Self.window] { lowest += 1 }
    }
}
