/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "pipe.h"

/*
 * A pipe begins with what the kernel gives without asking and grows in steps
 * of four while splices fill half of it. A user has a quota of pipe memory
 * (pipe(7), pipe-user-pages-soft): a smaller pipe than the first is worse than
 * copying with the whole buffer.
 */
#define PIPE_BYTES_MIN ((size_t)64 * 1024)
#define PIPE_BYTES_MAX ((size_t)1024 * 1024)

int pipe_open(struct pipe *pipe)
{
	int ends[2], size;

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	size = fcntl(ends[0], F_GETPIPE_SZ);
	if (size < (int)PIPE_BYTES_MIN) {
		close(ends[0]);
		close(ends[1]);
		return -ENOBUFS;
	}
	*pipe = (struct pipe){.out = ends[0],
	    .in = ends[1],
	    .bytes = (size_t)size,
	    .can_grow = true};
	return 0;
}

void pipe_adapt(struct pipe *pipe, size_t n)
{
	size_t wanted = pipe->bytes * 4;
	int size;

	if (!pipe->can_grow || n < pipe->bytes / 2)
		return;
	if (wanted > PIPE_BYTES_MAX)
		wanted = PIPE_BYTES_MAX;
	size = fcntl(pipe->in, F_SETPIPE_SZ, (int)wanted);
	if (size > 0)
		pipe->bytes = (size_t)size;
	pipe->can_grow = size > 0 && (size_t)size < PIPE_BYTES_MAX;
}

void pipe_close(struct pipe *pipe)
{
	if (pipe_is_open(pipe)) {
		close(pipe->out);
		close(pipe->in);
	}
	*pipe = PIPE_NONE;
}
