// Linux's epoll, which Swift's Glibc leaves out: what the load program needs of it.
#ifndef HOLDFAST_CEPOLL_H
#define HOLDFAST_CEPOLL_H
#include <stdint.h>

/// A socket that is ready.
typedef struct {
    uint32_t index;
    uint32_t is_writable;
} holdfast_ready;

enum { holdfast_ready_max = 128 };

/// Returns a new poll's descriptor.
int holdfast_poll(void);

/// Has `poll` tell of `socket` by its `index`: when it can be read, and if asked for, written.
void holdfast_watch(int poll, int socket, uint32_t index, int writable, int is_new);

/// Waits at most so many nanoseconds. Returns how many sockets are ready, or -1.
int holdfast_wait(int poll, int64_t nanoseconds, holdfast_ready *ready);
#endif
