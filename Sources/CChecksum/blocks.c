#define _GNU_SOURCE
#include "CChecksum.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

// Blocks of one size are cut from chunks of 2 MiB, which the kernel is asked to back with one large
// page each. A chunk is given back when none of its blocks is in use and another has free ones.
//
// The first write to a chunk waits until the system has found and zeroed 2 MiB: 0.1 ms, and 2 to 5
// ms on a virtual machine whose host must find them, too. So a thread may keep some ready.

enum { ready_most = 4, chunk_size = 2 << 20, smallest_shift = 12, largest_shift = 18, sizes = largest_shift - smallest_shift + 1 };

struct chunk {
    struct chunk *next, *before;  // Of those of its size that have free blocks.
    void *free;                   // The first free block, each of which begins with the next one.
    char *base;
    unsigned used, carved;        // Blocks in use; blocks that were ever.
    int size_class;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct chunk *open_chunks[sizes];
// Chunks by address: a table with open addressing, a power of two in size, at most half full.
static struct chunk **known;
static size_t known_room, known_count;
// Chunks that were written to already, for those that need one next.
static char *ready[ready_most];
static int ready_count, keeps_ready;
static pthread_cond_t taken = PTHREAD_COND_INITIALIZER;

static size_t place_of(const void *base) {
    return (size_t)(((uintptr_t)base / chunk_size) * 0x9E3779B97F4A7C15u >> 32) & (known_room - 1);
}

static size_t find(const void *base) {
    size_t place = place_of(base);
    while (known[place] && known[place]->base != base) place = (place + 1) & (known_room - 1);
    return place;
}

static int remember(struct chunk *chunk) {
    if (known_count * 2 >= known_room) {
        size_t old_room = known_room, room = old_room ? old_room * 2 : 64;
        struct chunk **old = known, **table = calloc(room, sizeof *table);
        if (!table) return 0;
        known = table;
        known_room = room;
        for (size_t i = 0; i < old_room; i++)
            if (old[i]) known[find(old[i]->base)] = old[i];
        free(old);
    }
    known[find(chunk->base)] = chunk;
    known_count++;
    return 1;
}

static void forget(const struct chunk *chunk) {
    size_t hole = find(chunk->base), next = hole;
    known_count--;
    for (;;) {
        next = (next + 1) & (known_room - 1);
        if (!known[next]) break;
        size_t home = place_of(known[next]->base);
        if (((next - home) & (known_room - 1)) < ((next - hole) & (known_room - 1))) continue;
        known[hole] = known[next];
        hole = next;
    }
    known[hole] = NULL;
}

static void enlist(struct chunk *chunk) {
    chunk->before = NULL;
    chunk->next = open_chunks[chunk->size_class];
    if (chunk->next) chunk->next->before = chunk;
    open_chunks[chunk->size_class] = chunk;
}

static void delist(struct chunk *chunk) {
    if (chunk->next) chunk->next->before = chunk->before;
    if (chunk->before) chunk->before->next = chunk->next;
    else open_chunks[chunk->size_class] = chunk->next;
}

// The memory of a chunk; NULL if there is none.
static char *map(void) {
    // Twice the size, of which the part that is aligned is kept.
    char *room = mmap(NULL, 2 * chunk_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (room == MAP_FAILED) return NULL;
    char *base = (char *)(((uintptr_t)room + chunk_size - 1) & ~(uintptr_t)(chunk_size - 1));
    if (base > room) munmap(room, (size_t)(base - room));
    if (base < room + chunk_size) munmap(base + chunk_size, (size_t)(room + chunk_size - base));
    madvise(base, chunk_size, MADV_HUGEPAGE);
    return base;
}

int holdfast_block_prepare(void) {
    pthread_mutex_lock(&lock);
    keeps_ready = 1;
    while (known_count == 0 || ready_count == ready_most) pthread_cond_wait(&taken, &lock);
    pthread_mutex_unlock(&lock);
    char *base = map();
    if (base)
        for (size_t at = 0; at < chunk_size; at += 4096) ((volatile char *)base)[at] = 0;
    pthread_mutex_lock(&lock);
    if (base && ready_count < ready_most) {
        ready[ready_count++] = base;
    } else if (base) {
        munmap(base, chunk_size);
    } else {
        keeps_ready = 0;
    }
    pthread_mutex_unlock(&lock);
    return base != NULL;
}

static struct chunk *make_chunk(int size_class) {
    struct chunk *chunk = calloc(1, sizeof *chunk);
    if (!chunk) return NULL;
    chunk->base = ready_count > 0 ? ready[--ready_count] : map();
    chunk->size_class = size_class;
    if (!chunk->base || !remember(chunk)) {
        if (chunk->base) munmap(chunk->base, chunk_size);
        free(chunk);
        return NULL;
    }
    enlist(chunk);
    if (keeps_ready) pthread_cond_signal(&taken);
    return chunk;
}

static int class_of(size_t size) {
    for (int class = 0; class < sizes; class++)
        if (size == (size_t)1 << (smallest_shift + class)) return class;
    return -1;
}

void *holdfast_block_allocate(size_t size) {
    int class = class_of(size);
    if (class < 0) return NULL;
    pthread_mutex_lock(&lock);
    struct chunk *chunk = open_chunks[class];
    if (!chunk) chunk = make_chunk(class);
    void *block = NULL;
    if (chunk) {
        if (chunk->free) {
            block = chunk->free;
            chunk->free = *(void **)block;
        } else {
            block = chunk->base + (size_t)chunk->carved++ * size;
        }
        chunk->used++;
        if (!chunk->free && chunk->carved == chunk_size / size) delist(chunk);
    }
    pthread_mutex_unlock(&lock);
    return block;
}

void holdfast_block_free(void *block) {
    pthread_mutex_lock(&lock);
    struct chunk *chunk = known[find((void *)((uintptr_t)block & ~(uintptr_t)(chunk_size - 1)))];
    size_t blocks = chunk_size >> (smallest_shift + chunk->size_class);
    if (!chunk->free && chunk->carved == blocks) enlist(chunk);
    *(void **)block = chunk->free;
    chunk->free = block;
    chunk->used--;
    if (chunk->used == 0 && (chunk->next || chunk->before)) {
        delist(chunk);
        forget(chunk);
        if (keeps_ready && ready_count < ready_most) ready[ready_count++] = chunk->base;
        else munmap(chunk->base, chunk_size);
        free(chunk);
    }
    pthread_mutex_unlock(&lock);
}
