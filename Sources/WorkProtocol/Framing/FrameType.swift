/// What a frame is. Types below 0x80 must be understood; the others may be passed over.
@frozen
package struct FrameType: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package var rawValue: UInt8

    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let hello = FrameType(rawValue: 0x01)
    package static let helloOk = FrameType(rawValue: 0x02)
    package static let auth = FrameType(rawValue: 0x03)
    package static let ping = FrameType(rawValue: 0x04)
    package static let pong = FrameType(rawValue: 0x05)
    package static let goAway = FrameType(rawValue: 0x06)
    package static let info = FrameType(rawValue: 0x07)
    package static let request = FrameType(rawValue: 0x10)
    package static let response = FrameType(rawValue: 0x11)
    package static let data = FrameType(rawValue: 0x12)
    package static let credit = FrameType(rawValue: 0x13)
    package static let reset = FrameType(rawValue: 0x14)
    /// The first of the types between nodes (0x20 to 0x2F), whose payloads are the log's business.
    package static let peer = FrameType(rawValue: 0x20)

    /// Whether it is one of the sixteen types between nodes.
    package var isPeer: Bool { rawValue & 0xF0 == 0x20 }

    /// Whether a receiver that does not know the type passes over the frame.
    package var isSkippable: Bool { rawValue >= 0x80 }

    /// Whether it is about the connection and not about one stream of it.
    package var isOfConnection: Bool { rawValue < 0x10 }

    /// Whether its payload is a message that may come in several fragments, and compressed. Frames
    /// that may carry a token are not among them.
    package var isFragmentable: Bool {
        self == .request || self == .response || self == .data || isPeer
    }

    package var description: String {
        switch self {
        case .hello: "HELLO"
        case .helloOk: "HELLO_OK"
        case .auth: "AUTH"
        case .ping: "PING"
        case .pong: "PONG"
        case .goAway: "GOAWAY"
        case .info: "INFO"
        case .request: "REQUEST"
        case .response: "RESPONSE"
        case .data: "DATA"
        case .credit: "CREDIT"
        case .reset: "RESET"
        default: (isPeer ? "PEER " : "type ") + "0x" + String(rawValue, radix: 16, uppercase: true)
        }
    }
}

/// What a frame's flags say. The two highest bits are reserved and zero.
@frozen
package struct FrameFlags: OptionSet, Hashable, Sendable {
    package var rawValue: UInt8

    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The sender's last frame on the stream.
    package static let end = FrameFlags(rawValue: 0x01)
    /// A fragment: the message goes on in the next frame of the stream.
    package static let more = FrameFlags(rawValue: 0x02)
    /// The message is compressed: its raw length as a u32, then one LZ4 block.
    package static let lz4 = FrameFlags(rawValue: 0x04)
    /// The request was sent before, with the same request ID.
    package static let retry = FrameFlags(rawValue: 0x08)
    /// A follower may answer, from a committed position that it names.
    package static let followerOK = FrameFlags(rawValue: 0x10)
    /// The trace that the frame belongs to is being recorded.
    package static let sampled = FrameFlags(rawValue: 0x20)

    static let known: FrameFlags = [.end, .more, .lz4, .retry, .followerOK, .sampled]
    /// Those that may differ between the fragments of one message.
    static let ofFragment: FrameFlags = [.end, .more]
}

/// How a payload is written.
package enum PayloadEncoding: UInt8, Sendable, CaseIterable {
    case protobuf = 0
    case raw = 1
    /// Protocol Buffers' JSON, which a server has switched off unless told otherwise.
    case json = 2
}
