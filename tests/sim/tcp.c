/* SPDX-License-Identifier: MIT */
/* What a TCP socket of Linux does, and the peer at its other end. */
#define _GNU_SOURCE
#include <errno.h>

#include "kernel.h"
#include "rules.h"

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void tell(struct sim_socket *socket, int error)
{
	rules_told();
	if (socket->errors_count < SIM_ERRORS_MAX)
		socket->errors[socket->errors_count++] = error;
	sim.progress++;
}

/* sock_error() */
int tcp_take_error(struct sim_socket *socket)
{
	int error = socket->error;

	if (error)
		tell(socket, error);
	socket->error = 0;
	return error;
}

ssize_t tcp_fail(struct sim_socket *socket, int error)
{
	tell(socket, error);
	errno = error;
	return -1;
}

/* Of a read for which nothing is there. */
static ssize_t receive_nothing(struct sim_socket *socket)
{
	if (socket->fin_arrived) {
		sim.progress += !socket->eof_taken;
		/* At a mark splice() says it, and knows nothing. */
		socket->eof_taken |= socket->taken == socket->arrived;
		return 0;
	}
	if (socket->error) {
		errno = tcp_take_error(socket);
		return -1;
	}
	if (socket->cut)
		return tcp_fail(socket, ENOTCONN);
	if (socket->dead)
		return 0;
	errno = EAGAIN;
	return -1;
}

/* tcp_recvmsg(): what there is comes before an error. */
ssize_t tcp_receivable(struct sim_socket *socket, size_t size)
{
	const uint64_t there = socket->arrived - socket->taken;

	if (socket->kind != SIM_TCP)
		return local_receivable(socket, size);
	if (!there)
		return receive_nothing(socket);
	MUST(!urgent_is_at_mark(socket) || socket->inlined,
	    "an urgent byte is skipped");
	size = least(size, there);
	return (ssize_t)(urgent_is_at_mark(socket)
			     ? size
			     : urgent_before_mark(socket, size));
}

/*
 * tcp_splice_read(), tcp_read_sock(): as if there were nothing behind a mark,
 * so the error of a reset is told there though data are left (seen with Linux
 * 6.18, and 0 after that).
 */
ssize_t tcp_spliceable(struct sim_socket *socket, size_t size)
{
	const uint64_t there =
	    urgent_before_mark(socket, socket->arrived - socket->taken);

	if (socket->kind != SIM_TCP)
		return local_receivable(socket, size);
	return there ? (ssize_t)least(size, there) : receive_nothing(socket);
}

/* tcp_sendmsg() */
ssize_t tcp_sendable(struct sim_socket *socket, size_t size)
{
	const uint64_t room =
	    sim.setup->send_bytes - (socket->accepted - socket->acked);

	if (socket->kind != SIM_TCP)
		return local_sendable(socket, size);
	if (socket->error) {
		errno = tcp_take_error(socket);
		return -1;
	}
	if (socket->shut || socket->dead)
		return tcp_fail(socket, EPIPE);
	if (room)
		return (ssize_t)least(size, room);
	errno = EAGAIN;
	return -1;
}

void tcp_took(enum sim_end end, size_t n)
{
	MUST(!sim.ends[end].unreadable, "the %s is read after it failed",
	    kernel_end_name(end));
	urgent_took(&sim.ends[end], n);
	sim.ends[end].taken += n;
	sim.progress++;
	rules_moved();
}

void tcp_accepted(enum sim_end end, size_t n)
{
	MUST(!sim.ends[end].unwritable, "the %s gets more after it failed",
	    kernel_end_name(end));
	sim.ends[end].accepted += n;
	sim.progress++;
	rules_moved();
}

/* inet_shutdown() */
int tcp_shut(enum sim_end end)
{
	struct sim_socket *socket = &sim.ends[end];

	if (socket->dead)
		return (int)tcp_fail(socket, ENOTCONN);
	sim.progress += !socket->shut;
	if (!socket->shut)
		rules_shut(end);
	socket->shut = true;
	return 0;
}

/* tcp_disconnect(): what was not sent is lost. */
void tcp_disconnect(enum sim_end end)
{
	struct sim_socket *socket = &sim.ends[end];

	sim.progress++;
	socket->dead = socket->cut = true;
	socket->error = 0;
	socket->mark = 0;
}

/* __sk_stream_is_writeable() */
bool tcp_is_writable(const struct sim_socket *socket)
{
	const uint64_t used = socket->accepted - socket->acked;

	if (socket->kind != SIM_TCP)
		return local_is_writable(socket);
	return sim.setup->send_bytes - used >= used / 2;
}

/* tcp_poll() */
short tcp_poll(const struct sim_socket *socket)
{
	const bool is_open = !socket->dead || socket->cut;
	const bool receives = is_open && !socket->fin_arrived;
	const bool sends = is_open && !socket->shut;
	short events = 0;

	if (socket->dead || (!receives && !sends))
		events |= POLLHUP;
	if (!receives || urgent_is_readable(socket))
		events |= POLLIN;
	if (socket->mark)
		events |= POLLPRI;
	if (!sends || tcp_is_writable(socket))
		events |= POLLOUT;
	if (socket->error)
		events |= POLLERR;
	return events;
}

/* tcp_reset(), tcp_write_err(): what was received stays. */
static void die(struct sim_socket *socket, int error)
{
	socket->sent = socket->arrived;
	socket->dead = socket->closed = true;
	socket->error = error;
	rules_reset(socket);
}

static void be_reset(struct sim_socket *socket)
{
	/* In CLOSE_WAIT it is another error. */
	die(socket, socket->fin_arrived && !socket->shut ? EPIPE : ECONNRESET);
}

static void move(struct sim_socket *socket)
{
	const uint64_t room =
	    sim.setup->receive_bytes - (socket->arrived - socket->taken);
	uint64_t reach = socket->accepted;

	if (!socket->is_late)
		socket->arrived += least(room, socket->sent - socket->arrived);
	urgent_move(socket);
	if (socket->peer_ends && socket->arrived == socket->sent)
		socket->fin_arrived = true;
	/* What comes for a socket that is no more is answered by a reset. */
	if (socket->closed && socket->accepted > socket->acked) {
		be_reset(socket);
		return;
	}
	/* A peer that reads takes all of it, by and by. */
	if (sim.setup->step_bytes)
		reach = least(reach, socket->acked + sim.setup->step_bytes);
	if (!socket->stalls && !socket->closed)
		socket->acked = socket->got = reach;
	else
		socket->acked =
		    least(reach, socket->got + sim.setup->peer_bytes);
	if (socket->shut && socket->fin_arrived &&
	    socket->acked == socket->accepted)
		socket->dead = true;
}

void tcp_move(void)
{
	for (enum sim_end end = 0; end < SIM_ENDS; end++) {
		struct sim_socket *socket = &sim.ends[end];

		if (socket->kind != SIM_TCP)
			local_move(socket);
		else if (!socket->dead)
			move(socket);
		else if (!socket->stalls && !socket->closed)
			socket->got = socket->acked;
	}
}

bool tcp_is_moving(void)
{
	for (enum sim_end end = 0; end < SIM_ENDS; end++) {
		const struct sim_socket *socket = &sim.ends[end];

		if (socket->kind == SIM_TCP && !socket->dead &&
		    !socket->stalls && socket->acked < socket->accepted)
			return true;
	}
	return false;
}

static bool is_there(const struct sim_socket *socket)
{
	return !socket->closed && !socket->dead;
}

bool tcp_peer_sends(enum sim_end end, uint64_t bytes)
{
	struct sim_socket *socket = &sim.ends[end];

	if (!is_there(socket) || socket->peer_ends)
		return false;
	socket->sent += bytes;
	return true;
}

bool tcp_peer_stalls(enum sim_end end, bool stalls)
{
	struct sim_socket *socket = &sim.ends[end];

	if (socket->closed || socket->stalls == stalls)
		return false;
	socket->stalls = stalls;
	return true;
}

bool tcp_peer_ends(enum sim_end end)
{
	struct sim_socket *socket = &sim.ends[end];

	if (!is_there(socket) || socket->peer_ends)
		return false;
	socket->peer_ends = true;
	return true;
}

/* What it has not read makes it a reset (RFC 2525, 2.17). */
bool tcp_peer_closes(enum sim_end end)
{
	struct sim_socket *socket = &sim.ends[end];

	if (!is_there(socket))
		return false;
	if (socket->kind != SIM_TCP)
		return local_peer_closes(end);
	if (socket->acked > socket->got)
		return tcp_peer_resets(end);
	socket->peer_ends = socket->closed = true;
	return true;
}

bool tcp_peer_resets(enum sim_end end)
{
	struct sim_socket *socket = &sim.ends[end];

	if (!is_there(socket) || socket->kind != SIM_TCP)
		return false;
	be_reset(socket);
	return true;
}

/* Found out by keepalive or by a user timeout. */
bool tcp_peer_vanishes(enum sim_end end)
{
	struct sim_socket *socket = &sim.ends[end];

	if (socket->dead || socket->kind != SIM_TCP)
		return false;
	die(socket, ETIMEDOUT);
	return true;
}
