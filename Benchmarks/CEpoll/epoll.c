#define _GNU_SOURCE
#include "CEpoll.h"
#include <sys/epoll.h>
#include <time.h>

int holdfast_poll(void) { return epoll_create1(EPOLL_CLOEXEC); }

void holdfast_watch(int poll, int socket, uint32_t index, int writable, int is_new) {
    struct epoll_event event = {.events = EPOLLIN | (writable ? EPOLLOUT : 0)};
    event.data.u32 = index;
    epoll_ctl(poll, is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
}

int holdfast_wait(int poll, int64_t nanoseconds, holdfast_ready *ready) {
    struct epoll_event events[holdfast_ready_max];
    struct timespec limit = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    int count = epoll_pwait2(poll, events, holdfast_ready_max, &limit, 0);
    for (int i = 0; i < count; i++) {
        ready[i].index = events[i].data.u32;
        ready[i].is_writable = (events[i].events & EPOLLOUT) != 0;
    }
    return count;
}
