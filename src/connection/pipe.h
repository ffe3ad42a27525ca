/* SPDX-License-Identifier: MIT */
/* The pipe through which bulk is spliced (splice(2)), and its size. */
#ifndef CONNECTION_PIPE_H
#define CONNECTION_PIPE_H

#include <stdbool.h>
#include <stddef.h>

struct pipe {
	int out, in; /* to read from and to write to; -1: not open */
	size_t bytes;
	bool can_grow;
};

#define PIPE_NONE ((struct pipe){.out = -1, .in = -1})

static inline bool pipe_is_open(const struct pipe *pipe)
{
	return pipe->out >= 0;
}

/*
 * Opens it, non-blocking. Returns 0 or a negative errno; -ENOBUFS when the
 * user's quota of pipe memory leaves none that is better than a copy.
 */
int pipe_open(struct pipe *pipe);

/* Lets it grow where a splice of n bytes shows that it would help. */
void pipe_adapt(struct pipe *pipe, size_t n);

/* Closes it, if it is open. */
void pipe_close(struct pipe *pipe);

#endif
