/* SPDX-License-Identifier: MIT */
/*
 * What the relay calls in place of the C library: each as its namesake without
 * "sim_", of which the kernel has what the relay uses. Other uses are broken
 * rules.
 */
#ifndef SIM_CALLS_H
#define SIM_CALLS_H

#include <poll.h>
#include <sys/socket.h>
#include <sys/types.h>

int sim_close(int fd);
int sim_connect(int fd, const struct sockaddr *address, socklen_t length);
int sim_fcntl(int fd, int command, ...);
int sim_getsockopt(
    int fd, int level, int option, void *value, socklen_t *length);
int sim_ioctl(int fd, unsigned long request, ...);
int sim_pipe2(int fds[2], int flags);
int sim_poll(struct pollfd *fds, nfds_t count, int timeout);
ssize_t sim_read(int fd, void *buffer, size_t size);
ssize_t sim_recv(int fd, void *buffer, size_t size, int flags);
ssize_t sim_recvmsg(int fd, struct msghdr *message, int flags);
ssize_t sim_send(int fd, const void *buffer, size_t size, int flags);
int sim_setsockopt(
    int fd, int level, int option, const void *value, socklen_t length);
int sim_shutdown(int fd, int how);
ssize_t sim_splice(int in, off64_t *in_at, int out, off64_t *out_at,
    size_t size, unsigned flags);
ssize_t sim_write(int fd, const void *buffer, size_t size);

#endif
