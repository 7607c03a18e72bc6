package import ByteCoding

/// Writes frames: header, extensions and payload in one pass; large messages in fragments.
///
/// Complexity: O(bytes). A message that fits a fragment is written once and not moved.
package struct FrameEncoder: Sendable {
    /// What the two ends have agreed on.
    package var features: Features

    package init(features: Features = []) { self.features = features }

    /// Appends a frame (or the fragments of one message) with a payload that is there already.
    package func append(
        _ header: FrameHeader, extensions: Extensions = Extensions(), payload: RawSpan,
        to writer: inout ByteWriter
    ) {
        append(
            header, extensionBytes: extensions.encodedByteCount, payload, to: &writer,
            extensions.encode)
    }

    package func append(
        _ header: FrameHeader, extensions: Extensions = Extensions(), payload: [UInt8] = [],
        to writer: inout ByteWriter
    ) {
        append(header, extensions: extensions, payload: unsafe payload.span.bytes, to: &writer)
    }

    /// The same with extensions that are encoded already.
    package func append(
        _ header: FrameHeader, encodedExtensions: [UInt8], payload: RawSpan,
        to writer: inout ByteWriter
    ) {
        append(header, extensionBytes: encodedExtensions.count, payload, to: &writer) {
            $0.append(encodedExtensions)
        }
    }

    /// Appends a frame whose payload `body` writes: the quick way for responses, since nothing is
    /// encoded twice or moved. Only a payload past a fragment's size is taken out again. If `body`
    /// throws, nothing is appended.
    /// - Returns: how many bytes the payload has.
    @discardableResult
    package func append<Failure: Error>(
        _ header: FrameHeader, encodedExtensions: [UInt8] = [], to writer: inout ByteWriter,
        payload body: (inout ByteWriter) throws(Failure) -> Void
    ) throws(Failure) -> Int {
        let start = begin(header, encodedExtensions.count, &writer)
        writer.append(encodedExtensions)
        let payloadStart = writer.count
        do { try body(&writer) } catch {
            writer.truncate(to: start)
            throw error
        }
        let count = writer.count - payloadStart
        let isCompressible =
            features.contains(.lz4) && count >= Limits.compressibleBytes
            && header.type.isFragmentable
        if count <= Limits.fragmentBytes && !isCompressible {
            finish(start, &writer)
            return count
        }
        var payload = ByteWriter(capacity: count)
        payload.append(writer.span.extracting(payloadStart..<writer.count))
        writer.truncate(to: start)
        append(
            header, extensionBytes: encodedExtensions.count, payload.span, to: &writer
        ) { $0.append(encodedExtensions) }
        return count
    }

    /// The frame or fragments of a payload, compressed where that is agreed and worth it;
    /// `extensions` writes so many bytes of extensions into the first.
    private func append(
        _ header: FrameHeader, extensionBytes: Int, _ payload: RawSpan,
        to writer: inout ByteWriter, _ extensions: (inout ByteWriter) -> Void
    ) {
        if let block = compressed(payload, of: header.type) {
            var header = header
            header.flags.insert(.lz4)
            append(
                header, extensionBytes, whole: unsafe block.span.bytes, to: &writer, extensions)
        } else {
            append(header, extensionBytes, whole: payload, to: &writer, extensions)
        }
    }

    /// The frame or fragments of a payload that is as it shall be sent.
    private func append(
        _ header: FrameHeader, _ extensionBytes: Int, whole payload: RawSpan,
        to writer: inout ByteWriter, _ extensions: (inout ByteWriter) -> Void
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
            let start = begin(header, offset == 0 ? extensionBytes : 0, &writer)
            if offset == 0 { extensions(&writer) }
            writer.append(payload.extracting(offset..<end))
            finish(start, &writer)
            offset = end
        } while offset < payload.byteCount
    }

    /// Writes the header of a frame with so many bytes of extensions; answers where it begins.
    private func begin(
        _ header: FrameHeader, _ extensionBytes: Int, _ writer: inout ByteWriter
    ) -> Int {
        let start = writer.count
        var header = header
        precondition(
            extensionBytes <= Limits.extensionBytes,
            "\(extensionBytes) bytes of extensions in a frame")
        header.extensionBytes = UInt16(extensionBytes)
        header.checksum = 0
        header.append(to: &writer)
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
