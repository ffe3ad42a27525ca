/* SPDX-License-Identifier: MIT */
/* One end of a connection: what it is told, and what it says when it fails. */
#ifndef CONNECTION_END_H
#define CONNECTION_END_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../record/result.h"

/*
 * The error that poll() reported with POLLERR (socket(7), SO_ERROR): errno, 0
 * for none; of a pipe EPIPE, since nobody reads from it.
 */
int end_error(int fd);

/*
 * Whether an errno is one of a connection, or of a pipe or a terminal: one of
 * the two ends', not of this machine's.
 */
bool end_may_fail(int error);

/*
 * write(2) that never blocks where the descriptor may: where poll() reports
 * POLLOUT a pipe has room for PIPE_BUF bytes (pipe(7)), which are the most that
 * it writes. Returns how many, or -1 with errno, EAGAIN where there is no room.
 */
ssize_t end_write(int fd, const char *bytes, size_t size);

/*
 * Makes an open file non-blocking (ioctl_tty(2), FIONBIO), for all who share
 * it. Where it was not, *ret_changed is true from before it may be. Returns 0,
 * or -1 with errno.
 */
int end_unblock(int fd, bool *ret_changed);

/*
 * From now on urgent data stay among the other bytes (socket(7), SO_OOBINLINE),
 * and none are dropped when more come before they were read. What has no such
 * data is left as it is. Returns 0, or -1 with errno where this machine
 * refuses.
 */
int end_keep_urgent(int fd);

/*
 * Whether a unix socket that failed with EPIPE has a peer that has only closed
 * its half for reading, and may still send.
 */
bool end_is_closed_for_reading(int fd);

/*
 * Drops the messages in a socket's error queue (recv(2), MSG_ERRQUEUE): poll()
 * reports them until they are gone.
 */
void end_empty_error_queue(int fd);

/*
 * Sends a reset at once, whoever holds duplicates of the socket: connect() to
 * AF_UNSPEC (connect(2); tcp_disconnect() in the kernel). What knows no reset
 * gets all there is, an end.
 */
void end_reset(int fd);

/*
 * A reset throws away what was not sent yet. Gives what the other end had sent
 * before a moment to get out, until the deadline or a second signal.
 */
void end_wait_until_sent(int fd, int64_t deadline);

/*
 * Tells both ends how the relay between them ended, where they do not know it
 * already; `delivered` says that nothing was held back. What was sent before a
 * reset gets out as above, until the deadline.
 */
void end_tell(int client, int target, enum result result, bool delivered,
    int64_t deadline);

#endif
