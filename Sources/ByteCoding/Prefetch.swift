internal import CChecksum

/// Asks the processor for memory ahead of its use, so that several look-ups wait for it at once
/// and not one after the other. Changes nothing else; an address that is nobody's does no harm.
package enum Prefetch {
    /// The cache line that `address` is in.
    package static func line(_ address: UnsafeRawPointer) {
        unsafe holdfast_prefetch(address, 1)
    }

    /// The cache lines of `count` bytes from `start` on.
    package static func bytes(_ start: UnsafeRawPointer, count: Int) {
        unsafe holdfast_prefetch(start, Int(count))
    }
}
