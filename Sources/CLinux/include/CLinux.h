// Linux's epoll, eventfd and accept4, which Swift's Glibc leaves out.
#ifndef HOLDFAST_CLINUX_H
#define HOLDFAST_CLINUX_H
#include <stdint.h>

/// A descriptor that is ready: the number it is watched by, and for what.
typedef struct {
    uint32_t number;
    uint32_t events;
} holdfast_ready;

enum {
    holdfast_readable = 1,
    /// The other end sends no more, or all of the connection is gone.
    holdfast_hung_up = 2,
    holdfast_writable = 4,
};

/// Makes a poll. Returns its descriptor, or -1 with errno.
int holdfast_poll_create(void);

/// Makes a descriptor that wakes the poll that watches it. Returns it, or -1 with errno.
int holdfast_wakeup_create(void);

/// Wakes the poll that watches `wakeup`.
void holdfast_wake(int wakeup);

/// Watches a wakeup, as `number`. Returns 0, or -1 with errno.
int holdfast_poll_add_wakeup(int poll, int wakeup, uint32_t number);

/// Watches `descriptor`, as `number`, for `events`; being hung up is always among them.
/// Returns 0, or -1 with errno.
int holdfast_poll_add(int poll, int descriptor, uint32_t number, uint32_t events);

/// Watches it for other events. Returns 0, or -1 with errno.
int holdfast_poll_change(int poll, int descriptor, uint32_t number, uint32_t events);

/// Watches it no more. Returns 0, or -1 with errno.
int holdfast_poll_remove(int poll, int descriptor);

/// Waits until something is ready, at most `nanoseconds` (negative: for ever). Fills `ready` with
/// up to `room` of them, at most 256. Returns how many; none after a signal.
int holdfast_poll_wait(int poll, holdfast_ready *ready, int room, int64_t nanoseconds);

/// Accepts a connection whose descriptor never blocks and is not handed to programs started.
/// Returns it, or -1 with errno; `address` and `size` are a sockaddr, as for accept.
int holdfast_accept(int listening, void *address, uint32_t *size);
#endif
