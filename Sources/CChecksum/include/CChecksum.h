// CRC-32C with the processor's instruction where it has one, prefetching, and XXH3 from Debian's
// libxxhash-dev, compiled in so that nothing is needed at run time; and memory in large pages. In C
// because Swift has no such intrinsics, and the core no system calls.
#ifndef HOLDFAST_CCHECKSUM_H
#define HOLDFAST_CCHECKSUM_H
#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, reflected) of `count` bytes, continuing from `crc` (0 to begin).
uint32_t holdfast_crc32c(uint32_t crc, const void *bytes, size_t count);

/// XXH3, 64 bits, of `count` bytes with `seed`.
uint64_t holdfast_xxh3_64(const void *bytes, size_t count, uint64_t seed);

/// XXH3, 128 bits, of `count` bytes with `seed`; the low half is returned, the high half stored.
uint64_t holdfast_xxh3_128(const void *bytes, size_t count, uint64_t seed, uint64_t *high);

/// Asks the processor to bring the cache lines of `count` bytes from `start` on.
void holdfast_prefetch(const void *start, size_t count);

/// A block of `size` bytes, a power of two from 4 KiB to 256 KiB, aligned to its size, in memory
/// that is asked to be in pages of 2 MiB; NULL if there is none. From any thread.
void *holdfast_block_allocate(size_t size);

/// Gives back what `holdfast_block_allocate` gave. From any thread.
void holdfast_block_free(void *block);

/// Waits until less memory is ready for blocks than should be, and gets 2 MiB more from the system.
/// For a thread of its own, that calls it again until it returns 0: then there is no memory.
int holdfast_block_prepare(void);
#endif
