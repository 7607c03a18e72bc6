internal import ByteCoding

/// A payload with the flag LZ4: its raw length as a u32, then one LZ4 block.
enum CompressedPayload {
    /// The payload compressed, if it is large enough and shrinks by an eighth at least.
    static func compress(_ payload: RawSpan) -> [UInt8]? {
        guard payload.byteCount >= Limits.compressibleBytes else { return nil }
        var writer = ByteWriter(capacity: payload.byteCount)
        writer.append(fixed: UInt32(payload.byteCount))
        LZ4.compress(payload, into: &writer)
        guard writer.count <= payload.byteCount - payload.byteCount / 8 else { return nil }
        return writer.bytes
    }

    /// Appends the payload that `bytes` expand to. Nothing is allocated for a length that the
    /// bytes cannot reach or that is past `limit`.
    static func expand(
        _ bytes: RawSpan, limit: Int, into writer: inout ByteWriter
    ) throws(FrameError) {
        var reader = ByteReader(bytes)
        let count: UInt32
        do { count = try reader.fixed() } catch {
            throw FrameError(
                .malformed, offset: FrameHeader.byteCount, expected: "a raw length of 4 bytes",
                found: "\(bytes.byteCount) bytes")
        }
        guard Int(count) <= limit else {
            throw FrameError(
                .tooLarge, offset: FrameHeader.byteCount,
                expected: "a raw length of at most \(limit)", found: "\(count)")
        }
        guard Int(count) <= reader.remaining * Limits.expansion else {
            throw FrameError(
                .tooLarge, offset: FrameHeader.byteCount,
                expected: "a raw length of at most \(Limits.expansion) times the block's",
                found: "\(count) from \(reader.remaining) bytes")
        }
        do throws(Corruption) {
            let block = try reader.span(reader.remaining)
            try LZ4.decompress(block, rawSize: Int(count), limit: limit, into: &writer)
        } catch {
            throw FrameError(
                .malformed, offset: FrameHeader.byteCount + 4, expected: error.expected,
                found: error.found)
        }
    }
}
