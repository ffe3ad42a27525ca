/* SPDX-License-Identifier: MIT */
/*
 * Descriptors that close themselves.
 *
 *	int fd CLEANUP_FD = open(...);
 *
 * closes fd where the scope ends, unless fd_take() took it out first.
 */
#ifndef FD_H
#define FD_H

#include <unistd.h>

static inline void fd_close(int fd)
{
	if (fd >= 0)
		close(fd);
}

static inline void fd_cleanup(const int *fd)
{
	fd_close(*fd);
}

/* Returns the descriptor and leaves -1: the caller owns it now. */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define CLEANUP_FD __attribute__((cleanup(fd_cleanup)))

#endif
