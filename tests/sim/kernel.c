/* SPDX-License-Identifier: MIT */
/* The calls of the relay: which descriptor is meant, and what blocks. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/sockios.h>

#include "../../src/connection/confine.h"
#include "calls.h"
#include "kernel.h"
#include "rules.h"
#include "script.h"

/* A prime, so that no two buffers that the relay moves are alike. */
#define PERIOD 65521

struct sim sim;
static uint8_t streams[SIM_ENDS][PERIOD + SIM_BYTES_MAX];

static void make_streams(void)
{
	uint32_t x = 1;

	for (enum sim_end end = 0; end < SIM_ENDS; end++)
		for (size_t i = 0; i < sizeof(streams[end]); i++) {
			x = x * 1664525 + 1013904223;
			streams[end][i] = i < PERIOD ? (uint8_t)(x >> 24)
						     : streams[end][i - PERIOD];
		}
}

const uint8_t *kernel_bytes(enum sim_end end, uint64_t at)
{
	return streams[end] + at % PERIOD;
}

const char *kernel_end_name(enum sim_end end)
{
	return end == SIM_CLIENT ? "client" : "target";
}

void kernel_init(const struct sim_setup *setup, bool traces)
{
	struct sim_socket *client = &sim.ends[SIM_CLIENT];
	struct sim_socket *target = &sim.ends[SIM_TARGET];

	if (!streams[0][0] && !streams[0][1])
		make_streams();
	memset(&sim, 0, sizeof(sim));
	sim.setup = setup;
	sim.traces = traces;
	sim.now_us = 1000000;
	rules_init();
	for (enum sim_end end = 0; end < SIM_ENDS; end++)
		sim.ends[end].kind = setup->kinds[end];
	client->non_blocking = setup->unblocked;
	target->non_blocking = true; /* it was dialled */
	client->sent = client->arrived = client->taken = setup->first_bytes;
	if (setup->was_reset) {
		tcp_peer_sends(SIM_TARGET, 5000);
		tcp_move();
		tcp_peer_resets(SIM_TARGET);
		tcp_take_error(target);
	}
}

void kernel_trace(const char *format, ...)
{
	va_list arguments;

	if (!sim.traces)
		return;
	va_start(arguments, format);
	fprintf(stderr, "%12.6f ", (double)sim.now_us / 1000000);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

void kernel_enter(unsigned about)
{
	sim.calls++;
	script_before_call(about);
	if (sim.setup->is_quick)
		tcp_move();
	rules_call();
}

enum sim_end kernel_end_of(int fd, const char *call)
{
	if (fd == SIM_OUT && sim.setup->kinds[SIM_CLIENT] == SIM_TWO_PIPES)
		return SIM_CLIENT;
	MUST(fd == SIM_FD + SIM_CLIENT || fd == SIM_FD + SIM_TARGET,
	    "%s of descriptor %d", call, fd);
	return (enum sim_end)(fd - SIM_FD);
}

ssize_t kernel_adapt(ssize_t n)
{
	if (n > 0 && sim.interrupts) {
		sim.interrupts = false;
		sim.progress++;
		errno = EINTR;
		return -1;
	}
	if (n > 1 && sim.is_short) {
		sim.is_short = false;
		return n / 2;
	}
	return n;
}

ssize_t kernel_said(const char *call, enum sim_end end, ssize_t n)
{
	kernel_trace("%s %s: %zd%s%s", call, kernel_end_name(end), n,
	    n < 0 ? " " : "", n < 0 ? strerrorname_np(errno) : "");
	return n;
}

ssize_t sim_recv(int fd, void *buffer, size_t size, int flags)
{
	const enum sim_end end = kernel_end_of(fd, "recv");
	struct sim_socket *socket = &sim.ends[end];
	ssize_t n;

	kernel_enter(1U << end);
	MUST(flags & MSG_DONTWAIT || socket->non_blocking, "recv() may block");
	if (kernel_fails(FAILS_READ, end))
		return kernel_said("recv", end, -1);
	n = kernel_adapt(tcp_receivable(socket, size));
	if (n > 0) {
		memcpy(buffer, kernel_bytes(end, socket->taken), (size_t)n);
		tcp_took(end, (size_t)n);
	}
	return kernel_said("recv", end, n);
}

ssize_t sim_send(int fd, const void *buffer, size_t size, int flags)
{
	const enum sim_end end = kernel_end_of(fd, "send");
	struct sim_socket *socket = &sim.ends[end];
	ssize_t n;

	kernel_enter(1U << end);
	MUST(flags & MSG_DONTWAIT || socket->non_blocking, "send() may block");
	MUST(flags & MSG_NOSIGNAL, "send() may signal");
	MUST(size <= SIM_BYTES_MAX, "send() of %zu", size);
	if (flags & MSG_OOB && socket->kind != SIM_TCP) {
		errno = EOPNOTSUPP; /* without CONFIG_AF_UNIX_OOB */
		return kernel_said("send", end, -1);
	}
	if (kernel_fails(FAILS_WRITE, end))
		return kernel_said("send", end, -1);
	n = kernel_adapt(tcp_sendable(socket, size));
	if (n > 0) {
		rules_bytes(end, buffer, (size_t)n, flags & MSG_OOB);
		tcp_accepted(end, (size_t)n);
	}
	return kernel_said("send", end, n);
}

static enum sim_failing ioctl_fails(unsigned long request, int value)
{
	if (request == FIONBIO)
		return value ? FAILS_OTHER : FAILS_BLOCK;
	return request == SIOCATMARK ? FAILS_MARK : FAILS_UNSENT;
}

int sim_ioctl(int fd, unsigned long request, ...)
{
	const enum sim_end end = kernel_end_of(fd, "ioctl");
	struct sim_socket *socket = &sim.ends[end];
	va_list arguments;
	int *value;

	kernel_enter(1U << end);
	va_start(arguments, request);
	value = va_arg(arguments, int *);
	va_end(arguments);
	if (kernel_fails(ioctl_fails(request, *value), end))
		return (int)kernel_said("ioctl", end, -1);
	switch (request) {
	case FIONBIO:
		socket->non_blocking = *value;
		break;
	case SIOCATMARK:
		*value = urgent_is_at_mark(socket);
		if (*value)
			socket->mark_told = socket->mark;
		break;
	case SIOCOUTQ:
		if (socket->kind == SIM_TWO_PIPES) {
			errno = ENOTTY;
			return (int)kernel_said("ioctl", end, -1);
		}
		*value = (int)(socket->accepted - (socket->kind == SIM_TCP
							  ? socket->acked
							  : socket->got));
		break;
	default:
		MUST(false, "ioctl() with %#lx", request);
	}
	kernel_trace(
	    "ioctl %s %#lx: %d", kernel_end_name(end), request, *value);
	return 0;
}

int sim_shutdown(int fd, int how)
{
	const enum sim_end end = kernel_end_of(fd, "shutdown");

	kernel_enter(1U << end);
	MUST(how == SHUT_WR || sim.ends[end].kind != SIM_TCP,
	    "shutdown() of %d", how);
	return (int)kernel_said("shutdown", end,
	    kernel_fails(
		sim.ends[end].kind == SIM_TWO_PIPES ? FAILS_OTHER : FAILS_END,
		end)
		? -1
	    : sim.ends[end].kind == SIM_TCP ? tcp_shut(end)
					    : local_shut(end, how));
}

int sim_connect(int fd, const struct sockaddr *address, socklen_t length)
{
	const enum sim_end end = kernel_end_of(fd, "connect");

	kernel_enter(1U << end);
	MUST(
	    address->sa_family == AF_UNSPEC && length == confine_reset_length(),
	    "connect() to family %d", address->sa_family);
	if (kernel_fails(FAILS_OTHER, end))
		return (int)kernel_said("connect", end, -1);
	if (sim.ends[end].kind != SIM_TCP) {
		errno = sim.ends[end].kind == SIM_UNIX ? EINVAL : ENOTSOCK;
		return (int)kernel_said("connect", end, -1);
	}
	tcp_disconnect(end);
	return (int)kernel_said("connect", end, 0);
}

int sim_getsockopt(
    int fd, int level, int option, void *value, socklen_t *length)
{
	const enum sim_end end = kernel_end_of(fd, "getsockopt");
	int error;

	kernel_enter(1U << end);
	MUST(level == SOL_SOCKET && option == SO_ERROR &&
		 *length == sizeof(error),
	    "getsockopt() of %d", option);
	if (sim.ends[end].kind == SIM_TWO_PIPES) {
		/* The relay makes that of a pipe that nobody reads. */
		tcp_fail(&sim.ends[end], EPIPE);
		errno = ENOTSOCK;
		return -1;
	}
	/* It needs nothing, and never fails. */
	error = tcp_take_error(&sim.ends[end]);
	*length = sizeof(error);
	memcpy(value, &error, sizeof(error));
	kernel_said("error of", end, error);
	return 0;
}

int sim_setsockopt(
    int fd, int level, int option, const void *value, socklen_t length)
{
	const enum sim_end end = kernel_end_of(fd, "setsockopt");

	kernel_enter(1U << end);
	MUST(level == SOL_SOCKET && option == SO_OOBINLINE &&
		 length == sizeof(int),
	    "setsockopt() of %d: %d, %d, %u", fd, level, option, length);
	/* A mark that it does not stop at is no place to read from. */
	if (kernel_fails(FAILS_READ, end))
		return (int)kernel_said("inline", end, -1);
	sim.ends[end].inlined = *(const int *)value;
	return (int)kernel_said("inline", end, 0);
}

ssize_t sim_recvmsg(int fd, struct msghdr *message, int flags)
{
	(void)message;
	kernel_enter(0);
	MUST(flags & MSG_ERRQUEUE, "recvmsg() of %d", fd);
	errno = EAGAIN;
	return -1;
}

static short poll_end(int fd, short events)
{
	struct sim_socket *socket = &sim.ends[kernel_end_of(fd, "poll")];
	const bool of_out = fd == SIM_OUT;
	const int there = socket->kind == SIM_TCP ? tcp_poll(socket)
						  : local_poll(socket, of_out);
	const int found = there & (events | POLLERR | POLLHUP);

	socket->has_room |= of_out && events & POLLOUT && found;
	return (short)found;
}

int kernel_poll(struct pollfd *fds, nfds_t count)
{
	int ready = 0;

	for (nfds_t i = 0; i < count; i++) {
		fds[i].revents = 0;
		if (fds[i].fd >= 0)
			fds[i].revents = poll_end(fds[i].fd, fds[i].events);
		ready += fds[i].revents != 0;
	}
	return ready;
}

int sim_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	kernel_enter(CALL_WAITS);
	MUST(timeout == 0, "poll() may block");
	if (kernel_fails(FAILS_WRITE, kernel_end_of(fds->fd, "poll")))
		return -1;
	return kernel_poll(fds, count);
}
