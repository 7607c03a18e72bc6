/// What a frame's first bytes can tell, before the rest has come.
extension FrameDecoder {
    func checkLength(_ length: UInt32, _ head: RawSpan) throws(FrameError) {
        let limit = isOpen ? Limits.frameBytes : Limits.greetingFrameBytes
        if Int(length) >= FrameHeader.countedBytes, Int(length) <= limit { return }
        if sender == .server, !isOpen, frameCount == 0 {
            let first = (0..<min(head.byteCount, 8)).map { head.byte(at: $0) }
            if let other = ForeignProtocol.recognise(first), other != .unknown {
                throw FrameError(
                    .foreign(other), frame: 1, offset: 0, expected: "a frame's length",
                    found: "\(first)")
            }
        }
        let isTooLarge = Int(length) > limit
        throw FrameError(
            isTooLarge ? .tooLarge : .malformed, frame: frameCount + 1, offset: 0,
            expected: isTooLarge
                ? "a length of at most \(limit)" + (isOpen ? "" : " before authentication")
                : "a length of at least \(FrameHeader.countedBytes)",
            found: "\(length)")
    }

    /// Checks all that a header alone can tell.
    func check(_ header: FrameHeader, _ reserved: UInt8) throws(FrameError) {
        guard isExpected(header.type) else {
            throw problem(4, expectedTypes, header.type.description)
        }
        if header.type.isSkippable { return }
        try checkFlags(header)
        guard header.extensionBytes <= Limits.extensionBytes,
            Int(header.extensionBytes) <= Int(header.length) - FrameHeader.countedBytes
        else {
            let room = Int(header.length) - FrameHeader.countedBytes
            throw FrameError(
                Int(header.extensionBytes) > Limits.extensionBytes ? .tooLarge : .malformed,
                frame: frameCount + 1, offset: 24,
                expected: "at most \(min(room, Limits.extensionBytes)) bytes of extensions",
                found: "\(header.extensionBytes)")
        }
        guard PayloadEncoding(rawValue: header.encoding) != nil else {
            throw problem(26, "an encoding of 0, 1 or 2", "\(header.encoding)")
        }
        guard reserved == 0 else { throw problem(27, "0", "\(reserved)") }
        try checkStream(header)
    }

    private func checkFlags(_ header: FrameHeader) throws(FrameError) {
        let flags = header.flags
        guard flags.isSubset(of: .known) else {
            throw problem(5, "flags within 0x3F", "0x" + String(flags.rawValue, radix: 16))
        }
        if flags.contains(.more) {
            guard header.type.isFragmentable, !flags.contains(.end) else {
                throw problem(5, "no fragment (MORE) here", "\(header.type) with MORE")
            }
        }
        if flags.contains(.lz4) {
            guard features.contains(.lz4), header.type.isFragmentable else {
                throw problem(5, "no compression here, or before it is agreed on", "LZ4")
            }
        }
    }

    private func checkStream(_ header: FrameHeader) throws(FrameError) {
        if header.type.isPeer { return }
        if header.type.isOfConnection {
            guard header.stream == 0 else {
                throw problem(8, "stream 0 for \(header.type)", "\(header.stream)")
            }
        } else {
            guard header.stream & 1 == 1 else {
                throw problem(8, "an odd stream for \(header.type)", "\(header.stream)")
            }
        }
        if header.type == .request, !reassembly.has(header.stream) {
            guard header.stream > lastStream else {
                throw problem(8, "a stream above \(lastStream)", "\(header.stream)")
            }
        }
    }

    private func isExpected(_ type: FrameType) -> Bool {
        switch (sender, isOpen) {
        case (.client, false): type == .hello || type == .auth
        case (.server, false): type == .helloOk || type == .goAway
        case (.peer, _):
            type.isPeer || type == .ping || type == .pong || type == .goAway || type.isSkippable
        case (.client, true): isCommon(type) || type == .request || type == .auth
        case (.server, true): isCommon(type) || type == .response || type == .info
        }
    }

    /// Whether both a client and a server may send it.
    private func isCommon(_ type: FrameType) -> Bool {
        type == .data || type == .credit || type == .reset || type == .ping || type == .pong
            || type == .goAway || type.isSkippable
    }

    private var expectedTypes: String {
        switch (sender, isOpen) {
        case (.client, false): "HELLO (or AUTH)"
        case (.server, false): "HELLO_OK (or GOAWAY)"
        case (.peer, _): "a frame between nodes"
        case (.client, true): "a frame a client may send"
        case (.server, true): "a frame a server may send"
        }
    }
}

extension RawSpan {
    /// One byte. - Precondition: it is there.
    func byte(at offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }
}
