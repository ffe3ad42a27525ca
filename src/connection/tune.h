/* SPDX-License-Identifier: MIT */
/*
 * The socket options that both ends of a connection get. An accepted socket
 * has those of the listening one. Errors do not matter: of what is no TCP, or
 * no socket, nothing is wanted.
 */
#ifndef CONNECTION_TUNE_H
#define CONNECTION_TUNE_H

#include "../address.h"
#include "../config/options.h"
#include "client.h"

/*
 * No waiting for a full segment while another is on its way (tcp(7),
 * TCP_NODELAY): what one end wrote is not held back from the other.
 */
void tune_no_delay(int fd);

/*
 * How a peer that has vanished is noticed: probes (socket(7), SO_KEEPALIVE),
 * and as settings say when (tcp(7), TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT)
 * and how long data may lie unacknowledged (TCP_USER_TIMEOUT). What settings
 * leave to the kernel is not touched.
 */
void tune_patience(int fd, const struct settings *settings);

/*
 * The same of a socket that has had it from `before`: what `settings` leave to
 * the kernel and `before` did not is as on a new socket again.
 */
void tune_patience_anew(
    int fd, const struct settings *before, const struct settings *settings);

/*
 * tune_patience() for both ends of a connection, where they are TCP. `address`
 * is the target's. It is not for a process that is confined to relaying, which
 * may not do it.
 */
void tune_ends(const struct client *client, int target,
    const struct address *address, const struct settings *settings);

#endif
