package import ByteCoding

/// Writes frames: header, extensions and payload in one pass; large messages in fragments.
///
/// Complexity: O(bytes). A message that fits a fragment is written once and not moved.
package struct FrameEncoder: Sendable {
    /// What the two ends have agreed on.
    package var features: Features

    package init(features: Features = []) { self.features = features }

    /// What the later fragments of a message carry.
    private static let none = Extensions()

    /// Appends a frame (or the fragments of one message) with a payload that is there already.
    package func append(
        _ header: FrameHeader, extensions: Extensions = Extensions(), payload: RawSpan,
        to writer: inout ByteWriter
    ) {
        if let block = compressed(payload, of: header.type) {
            var header = header
            header.flags.insert(.lz4)
            append(header, extensions, whole: unsafe block.span.bytes, to: &writer)
        } else {
            append(header, extensions, whole: payload, to: &writer)
        }
    }

    package func append(
        _ header: FrameHeader, extensions: Extensions = Extensions(), payload: [UInt8] = [],
        to writer: inout ByteWriter
    ) {
        append(header, extensions: extensions, payload: unsafe payload.span.bytes, to: &writer)
    }

    /// Appends a frame whose payload `body` writes: the quick way for responses, since nothing is
    /// encoded twice or moved. Only a payload past a fragment's size is taken out again.
    package func append(
        _ header: FrameHeader, extensions: Extensions = Extensions(), to writer: inout ByteWriter,
        payload body: (inout ByteWriter) -> Void
    ) {
        let start = begin(header, extensions, &writer)
        let payloadStart = writer.count
        body(&writer)
        let count = writer.count - payloadStart
        let isCompressible =
            features.contains(.lz4) && count >= Limits.compressibleBytes
            && header.type.isFragmentable
        if count <= Limits.fragmentBytes && !isCompressible {
            finish(start, &writer)
            return
        }
        var payload = ByteWriter(capacity: count)
        payload.append(writer.span.extracting(payloadStart..<writer.count))
        writer.truncate(to: start)
        append(header, extensions: extensions, payload: payload.span, to: &writer)
    }

    /// The frame or fragments of a payload that is as it shall be sent.
    private func append(
        _ header: FrameHeader, _ extensions: Extensions, whole payload: RawSpan,
        to writer: inout ByteWriter
    ) {
        precondition(
            payload.byteCount <= Limits.fragmentBytes || header.type.isFragmentable,
            "a \(header.type) of \(payload.byteCount) bytes cannot be sent in fragments")
        var offset = 0
        repeat {
            let end = min(offset + Limits.fragmentBytes, payload.byteCount)
            let isLast = end == payload.byteCount
            var header = header
            if !isLast {
                header.flags.insert(.more)
                header.flags.remove(.end)
            }
            let start =
                offset == 0
                ? begin(header, extensions, &writer) : begin(header, FrameEncoder.none, &writer)
            writer.append(payload.extracting(offset..<end))
            finish(start, &writer)
            offset = end
        } while offset < payload.byteCount
    }

    /// Writes header and extensions; answers where the frame begins.
    private func begin(
        _ header: FrameHeader, _ extensions: borrowing Extensions, _ writer: inout ByteWriter
    ) -> Int {
        let start = writer.count
        var header = header
        let count = extensions.encodedByteCount
        precondition(count <= Limits.extensionBytes, "\(count) bytes of extensions in a frame")
        header.extensionBytes = UInt16(count)
        header.checksum = 0
        header.append(to: &writer)
        if count > 0 { extensions.encode(into: &writer) }
        return start
    }

    /// Fills in length and checksum of the frame that began at `start` and ends here.
    private func finish(_ start: Int, _ writer: inout ByteWriter) {
        let length = UInt32(writer.count - start - 4)
        writer.overwrite(at: start, fixed: length)
        guard features.contains(.checksums) else { return }
        let checksum = FrameHeader.checksum(of: writer.span.extracting(start..<writer.count))
        writer.overwrite(at: start + 28, fixed: checksum)
    }

    /// The payload as one LZ4 block behind its raw length, if that is agreed and worth it.
    private func compressed(_ payload: RawSpan, of type: FrameType) -> [UInt8]? {
        guard features.contains(.lz4), type.isFragmentable else { return nil }
        return CompressedPayload.compress(payload)
    }
}
