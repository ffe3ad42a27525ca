/* SPDX-License-Identifier: MIT */
/* What the process was started with, told apart by what it is. */
#ifndef CONNECTION_INHERITED_H
#define CONNECTION_INHERITED_H

#include <stdbool.h>
#include <sys/types.h>

#include "../address.h"

#define INHERITED_LISTENERS_MAX 64

enum inherited_kind {
	INHERITED_NOTHING, /* standard input is a terminal, /dev/null, closed */
	INHERITED_CONNECTION,
	INHERITED_LISTENERS
};

struct inherited {
	enum inherited_kind kind;
	int in, out;   /* of a connection; the same for a socket */
	int listeners; /* how many listening sockets, from descriptor `in` on */
	bool by_listen_fds;
	const char *names; /* of LISTEN_FDS, between colons; NULL: none */

	mode_t stdio[3];     /* what 0 to 2 are (inode(7)); 0: was closed */
	struct address peer; /* of a connected socket (getpeername(2)) */
	int peer_error;      /* a negative errno: it has none any more */

	/*
	 * Standard error is the same file as something else that may be a
	 * client, as under inetd: nothing may be written to it.
	 */
	bool stderr_is_client;
	bool stderr_was_closed;
};

/*
 * Opens /dev/null on each of the descriptors 0 to 2 that is closed, so that
 * no socket can ever get one of these numbers, and tells whether standard
 * error is the client. The first thing that a process does.
 *
 * Returns a negative errno if it cannot be told what they are, or if there is
 * no /dev/null.
 */
int inherited_secure_stdio(struct inherited *ret_inherited);

/*
 * Finds the connection or the listening sockets: first those of LISTEN_FDS
 * (sd_listen_fds(3)), then what standard input is. A listening socket is
 * known by SO_ACCEPTCONN; a pipe or a file is a connection whose answers go to
 * standard output. A socket that is no stream is refused. The descriptors stay
 * where they are, and are the caller's.
 *
 * Returns 0, or -EINVAL with a line in *ret_why.
 */
int inherited_find(struct inherited *inherited, const char **ret_why);

/*
 * Leaves nothing open but what is served, and standard error: what else was
 * inherited is closed, or /dev/null where it is one of the descriptors 0 to 2,
 * as is a standard error that is the client. So a listening socket on standard
 * input goes to another number, and no handler keeps a copy of it when the
 * listener gives it up. (Only a standard output beside a socket on standard
 * input stays what it is, since it is mostly that socket; and where the kernel
 * has no close_range(2), before Linux 5.9, so does what is above 2.)
 *
 * Returns 0 or a negative errno.
 */
int inherited_settle(struct inherited *inherited);

#endif
