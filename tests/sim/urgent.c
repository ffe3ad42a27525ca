/* SPDX-License-Identifier: MIT */
/*
 * Urgent data, as net/ipv4/tcp_input.c has it: there is one mark, which the
 * next urgent byte moves on, and from then on the one before is like any other.
 * The mark is seen when its byte is there, though what is before may be lost.
 */
#include "kernel.h"
#include "script.h"

bool urgent_is_at_mark(const struct sim_socket *socket)
{
	return socket->mark && socket->mark - 1 == socket->taken;
}

/* How many of so many bytes are before the mark. */
size_t urgent_before_mark(const struct sim_socket *socket, size_t size)
{
	const uint64_t before = socket->mark - 1 - socket->taken;

	return socket->mark && before < size ? (size_t)before : size;
}

/* tcp_poll(): what is urgent is no reason to read, if it is not inlined. */
bool urgent_is_readable(const struct sim_socket *socket)
{
	const uint64_t there = socket->arrived - socket->taken;

	return there > (urgent_is_at_mark(socket) && !socket->inlined);
}

void urgent_took(struct sim_socket *socket, size_t n)
{
	if (!socket->mark || socket->taken + n < socket->mark)
		return;
	socket->urgent_taken = socket->mark;
	socket->mark = 0;
}

/*
 * tcp_check_urg(). The byte at which the reader is, which is not inlined, is
 * lost by the kernel itself when the next one comes.
 */
void urgent_move(struct sim_socket *socket)
{
	const uint64_t urgent = socket->urgent_sent;

	if (urgent <= socket->taken || urgent <= socket->mark ||
	    (urgent > socket->arrived && !socket->is_late))
		return;
	if (urgent_is_at_mark(socket) && !socket->inlined &&
	    socket->arrived > socket->taken)
		script_give_up();
	socket->mark = urgent;
}

bool urgent_peer_sends(enum sim_end end, uint64_t bytes)
{
	struct sim_socket *socket = &sim.ends[end];

	if ((bytes > 1 && socket->arrived != socket->sent) ||
	    !tcp_peer_sends(end, bytes))
		return false;
	socket->urgent_sent = socket->sent;
	socket->is_late = bytes > 1;
	return true;
}
