/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/sockios.h>

#include "../deadline.h"
#include "../wait.h"
#include "confine.h"
#include "end.h"

#define UNSENT_CHECK_MS 2

int end_error(int fd)
{
	int error = 0;
	socklen_t length = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		return errno == ENOTSOCK ? EPIPE : 0;
	return error;
}

bool end_may_fail(int error)
{
	switch (error) {
	case ECONNABORTED:
	case ECONNREFUSED:
	case ECONNRESET:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case EIO:
	case ENETDOWN:
	case ENETUNREACH:
	case ENONET:
	case ENOPROTOOPT:
	case ENOTCONN:
	case EOPNOTSUPP:
	case EPIPE:
	case EPROTO:
	case ETIMEDOUT:
		return true;
	default:
		return false;
	}
}

ssize_t end_write(int fd, const char *bytes, size_t size)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};
	int r = poll(&out, 1, 0);

	if (r == 0)
		errno = EAGAIN;
	if (r <= 0)
		return -1;
	return write(fd, bytes, size < PIPE_BUF ? size : PIPE_BUF);
}

bool end_is_closed_for_reading(int fd)
{
	struct pollfd polled = {.fd = fd};

	return poll(&polled, 1, 0) == 0;
}

int end_unblock(int fd, bool *ret_changed)
{
	const int flags = fcntl(fd, F_GETFL);
	int on = 1;

	if (flags < 0 || flags & O_NONBLOCK)
		return flags < 0 ? -1 : 0;
	*ret_changed = true;
	return ioctl(fd, FIONBIO, &on);
}

int end_keep_urgent(int fd)
{
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on)) == 0 ||
	    errno == ENOTSOCK || end_may_fail(errno))
		return 0;
	return -1;
}

void end_empty_error_queue(int fd)
{
	struct msghdr message = {0};

	/* Not every kind of socket has one: those would receive data. */
	while (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) >= 0 &&
	       message.msg_flags & MSG_ERRQUEUE)
		;
}

void end_reset(int fd)
{
	const struct sockaddr unspecified = {.sa_family = AF_UNSPEC};

	/* Again, since the other way is no reset: to the end it is an EOF. */
	for (int i = 0; i < 2; i++)
		if (connect(fd, &unspecified, confine_reset_length()) == 0)
			return;
	shutdown(fd, SHUT_RDWR);
}

void end_wait_until_sent(int fd, int64_t deadline)
{
	int unsent;

	while (ioctl(fd, SIOCOUTQ, &unsent) == 0 && unsent > 0) {
		int64_t again = deadline_in_ms(UNSENT_CHECK_MS);

		if (again > deadline)
			return;
		if (wait_for(NULL, 0, again) == -EINTR &&
		    wait_order() >= WAIT_END)
			return;
	}
}

void end_tell(int client, int target, enum result result, bool delivered,
    int64_t deadline)
{
	if (result == RESULT_CLOSED)
		return;
	if ((result == RESULT_IDLE_TIMEOUT || result == RESULT_HALF_CLOSED) &&
	    delivered) {
		shutdown(client, SHUT_WR);
		shutdown(target, SHUT_WR);
		return;
	}
	if (result == RESULT_CLIENT_RESET)
		end_wait_until_sent(target, deadline);
	else if (result == RESULT_TARGET_RESET)
		end_wait_until_sent(client, deadline);
	/*
	 * What is cut off must not look complete to either end: not to the one
	 * either that a call failed for, which may know nothing of it.
	 */
	end_reset(client);
	end_reset(target);
}
