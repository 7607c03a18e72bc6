internal import CLZ4

/// LZ4, by liblz4: the block form for payloads on the wire, the frame form for files
/// (`LZ4+Frame.swift`), which `lz4 -d` opens.
///
/// Decompression believes no length: nothing is allocated for a size that is past the caller's
/// limit, or that the compressed bytes cannot reach.
package enum LZ4 {
    /// The most that one byte of LZ4 can expand to: a byte of a match's length stands for 255.
    static let expansionLimit = 255

    /// The largest input of the block form, in bytes (liblz4's `LZ4_MAX_INPUT_SIZE`).
    static let largestBlock = 0x7E00_0000

    /// `bytes` as one LZ4 block. Complexity: O(n), some 700 MB/s.
    /// - Precondition: at most 2,113,929,216 bytes.
    package static func compress(_ bytes: RawSpan) -> [UInt8] {
        var writer = ByteWriter()
        compress(bytes, into: &writer)
        return writer.bytes
    }

    /// `bytes` as one LZ4 block. Complexity: O(n).
    package static func compress(_ bytes: [UInt8]) -> [UInt8] {
        compress(unsafe bytes.span.bytes)
    }

    /// Appends `bytes` as one LZ4 block, without its lengths.
    /// - Precondition: at most 2,113,929,216 bytes.
    package static func compress(_ bytes: RawSpan, into writer: inout ByteWriter) {
        precondition(bytes.byteCount <= largestBlock, "an LZ4 block holds less than 2 GiB")
        let bound = Int(LZ4_compressBound(Int32(bytes.byteCount)))
        writer.reserve(bound)
        let written = unsafe bytes.withUnsafeBytes { source in
            let target = unsafe writer.base + writer.count
            return unsafe LZ4_compress_default(
                source.baseAddress ?? UnsafeRawPointer(target), target, Int32(source.count),
                Int32(bound))
        }
        precondition(written > 0, "liblz4 always succeeds within its own bound")
        writer.count += Int(written)
    }

    /// What a block expands to.
    ///
    /// Throws if that is not exactly `rawSize` bytes, or if `rawSize` is more than `limit`.
    package static func decompress(
        _ block: RawSpan, rawSize: Int, limit: Int
    ) throws(Corruption) -> [UInt8] {
        var writer = ByteWriter()
        try decompress(block, rawSize: rawSize, limit: limit, into: &writer)
        return writer.bytes
    }

    /// What a block expands to.
    package static func decompress(
        _ block: [UInt8], rawSize: Int, limit: Int
    ) throws(Corruption) -> [UInt8] {
        try decompress(unsafe block.span.bytes, rawSize: rawSize, limit: limit)
    }

    /// Appends what a block expands to; when it throws, nothing is appended.
    package static func decompress(
        _ block: RawSpan, rawSize: Int, limit: Int, into writer: inout ByteWriter
    ) throws(Corruption) {
        guard block.byteCount <= largestBlock else {
            throw Corruption(
                offset: 0, expected: "an LZ4 block of less than 2 GiB",
                found: "\(block.byteCount) bytes")
        }
        guard let size = UInt64(exactly: rawSize) else {
            throw Corruption(offset: 0, expected: "a size after decompression", found: "\(rawSize)")
        }
        try check(rawSize: size, of: block.byteCount, limit: limit)
        writer.reserve(rawSize)
        let written = unsafe block.withUnsafeBytes { source in
            let target = unsafe writer.base + writer.count
            return unsafe LZ4_decompress_safe(
                source.baseAddress ?? UnsafeRawPointer(target), target, Int32(source.count),
                Int32(rawSize))
        }
        guard written == rawSize else {
            throw Corruption(
                offset: 0, expected: "an LZ4 block of \(rawSize) bytes",
                found: written < 0 ? "a malformed block" : "\(written) bytes")
        }
        writer.count += rawSize
    }

    /// Refuses a raw size past the limit, or one that so many compressed bytes cannot reach.
    static func check(rawSize: UInt64, of compressed: Int, limit: Int) throws(Corruption) {
        let most = min(UInt64(clamping: limit), UInt64(largestBlock))
        guard rawSize <= most else {
            throw Corruption(
                offset: 0, expected: "at most \(most) bytes after decompression",
                found: "\(rawSize)")
        }
        guard rawSize <= UInt64(compressed) * UInt64(expansionLimit) else {
            throw Corruption(
                offset: 0, expected: "a size that \(compressed) bytes of LZ4 can expand to",
                found: "\(rawSize)")
        }
    }
}
