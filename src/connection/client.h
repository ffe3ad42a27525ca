/* SPDX-License-Identifier: MIT */
/* The client's connection. */
#ifndef CONNECTION_CLIENT_H
#define CONNECTION_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../address.h"
#include "../config/options.h"
#include "inherited.h"

struct client {
	int in, out; /* one descriptor twice, when it is a socket */
	bool is_socket;
	bool is_inet;
	bool is_tuned;  /* it has the options of tune.h already */
	uint8_t named;  /* by which of the environment's names; 0: none */
	char name[160]; /* who it is, as far as it may be said; "": not */
	/* The socket's, from before a reset, after which it has none. */
	struct address peer;
};

/*
 * The client of a connection that was just accepted from `peer`, with the
 * options of tune.h from the listening socket, or without. Of an IPv4 or
 * IPv6 address its name has what `how` leaves: nothing else has it.
 */
void client_accepted(int fd, const struct address *peer, bool is_tuned,
    enum log_address how, struct client *ret_client);

/*
 * The client at the other end of what was inherited. Its name is the
 * peer's address (getpeername(2)). Only where there is none to be had, from a
 * pipe or a unix socket, the super-server's environment is believed, which
 * never comes from the network: REMOTE_ADDR (systemd.socket(5)), TCPREMOTEIP
 * (UCSPI), SOCAT_PEERADDR, and the port that belongs to each. Of an address the
 * name has what `how` leaves.
 *
 * Returns 0, or a negative errno when the client is gone already.
 */
int client_inherited(const struct inherited *inherited, enum log_address how,
    struct client *ret_client);

/* Adds the name of a client of that address, as far as it may be said. */
void client_add_name(
    const struct address *address, enum log_address how, struct text *text);

/* The name, for the log; NULL where it may not be said. */
const char *client_name(const struct client *client);

/*
 * Whose connection it is, and which address was connected to: those of the
 * socket (its peer as of the beginning, getsockname(2)), unless it was the
 * environment that named the client, and names both with their ports: beside
 * the above with TCPLOCALIP and SOCAT_SOCKADDR. Length 0, of both: unknown.
 */
void client_ends(const struct client *client, struct address *ret_client,
    struct address *ret_dialled);

/*
 * One recv of what the client sent first, at most size bytes. Returns their
 * number, 0 when the client closed instead, -ETIME after the deadline,
 * -ECANCELED after SIGTERM, or another negative errno. *ret_waited tells
 * whether it took any time.
 */
ssize_t client_first_chunk(const struct client *client, char *buffer,
    size_t size, int64_t deadline, bool *ret_waited);

/*
 * Ends a connection that was not served so that the client sees a clean end:
 * a FIN, after which what it still sends is taken and dropped, since unread
 * bytes would turn the close into a reset (RFC 2525, 2.17). Bounded in time
 * and bytes; after a signal to end only what is there already is taken. The
 * buffer is for what is dropped.
 */
void client_finish(const struct client *client, char *buffer, size_t size);

/*
 * The same of one that is not to take any time: only what is there already is
 * taken. What comes later is answered by a reset, behind the FIN.
 */
void client_refuse(const struct client *client, char *buffer, size_t size);

#endif
