internal import CChecksum

/// Blocks of memory that lie together in pages of 2 MiB, where the system has such.
///
/// Rows of a large workspace lie anywhere in hundreds of megabytes; in pages of 4 KiB nearly every
/// look-up of one first has to find out where its page is, which on a virtual machine is two tables
/// deep. Blocks of one size share chunks of 2 MiB with those of other stores, so none costs more
/// than its size; but all of it is resident, even what was never written.
package enum LargePages {
    /// A block of `size` bytes, aligned to its size; nil if there is none to be had.
    /// - Parameter size: a power of two from 4 KiB to 256 KiB, or there is none.
    package static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
        unsafe holdfast_block_allocate(size)
    }

    /// Gives back a block that `allocate` gave, from any thread.
    package static func deallocate(_ block: UnsafeMutableRawPointer) {
        unsafe holdfast_block_free(block)
    }

    /// Gets memory ready for the next blocks, up to 8 MiB, so that whoever needs one does not wait
    /// for the system to find it: 0.1 ms a chunk, and up to 5 on a virtual machine. Nothing is kept
    /// before the first block was given.
    ///
    /// Blocks until more is wanted: for a thread of its own, which calls it again.
    /// - Returns: whether there was memory.
    package static func prepare() -> Bool { holdfast_block_prepare() != 0 }
}
