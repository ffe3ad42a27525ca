/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "end.h"
#include "pump.h"
#include "tune.h"

/* A copy of this size is taken at once; a read that fills it may be bulk. */
#define COPY_BYTES ((size_t)16 * 1024)
/* So many full reads in a row are bulk: now a pipe pays. */
#define BULK_STREAK 2
/* A splice under this size costs more than a copy would have ... */
#define SHORT_SPLICE_BYTES ((size_t)4 * 1024)
/* ... and after so many in a row it is copied again. */
#define SHORT_STREAK 8
/* Rounds before the other direction has its turn. */
#define ROUNDS 4

static void init(struct pump *pump, const struct pump *other, int source,
    int sink, char *const buffers[2])
{
	*pump = (struct pump){
	    .other = other,
	    .source = source,
	    .sink = sink,
	    .source_is_socket = true,
	    .sink_is_socket = true,
	    .buffer = buffers[0],
	    .buffers = {buffers[0], buffers[1]},
	    .pipe = PIPE_NONE,
	};
}

void pump_init_both(struct pump *up, struct pump *down,
    const struct client *client, int target, char *const buffers[2],
    size_t offset, size_t length)
{
	init(up, down, client->in, target, buffers);
	init(down, up, target, client->out, buffers);
	up->source_is_socket = down->sink_is_socket = client->is_socket;
	up->can_splice = down->can_splice = client->is_socket;
	down->sink_is_inet = client->is_inet;
	down->sink_is_tuned = client->is_tuned;
	up->at = up->buffer + offset;
	up->held = up->read = length;
}

short pump_source_events(const struct pump *pump)
{
	if (pump->state != PUMP_FLOWING || pump->held)
		return 0;
	/* Where what is urgent came first, poll() would report it for ever. */
	return pump->urgent_is_ahead ? POLLIN : POLLIN | POLLPRI;
}

short pump_sink_events(const struct pump *pump)
{
	return pump->held ? POLLOUT : 0;
}

void pump_close(struct pump *pump)
{
	pipe_close(&pump->pipe);
	pump->streak = 0;
}

void pump_stop(struct pump *pump)
{
	pump->held = 0;
	pump->state = PUMP_DONE;
}

static bool is_retry(int error)
{
	return error == EAGAIN || error == EINTR;
}

/* The source has ended: by EOF, or with an error. */
static void end_source(struct pump *pump, int error)
{
	if (error) {
		pump->source_reset = true;
		pump->error = error;
	}
	pump->state = PUMP_DRAINING;
}

/*
 * Makes the pipe. splice() blocks on a socket that is not non-blocking,
 * whatever its flags say (splice(2), SPLICE_F_NONBLOCK), so both have to be.
 * Of a unix socket it would skip urgent data at which it begins.
 */
static void start_splicing(struct pump *pump)
{
	pump->streak = 0;
	pump->can_splice = false;
	if (pipe_open(&pump->pipe) < 0)
		return;
	if (end_unblock(pump->source, &pump->unblocked) < 0 ||
	    end_unblock(pump->sink, &pump->unblocked) < 0) {
		pump_close(pump);
		return;
	}
	if (end_keep_urgent(pump->source) < 0) {
		end_source(pump, errno);
		pump_close(pump);
		return;
	}
	pump->can_splice = true;
}

/* Adapts to a splice of n bytes. */
static void note_splice(struct pump *pump, size_t n)
{
	if (n >= SHORT_SPLICE_BYTES)
		pump->streak = 0;
	else
		pump->streak++;
	pipe_adapt(&pump->pipe, n);
}

/*
 * splice() stops at the mark of urgent data, and there gives the error of a
 * reset, once. What is behind can still be read: by copying, up to an end.
 */
static void fail_splice(struct pump *pump, int error)
{
	if (!end_may_fail(error)) {
		end_source(pump, error);
		return;
	}
	pump->source_reset = true;
	pump->error = error;
	pump_close(pump);
	pump->can_splice = false;
}

/* Fills the pipe. Returns whether there may be more to read at once. */
static bool fill_by_splice(struct pump *pump)
{
	ssize_t n;

	if (pump->streak >= SHORT_STREAK) {
		pump_close(pump);
		return false;
	}
	n = splice(pump->source, NULL, pump->pipe.in, NULL, pump->pipe.bytes,
	    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n < 0 && is_retry(errno))
		return false;
	if (n == 0 || (n < 0 && errno == EINVAL)) {
		/*
		 * The end; or the mark of urgent data with a FIN behind it; or
		 * a kind of socket that cannot splice. Copying can tell.
		 */
		pump_close(pump);
		pump->can_splice = n == 0;
		return false;
	}
	if (n < 0) {
		fail_splice(pump, errno);
		return false;
	}
	pump->held = (size_t)n;
	pump->read += (size_t)n;
	note_splice(pump, (size_t)n);
	return (size_t)n >= COPY_BYTES;
}

static char *free_buffer(const struct pump *pump)
{
	const struct pump *other = pump->other;

	return pump->buffers[other->held && other->buffer == pump->buffers[0]];
}

static size_t copy_bytes(const struct pump *pump)
{
	return pump->can_splice ? COPY_BYTES : PUMP_BUFFER_BYTES;
}

/*
 * Fills the buffer with at most `size` bytes. To be done but once after poll():
 * recv() stops at the mark of urgent data, but one that begins at a mark skips
 * that byte, and only poll() tells that there is one.
 */
static void fill_by_copy(struct pump *pump, size_t size)
{
	ssize_t n;

	pump->buffer = free_buffer(pump);
	if (pump->source_is_socket)
		n = recv(pump->source, pump->buffer, size, MSG_DONTWAIT);
	else
		n = read(pump->source, pump->buffer, size);
	if (n < 0 && is_retry(errno))
		return;
	if (n <= 0) {
		end_source(pump, n < 0 ? errno : 0);
		return;
	}
	pump->at = pump->buffer;
	pump->held = (size_t)n;
	pump->read += (size_t)n;
	pump->streak = (size_t)n == size ? pump->streak + 1 : 0;
}

/*
 * There is urgent data: takes what is before it, or, at its mark, it alone. A
 * splice() never gets past the mark of a TCP socket.
 */
static void fill_urgent(struct pump *pump)
{
	int at_mark = 0;

	pump_close(pump);
	if (end_keep_urgent(pump->source) < 0) {
		end_source(pump, errno);
		return;
	}
	ioctl(pump->source, SIOCATMARK, &at_mark);
	fill_by_copy(pump, at_mark ? 1 : copy_bytes(pump));
	pump->streak = 0;
	pump->urgent = at_mark && pump->held;
	pump->urgent_is_ahead = !pump->held;
}

/*
 * Fills the buffer or the pipe; `first` tells that it is the first time after
 * poll(). Returns whether there may be more to read at once.
 */
static bool fill(struct pump *pump, bool first)
{
	if (pump->can_splice && !pipe_is_open(&pump->pipe) &&
	    pump->streak >= BULK_STREAK)
		start_splicing(pump);
	if (pipe_is_open(&pump->pipe))
		return fill_by_splice(pump);
	if (first && pump->state == PUMP_FLOWING)
		fill_by_copy(pump, copy_bytes(pump));
	return first && pump->streak >= BULK_STREAK;
}

static ssize_t deliver(struct pump *pump)
{
	int flags = MSG_DONTWAIT | MSG_NOSIGNAL;

	/* What goes first goes at once (RFC 896): a short one needs no call. */
	if (!pump->sink_is_tuned && pump->delivered) {
		tune_no_delay(pump->sink);
		pump->sink_is_tuned = true;
	}
	if (pipe_is_open(&pump->pipe))
		return splice(pump->pipe.out, NULL, pump->sink, NULL,
		    pump->held, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (!pump->sink_is_socket)
		return end_write(pump->sink, pump->at, pump->held);
	if (pump->urgent) {
		ssize_t n =
		    send(pump->sink, pump->at, pump->held, flags | MSG_OOB);

		/* Not every socket knows what is urgent. */
		if (n >= 0 || errno != EOPNOTSUPP)
			return n;
	}
	return send(pump->sink, pump->at, pump->held, flags);
}

/* Delivers what is held. Returns whether all of it has gone. */
static bool drain(struct pump *pump)
{
	ssize_t n = pump->discards ? (ssize_t)pump->held : deliver(pump);

	if (n < 0 && is_retry(errno))
		return false;
	if (n < 0 && errno == EPIPE && pump->sink_is_socket &&
	    !pump->sink_is_inet && end_is_closed_for_reading(pump->sink)) {
		pump_close(pump);
		pump->can_splice = false;
		pump->discards = true;
		pump->held = 0;
		return true;
	}
	if (n < 0) {
		pump->sink_failed = true;
		pump->error = errno;
		pump_stop(pump);
		return false;
	}
	pump->urgent = false;
	pump->at += n;
	pump->held -= (size_t)n;
	if (!pump->discards)
		pump->delivered += (uint64_t)n;
	return pump->held == 0;
}

/*
 * All of the source has been delivered: pass its end on. That of a source that
 * was reset is the relay's to pass on, after both directions.
 */
static void pass_end_on(struct pump *pump)
{
	/* A sink that came as one of two descriptors may be a socket too. */
	if (!pump->source_reset) {
		int r = shutdown(pump->sink, SHUT_WR);

		if (r < 0 && pump->sink_is_socket) {
			pump->sink_failed = true;
			pump->error = errno;
		}
		if (!pump->sink_is_socket)
			close(pump->sink);
	}
	pump->state = PUMP_DONE;
}

void pump_step(struct pump *pump, short source_events)
{
	/* Unasked poll() reports a hang-up, but nothing that is urgent, and
	   with POLLERR alone there was only an error queue to look at. */
	bool readable = pump_source_events(pump) &&
			source_events & (POLLIN | POLLPRI | POLLHUP);

	if (pump->held && !drain(pump))
		return;
	if (pump->state == PUMP_FLOWING && readable &&
	    (source_events & POLLPRI || pump->urgent_is_ahead)) {
		fill_urgent(pump);
		if (pump->held && !drain(pump))
			return;
		readable = false;
	}
	for (int i = 0; i < ROUNDS && readable; i++) {
		if (pump->state != PUMP_FLOWING)
			break;
		readable = fill(pump, i == 0);
		if (pump->held && !drain(pump))
			return;
	}
	if (pump->state == PUMP_DRAINING)
		pass_end_on(pump);
}
