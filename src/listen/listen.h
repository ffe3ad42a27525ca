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

enum listen_verdict {
	LISTEN_CONNECTION, /* this is a handler, forked for *ret_client */
	LISTEN_DRAINED,    /* this is the listener, told to end */
	LISTEN_BROKEN      /* it cannot go on, and has said why */
};

/*
 * Runs until SIGTERM or SIGINT: then what is in the sockets' queues is still
 * served, the sockets are closed, and after settings' drain timeout the
 * handlers that still run are ended; a second signal ends them at once.
 * `bound` tells that the sockets are ours alone.
 *
 * Returns in the listener and in each of the handlers that it forks; these
 * have their connection in *ret_client and what was configured when it was
 * accepted in *ret_config.
 */
enum listen_verdict listen_run(struct sockets *sockets, bool bound,
    struct config *config, const struct listen_reload *reload,
    struct client *ret_client, const struct config **ret_config);

#endif
