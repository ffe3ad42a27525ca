/* SPDX-License-Identifier: MIT */
/*
 * Ends that are no TCP: unix stream sockets, as net/unix/af_unix.c of Linux has
 * them, and a client's two pipes (fs/pipe.c). Nothing is on its way, there are
 * no resets, and a peer may close its half for reading alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "calls.h"
#include "kernel.h"
#include "rules.h"

/* A pipe has a page at least. */
static uint64_t capacity(const struct sim_socket *socket)
{
	const uint64_t bytes = sim.setup->send_bytes;

	return socket->kind == SIM_UNIX || bytes > PIPE_BUF ? bytes : PIPE_BUF;
}

static uint64_t unread(const struct sim_socket *socket)
{
	return socket->accepted - socket->got;
}

/* What it is sent fails, and it sends nothing. */
static bool is_gone(const struct sim_socket *socket)
{
	return socket->closed || (socket->deaf && socket->fin_arrived);
}

/* unix_stream_read_generic() */
ssize_t local_receivable(struct sim_socket *socket, size_t size)
{
	const uint64_t there = socket->arrived - socket->taken;

	if (there)
		return (ssize_t)(size < there ? size : there);
	if (socket->error) {
		errno = tcp_take_error(socket);
		return -1;
	}
	if (socket->fin_arrived) {
		sim.progress += !socket->eof_taken;
		socket->eof_taken = true;
		return 0;
	}
	MUST(socket->kind == SIM_UNIX, "read() may block");
	errno = EAGAIN;
	return -1;
}

/* unix_stream_sendmsg(): the error of a peer that is no more stays. */
ssize_t local_sendable(struct sim_socket *socket, size_t size)
{
	const uint64_t room = capacity(socket) - unread(socket);

	if (socket->shut || socket->deaf || socket->closed) {
		if (is_gone(socket) && !socket->was_reset)
			rules_reset(socket);
		return tcp_fail(socket, EPIPE);
	}
	if (room)
		return (ssize_t)(size < room ? size : room);
	errno = EAGAIN;
	return -1;
}

/* unix_shutdown(); a pipe is no socket. */
int local_shut(enum sim_end end, int how)
{
	struct sim_socket *socket = &sim.ends[end];

	if (socket->kind == SIM_TWO_PIPES) {
		errno = ENOTSOCK;
		return -1;
	}
	sim.progress++;
	if (how == SHUT_RDWR)
		socket->cut = true;
	else if (!socket->shut)
		rules_shut(end);
	socket->shut = true;
	return 0;
}

/* unix_writable(); pipe_poll(): a page of a pipe is free. */
bool local_is_writable(const struct sim_socket *socket)
{
	if (socket->kind == SIM_UNIX)
		return unread(socket) * 4 <= sim.setup->send_bytes;
	return unread(socket) + PIPE_BUF <= capacity(socket);
}

/* unix_poll(); pipe_poll() of the first pipe, and of the second. */
short local_poll(const struct sim_socket *socket, bool of_out)
{
	const bool is_socket = socket->kind == SIM_UNIX;
	const bool is_shut = socket->shut || socket->deaf || socket->closed;
	const bool has_data = socket->arrived > socket->taken;
	short events = 0;

	if (is_socket || !of_out) {
		if (has_data || (is_socket && socket->fin_arrived))
			events |= POLLIN;
		if (socket->fin_arrived && (!is_socket || is_shut))
			events |= POLLHUP;
	}
	if (is_socket || of_out) {
		if (local_is_writable(socket))
			events |= POLLOUT;
		if (is_socket ? socket->error : socket->deaf)
			events |= POLLERR;
	}
	return events;
}

void local_move(struct sim_socket *socket)
{
	const uint64_t there = socket->arrived - socket->taken;
	const uint64_t room = sim.setup->receive_bytes - there;
	const uint64_t left = socket->sent - socket->arrived;

	socket->arrived += left < room ? left : room;
	socket->fin_arrived =
	    socket->peer_ends && socket->arrived == socket->sent;
	socket->acked = socket->accepted;
	if (!socket->stalls && !socket->deaf && !socket->closed)
		socket->got = socket->accepted;
}

/* unix_release_sock(): what was not read is told as a reset. */
bool local_peer_closes(enum sim_end end)
{
	struct sim_socket *socket = &sim.ends[end];

	local_move(socket);
	/* What it waited to write is not written. */
	socket->sent = socket->arrived;
	if (socket->kind == SIM_TWO_PIPES) {
		local_peer_turns_deaf(end);
	} else if (unread(socket)) {
		socket->error = ECONNRESET;
		rules_reset(socket);
	}
	socket->peer_ends = socket->fin_arrived = socket->closed = true;
	return true;
}

bool local_peer_turns_deaf(enum sim_end end)
{
	struct sim_socket *socket = &sim.ends[end];

	if (socket->kind == SIM_TCP || socket->closed || socket->deaf)
		return false;
	socket->deaf = true;
	if (socket->kind == SIM_TWO_PIPES && !socket->shut)
		rules_reset(socket);
	return true;
}

ssize_t sim_read(int fd, void *buffer, size_t size)
{
	struct sim_socket *client = &sim.ends[SIM_CLIENT];
	ssize_t n;

	kernel_enter(CALL_CLIENT);
	MUST(fd == SIM_FD && client->kind == SIM_TWO_PIPES, "read() of %d", fd);
	if (kernel_fails(FAILS_READ, SIM_CLIENT))
		return kernel_said("read", SIM_CLIENT, -1);
	n = kernel_adapt(local_receivable(client, size));
	if (n > 0) {
		memcpy(
		    buffer, kernel_bytes(SIM_CLIENT, client->taken), (size_t)n);
		tcp_took(SIM_CLIENT, (size_t)n);
	}
	return kernel_said("read", SIM_CLIENT, n);
}

/* PIPE_BUF bytes have room when poll() says so: then it does not block. */
ssize_t sim_write(int fd, const void *buffer, size_t size)
{
	struct sim_socket *client = &sim.ends[SIM_CLIENT];
	ssize_t n;

	kernel_enter(CALL_CLIENT);
	MUST(fd == SIM_OUT && client->kind == SIM_TWO_PIPES && !client->shut,
	    "write() to %d", fd);
	MUST(client->has_room && size <= PIPE_BUF, "write() of %zu may block",
	    size);
	client->has_room = false;
	if (kernel_fails(FAILS_WRITE, SIM_CLIENT))
		return kernel_said("write", SIM_CLIENT, -1);
	n = kernel_adapt(local_sendable(client, size));
	if (n > 0) {
		rules_bytes(SIM_CLIENT, buffer, (size_t)n, false);
		tcp_accepted(SIM_CLIENT, (size_t)n);
	}
	return kernel_said("write", SIM_CLIENT, n);
}
