/* SPDX-License-Identifier: MIT */
/*
 * pipehog: takes all the pipe memory that its user may have (pipe(7),
 * pipe-user-pages-soft), says "full", and waits for a signal.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int main(void)
{
	int fds[2];

	/* Large ones first, then until a new pipe has two pages only. */
	while (pipe(fds) == 0 && fcntl(fds[0], F_SETPIPE_SZ, 1 << 20) > 0)
		;
	while (pipe(fds) == 0 && fcntl(fds[0], F_GETPIPE_SZ) > 8192)
		;
	puts("full");
	fflush(stdout);
	pause();
	return 0;
}
