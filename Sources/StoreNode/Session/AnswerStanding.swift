internal import ByteCoding
internal import ReplicatedLog
internal import WorkProtocol

/// What every answer says besides itself, encoded once for all that leave at one commit point: who
/// answers, how many copies there are, and the position that can be asked for on a follower.
///
/// That position is the commit point, not the answer's own: whoever reads from there on sees at
/// least what the answer has seen, and one seal is made for all.
struct AnswerStanding {
    let point: LSN
    let epoch: WireEpoch
    let replicas: UInt8
    /// The extensions; the last 8 bytes are the workspace's position, which is 0 here: it tells how
    /// much everybody does, and only operators are told.
    private(set) var bytes: [UInt8]

    /// - Parameter seal: Makes `point` opaque.
    init(point: LSN, epoch: WireEpoch, replicas: UInt8, seal: (LSN) -> PositionToken?) {
        self.point = point
        self.epoch = epoch
        self.replicas = replicas
        var extensions = Extensions()
        extensions.standing = Extensions.Standing(epoch: epoch, replicas: replicas)
        extensions.position = seal(point)
        var writer = ByteWriter(capacity: 64)
        extensions.encode(into: &writer)
        bytes = writer.bytes
    }

    func isSame(as other: AnswerStanding) -> Bool {
        point == other.point && epoch == other.epoch && replicas == other.replicas
    }

    /// Puts in the workspace's position, for an operator.
    mutating func tell(_ position: UInt64) {
        var rest = position
        for place in bytes.count - 8..<bytes.count {
            bytes[place] = UInt8(truncatingIfNeeded: rest)
            rest >>= 8
        }
    }
}
