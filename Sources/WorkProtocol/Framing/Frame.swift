/// A received frame, checked: a header, its extensions and its payload.
///
/// A frame that lay whole in one read is a view of that read and cannot outlive it. One that came
/// in pieces, in fragments or compressed owns its bytes.
package struct Frame: ~Escapable {
    package let header: FrameHeader
    /// Extensions and payload, where the frame is a view.
    private let view: RawSpan
    /// Extensions and payload, where the frame owns them.
    private let owned: [UInt8]?
    /// Where the payload begins in either. Invariant: within the bytes.
    private let payloadStart: Int

    /// A view of `body`: `header.extensionBytes` of extensions, then the payload.
    @_lifetime(copy body)
    init(_ header: FrameHeader, body: RawSpan) {
        self.header = header
        view = body
        owned = nil
        payloadStart = Int(header.extensionBytes)
    }

    /// A frame that owns its bytes; `empty` only lends its lifetime.
    @_lifetime(copy empty)
    init(_ header: FrameHeader, owning bytes: [UInt8], from start: Int, empty: RawSpan) {
        self.header = header
        view = empty
        owned = bytes
        payloadStart = start + Int(header.extensionBytes)
    }

    /// The payload: decompressed, and of all fragments.
    package var payload: RawSpan {
        @_lifetime(borrow self) get {
            if let owned {
                let bytes = unsafe owned.span.bytes
                return unsafe _overrideLifetime(
                    bytes.extracting(payloadStart..<bytes.byteCount), borrowing: self)
            }
            return view.extracting(payloadStart..<view.byteCount)
        }
    }

    /// The TLVs before the payload, not yet read (`Extensions`).
    package var extensionBytes: RawSpan {
        @_lifetime(borrow self) get {
            let range = (payloadStart - Int(header.extensionBytes))..<payloadStart
            if let owned {
                return unsafe _overrideLifetime(
                    owned.span.bytes.extracting(range), borrowing: self)
            }
            return view.extracting(range)
        }
    }

    /// The extensions, read.
    package func extensions() throws(FrameError) -> Extensions {
        header.extensionBytes == 0 ? Extensions() : try Extensions(decoding: extensionBytes)
    }

    /// The payload, copied.
    package func payloadCopy() -> [UInt8] {
        unsafe payload.withUnsafeBytes { unsafe [UInt8]($0) }
    }
}
