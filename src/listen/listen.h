/* SPDX-License-Identifier: MIT */
/*
 * The listener: accepts, forks one process per connection, counts them, and
 * drains. It never reads a byte of a client's.
 */
#ifndef LISTEN_LISTEN_H
#define LISTEN_LISTEN_H

#include "../config/config.h"
#include "../connection/client.h"
#include "sockets.h"

/* Where the configuration comes from, to read it anew on SIGHUP. */
struct listen_reload {
	int argc;
	char *const *argv;
	struct config *spare; /* a second one, to load into */
};

/* Who has the sockets besides this process. */
enum listen_owner {
	LISTEN_OURS,       /* nobody */
	LISTEN_OF_MANAGER, /* who handed them over by LISTEN_FDS, perhaps */
	LISTEN_OF_OTHER    /* inetd, perhaps */
};

enum listen_verdict {
	LISTEN_CONNECTION, /* this is a handler, forked for *ret_client */
	LISTEN_REFUSED,    /* likewise; its source has too many already */
	LISTEN_DRAINED,    /* this is the listener, told to end */
	LISTEN_BROKEN      /* it cannot go on, and has said why */
};

/*
 * Runs until SIGTERM or SIGINT: then what is in the sockets' queues is still
 * served, the sockets are closed, and after settings' drain timeout the
 * handlers that still run are ended; a second signal ends them at once.
 *
 * With a service manager that keeps the sockets ($NOTIFY_SOCKET says that there
 * is one) it closes them and returns at once: the queues are for the listener
 * that comes next, and each handler ends its own drain.
 *
 * Returns in the listener and in each of the handlers that it forks; these
 * have their connection in *ret_client and what was configured when it was
 * accepted in *ret_config.
 */
enum listen_verdict listen_run(struct sockets *sockets, enum listen_owner owner,
    struct config *config, const struct listen_reload *reload,
    struct client *ret_client, const struct config **ret_config);

#endif
