/* SPDX-License-Identifier: MIT */
/* The pipes, of which there may be none; what goes into one and out again. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>

#include "calls.h"
#include "kernel.h"
#include "rules.h"

/* The open pipe whose end for that, 0 to read and 1 to write, it is; or NULL.
 */
static struct sim_pipe *pipe_of(int fd, int side)
{
	const int i = (fd - SIM_PIPE) / 2;

	if (fd < SIM_PIPE || i >= SIM_PIPES || (fd - SIM_PIPE) % 2 != side ||
	    !sim.pipes[i].open[side])
		return NULL;
	return &sim.pipes[i];
}

static ssize_t splice_in(enum sim_end end, struct sim_pipe *pipe, size_t size)
{
	struct sim_socket *socket = &sim.ends[end];
	size_t room = pipe->bytes - pipe->held;
	ssize_t n;

	if (!room) {
		errno = EAGAIN;
		return -1;
	}
	n = kernel_adapt(tcp_spliceable(socket, size < room ? size : room));
	if (n <= 0)
		return n;
	if (!pipe->held) {
		pipe->stream = end;
		pipe->at = socket->taken;
	}
	MUST(pipe->stream == end && pipe->at + pipe->held == socket->taken,
	    "a pipe for two streams");
	pipe->held += (size_t)n;
	tcp_took(end, (size_t)n);
	return n;
}

static ssize_t splice_out(struct sim_pipe *pipe, enum sim_end end, size_t size)
{
	ssize_t n;

	if (!pipe->held) {
		errno = EAGAIN;
		return -1;
	}
	n = kernel_adapt(tcp_sendable(
	    &sim.ends[end], size < pipe->held ? size : pipe->held));
	if (n <= 0)
		return n;
	rules_piece(end, pipe->stream, pipe->at, (size_t)n);
	pipe->at += (size_t)n;
	pipe->held -= (size_t)n;
	tcp_accepted(end, (size_t)n);
	return n;
}

/* cppcheck-suppress constParameter */
ssize_t sim_splice(int in, off64_t *in_at, int out, off64_t *out_at,
    size_t size, unsigned flags)
{
	struct sim_pipe *from = pipe_of(in, 0), *to = pipe_of(out, 1);
	enum sim_end end = kernel_end_of(from ? out : in, "splice");

	kernel_enter(1U << end);
	MUST(
	    !from != !to && !in_at && !out_at, "splice() of %d to %d", in, out);
	MUST(flags & SPLICE_F_NONBLOCK && sim.ends[end].non_blocking,
	    "splice() may block");
	MUST(!(flags & SPLICE_F_MORE), "splice() may hold back");
	if (kernel_fails(from ? FAILS_WRITE : FAILS_READ, end))
		return kernel_said("splice", end, -1);
	return from ? kernel_said("splice to", end, splice_out(from, end, size))
		    : kernel_said("splice from", end, splice_in(end, to, size));
}

int sim_pipe2(int fds[2], int flags)
{
	kernel_enter(CALL_PIPE);
	MUST(flags == (O_CLOEXEC | O_NONBLOCK), "pipe2() with %#x", flags);
	if (kernel_fails(FAILS_OTHER, 0)) {
		kernel_trace("pipe2: -1");
		return -1;
	}
	for (int i = 0; i < SIM_PIPES && sim.setup->pipe_bytes; i++) {
		struct sim_pipe *pipe = &sim.pipes[i];

		if (pipe->open[0] || pipe->open[1])
			continue;
		*pipe = (struct sim_pipe){
		    .open = {true, true}, .bytes = sim.setup->pipe_bytes};
		fds[0] = SIM_PIPE + 2 * i;
		fds[1] = fds[0] + 1;
		sim.progress++;
		kernel_trace("pipe2: %d %d", fds[0], fds[1]);
		return 0;
	}
	MUST(!sim.setup->pipe_bytes, "too many pipes");
	kernel_trace("pipe2: -1 EMFILE");
	errno = EMFILE;
	return -1;
}

int sim_close(int fd)
{
	struct sim_pipe *pipe;

	kernel_enter(0);
	if (fd == SIM_OUT && !sim.ends[SIM_CLIENT].shut) {
		rules_shut(kernel_end_of(fd, "close"));
		sim.ends[SIM_CLIENT].shut = true;
		sim.ends[SIM_CLIENT].reset_is_late = true;
		sim.progress++;
		kernel_trace("close %d", fd);
		return 0;
	}
	for (int side = 0; side < 2; side++) {
		pipe = pipe_of(fd, side);
		if (!pipe)
			continue;
		pipe->open[side] = false;
		sim.progress++;
		kernel_trace("close %d", fd);
		return 0;
	}
	MUST(false, "close() of descriptor %d", fd);
}

int sim_fcntl(int fd, int command, ...)
{
	struct sim_pipe *pipe =
	    pipe_of(fd, 0) ? pipe_of(fd, 0) : pipe_of(fd, 1);
	va_list arguments;
	size_t wanted;

	kernel_enter(CALL_PIPE);
	MUST(pipe || command == F_GETFL, "fcntl() of descriptor %d", fd);
	if (kernel_fails(FAILS_OTHER, 0))
		return -1;
	if (command == F_GETFL)
		return sim.ends[kernel_end_of(fd, "fcntl")].non_blocking
			   ? O_NONBLOCK
			   : 0;
	if (command == F_GETPIPE_SZ)
		return (int)pipe->bytes;
	MUST(command == F_SETPIPE_SZ, "fcntl() with %d", command);
	va_start(arguments, command);
	wanted = (size_t)va_arg(arguments, int);
	va_end(arguments);
	if (wanted > sim.setup->pipe_bytes_max) {
		errno = EPERM;
		return -1;
	}
	pipe->bytes = wanted;
	return (int)wanted;
}
