/* SPDX-License-Identifier: MIT */
/* One connection, from its first byte to its record. */
#ifndef CONNECTION_SERVE_H
#define CONNECTION_SERVE_H

#include "../config/config.h"
#include "../record/record.h"
#include "client.h"

/*
 * Serves the client and writes the record. The client's descriptors stay the
 * caller's, which ends the process next. To be called once in a process.
 */
enum result serve(const struct config *config, const struct client *client);

/*
 * Ends the connection at once, whatever it sent, and writes the record: its
 * source has as many as it may.
 */
enum result serve_refused(const struct client *client);

/*
 * Only writes the record, of a client that is not served: with -ENOTCONN it was
 * gone before; else this is why it cannot be told who it is.
 */
enum result serve_nobody(const struct client *client, int error);

#endif
