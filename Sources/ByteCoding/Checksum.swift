internal import CChecksum

/// CRC-32C (Castagnoli): the checksum of frames, log batches and headers.
///
/// Source: RFC 3720, appendix B.4. Complexity: O(n), about 10 GB/s where the processor has the
/// instruction.
package enum CRC32C {
    /// The checksum of `bytes`, continuing from `seed` (the checksum of what came before, or a
    /// salt; 0 for the plain CRC-32C).
    package static func checksum(_ bytes: RawSpan, seed: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe holdfast_crc32c(seed, $0.baseAddress, $0.count) }
    }

    package static func checksum(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
        unsafe bytes.withUnsafeBytes { unsafe holdfast_crc32c(seed, $0.baseAddress, $0.count) }
    }
}

/// XXH3 with 64 bits: the hash of the log's chain and of state digests. Not for adversaries.
///
/// Source: the xxHash specification, `XXH3_64bits_withSeed`. Complexity: O(n).
package enum XXH3 {
    package static func hash(_ bytes: RawSpan, seed: UInt64 = 0) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe holdfast_xxh3_64($0.baseAddress, $0.count, seed) }
    }

    package static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
        unsafe bytes.withUnsafeBytes { unsafe holdfast_xxh3_64($0.baseAddress, $0.count, seed) }
    }

    package static func hash128(_ bytes: RawSpan, seed: UInt64 = 0) -> (low: UInt64, high: UInt64) {
        var high: UInt64 = 0
        let low = unsafe bytes.withUnsafeBytes { source in
            unsafe holdfast_xxh3_128(source.baseAddress, source.count, seed, &high)
        }
        return (low, high)
    }
}
