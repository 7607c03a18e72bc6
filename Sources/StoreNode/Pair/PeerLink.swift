internal import ByteCoding
internal import Environment
internal import ReplicatedLog
internal import WorkProtocol

/// A connection to the other node: its messages as frames, in both directions.
final class PeerLink: ConnectionReceiver, @unchecked Sendable {
    // `@unchecked Sendable`: confined to the core queue.
    let id: LinkID
    let connection: any Connection
    private unowned let node: Node
    private var decoder = FrameDecoder(from: .peer, messageBytes: PeerLink.messageBytes)
    private let encoder = FrameEncoder()
    /// What is being sent; kept for its memory.
    private var outgoing = ByteWriter(capacity: 4096)
    /// Whether the pair's protocol has been told of it.
    private var isAnnounced = false
    /// The name the other end's certificate gives it, if it has one.
    private(set) var identity: Identity?

    /// The largest message: an append with a whole batch, and its framing.
    static let messageBytes = LogLimits.batchBytes + (64 << 10)
    /// Pair messages, and the frame in which a node says where its clients find it.
    static let pairMessage = FrameType.peer
    static let introduction = FrameType(rawValue: 0x21)

    init(_ id: LinkID, _ connection: any Connection, _ node: Node) {
        self.id = id
        self.connection = connection
        self.node = node
    }

    /// Begins: says who we are to clients; the pair's own hello follows from the replica.
    func start() {
        identity = connection.peerNames.lazy.compactMap { Identity($0) }.first
        var introduction = MemberAddress()
        introduction.node = node.replica.meta.node.description
        introduction.address = node.configuration.advertised
        introduction.name = node.configuration.name
        introduction.version = node.configuration.version
        send(Self.introduction) { introduction.encode(into: &$0) }
        if let identity { announce(identity) }
    }

    private func announce(_ identity: Identity) {
        guard !isAnnounced else { return }
        isAnnounced = true
        self.identity = identity
        node.give(.peerConnected(id, identity))
    }

    func send(_ message: PeerMessage) {
        send(Self.pairMessage) { message.encode(into: &$0) }
    }

    private func send(_ type: FrameType, _ message: (inout ByteWriter) -> Void) {
        encoder.append(FrameHeader(type, flags: .end), to: &outgoing, payload: message)
        connection.send(outgoing.span)
        outgoing.removeAll()
    }

    func received(_ bytes: UnsafeRawBufferPointer, on connection: any Connection) {
        var reader = unsafe ByteReader(bytes.bytes)
        do {
            while let frame = try decoder.next(&reader) {
                try take(frame)
                if node.hasEnded { return }
            }
        } catch {
            node.world.tell(.warning("\(connection.peer): not a message between nodes: \(error)"))
            node.drop(self)
        }
    }

    private func take(_ frame: borrowing Frame) throws {
        switch frame.header.type {
        case Self.introduction:
            let address = try MemberAddress(decoding: frame.payload)
            try address.validate()
            guard let claimed = Identity(address.node), identity == nil || identity == claimed
            else { throw NodeEnd(76, "it names itself as another node than its certificate does") }
            let isNews = node.peerAddresses.updateValue(PeerAddress(address), forKey: claimed)
            announce(claimed)
            // Clients have to know where the next primary may be before this one is gone.
            if isNews != PeerAddress(address) { node.announceTopology() }
        case Self.pairMessage:
            guard isAnnounced else { throw NodeEnd(76, "a message came before the introduction") }
            node.give(.peerReceived(id, try PeerMessage(frame.payload)))
        case .goAway: node.drop(self)
        default: break
        }
    }

    func receivedAll(on connection: any Connection) {}

    func writable(_ connection: any Connection) { node.linkIsWritable(self) }

    func closed(_ connection: any Connection, _ reason: NetworkError?) { node.drop(self) }
}

/// What the other node said about itself to be told to clients and people.
struct PeerAddress: Equatable {
    var client: String
    var name: String
    var version: String

    init(_ address: MemberAddress) {
        client = address.address
        name = address.name
        version = address.version
    }
}
