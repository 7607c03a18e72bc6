internal import ByteCoding

/// The fields that several of the log's formats share.
extension ByteWriter {
    mutating func append(identity: Identity) {
        append(fixed: identity.high)
        append(fixed: identity.low)
    }

    mutating func append(epochStart start: EpochStart) {
        append(fixed: start.epoch.version)
        append(fixed: start.epoch.boot)
        append(fixed: start.first.rawValue)
    }

    mutating func append(head: LogHead) {
        append(fixed: head.last.rawValue)
        append(fixed: head.epoch.version)
        append(fixed: head.epoch.boot)
        append(fixed: head.chain)
    }

    /// Text with its length in two bytes. - Precondition: it fits.
    mutating func append(text: String) {
        precondition(text.utf8.count <= Int(UInt16.max), "text of \(text.utf8.count) bytes")
        append(fixed: UInt16(text.utf8.count))
        append(utf8: text)
    }
}

extension ByteReader {
    @_lifetime(self: copy self)
    mutating func identity() throws(Corruption) -> Identity {
        Identity(high: try fixed(), low: try fixed())
    }

    @_lifetime(self: copy self)
    mutating func epochStart() throws(Corruption) -> EpochStart {
        let epoch = Epoch(version: try fixed(), boot: try fixed())
        return EpochStart(epoch: epoch, first: LSN(try fixed()))
    }

    @_lifetime(self: copy self)
    mutating func head() throws(Corruption) -> LogHead {
        let last = LSN(try fixed())
        let epoch = Epoch(version: try fixed(), boot: try fixed())
        return LogHead(last: last, epoch: epoch, chain: try fixed())
    }

    /// Text with its length in two bytes, of at most `limit` bytes.
    @_lifetime(self: copy self)
    mutating func text(atMost limit: Int) throws(Corruption) -> String {
        let count = Int(try fixed(UInt16.self))
        guard count <= limit else {
            throw corruption(expected: "at most \(limit) bytes of text", found: "\(count)")
        }
        return try string(count)
    }
}

extension [UInt8] {
    /// The bytes, to be read without a copy. Bytes have no padding, so that all of them may be
    /// read.
    var raw: RawSpan {
        @_lifetime(borrow self) get { unsafe span.bytes }
    }
}
