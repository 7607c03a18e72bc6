#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most = 256 };

int holdfast_accept(int listening, void *address, uint32_t *size) {
    return accept4(listening, address, size, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

int holdfast_poll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int holdfast_wakeup_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

void holdfast_wake(int wakeup) {
    // Nobody reads the count: each write is an event of its own to an edge-triggered poll.
    eventfd_write(wakeup, 1);
}

int holdfast_poll_add_wakeup(int poll, int wakeup, uint32_t number) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.u32 = number};
    return epoll_ctl(poll, EPOLL_CTL_ADD, wakeup, &event);
}

static int control(int poll, int operation, int descriptor, uint32_t number, uint32_t events) {
    struct epoll_event event = {.events = 0, .data.u32 = number};
    if (events & holdfast_readable) event.events |= EPOLLIN | EPOLLRDHUP;
    if (events & holdfast_writable) event.events |= EPOLLOUT;
    return epoll_ctl(poll, operation, descriptor, &event);
}

int holdfast_poll_add(int poll, int descriptor, uint32_t number, uint32_t events) {
    return control(poll, EPOLL_CTL_ADD, descriptor, number, events);
}

int holdfast_poll_change(int poll, int descriptor, uint32_t number, uint32_t events) {
    return control(poll, EPOLL_CTL_MOD, descriptor, number, events);
}

int holdfast_poll_remove(int poll, int descriptor) {
    struct epoll_event event = {0};
    return epoll_ctl(poll, EPOLL_CTL_DEL, descriptor, &event);
}

static int wait_exactly(int poll, struct epoll_event *events, int room, int64_t nanoseconds) {
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    return epoll_pwait2(poll, events, room, nanoseconds < 0 ? NULL : &limit, NULL);
}

static int wait_coarsely(int poll, struct epoll_event *events, int room, int64_t nanoseconds) {
    // Rounded up: a timer never runs before its time.
    int64_t milliseconds = nanoseconds < 0 ? -1 : nanoseconds / 1000000 + 1;
    int longest = 1 << 30;
    return epoll_wait(poll, events, room, milliseconds > longest ? longest : (int)milliseconds);
}

int holdfast_poll_wait(int poll, holdfast_ready *ready, int room, int64_t nanoseconds) {
    // Kernels before 5.11, and sandboxes that do not know the call, have milliseconds only.
    static _Atomic bool is_coarse = false;
    struct epoll_event events[most];
    if (room > most) room = most;
    int count;
    if (nanoseconds == 0) {
        count = epoll_wait(poll, events, room, 0);
    } else if (is_coarse) {
        count = wait_coarsely(poll, events, room, nanoseconds);
    } else {
        count = wait_exactly(poll, events, room, nanoseconds);
        if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
            is_coarse = true;
            count = wait_coarsely(poll, events, room, nanoseconds);
        }
    }
    if (count < 0) return errno == EINTR ? 0 : -1;
    for (int index = 0; index < count; index++) {
        uint32_t happened = events[index].events;
        uint32_t told = 0;
        if (happened & EPOLLIN) told |= holdfast_readable;
        if (happened & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) told |= holdfast_hung_up;
        if (happened & EPOLLOUT) told |= holdfast_writable;
        ready[index].number = events[index].data.u32;
        ready[index].events = told;
    }
    return count;
}
