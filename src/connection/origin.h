/* SPDX-License-Identifier: MIT */
/* What a connection to a target comes from, where the kernel is not to choose.
 */
#ifndef CONNECTION_ORIGIN_H
#define CONNECTION_ORIGIN_H

#include "../config/options.h"

struct origin {
	struct address
	    address;     /* its port is 0; length 0: the kernel's choice */
	bool is_foreign; /* no address of this machine: --transparent */
	uint32_t mark;   /* SO_MARK of socket(7); 0: none */
};

/*
 * What the settings say of a connection whose client has that address; it is
 * looked at under --transparent alone. A client without an IP address leaves
 * the choice to the kernel, or to --source.
 */
void origin_choose(const struct settings *settings,
    const struct address *client, struct origin *ret_origin);

/*
 * Prepares a TCP socket for connect(): bound to the address, while the port
 * stays the kernel's choice at connect() (ip(7), IP_BIND_ADDRESS_NO_PORT), with
 * IP_TRANSPARENT where it is foreign, and marked. A unix socket is left as it
 * is.
 *
 * Returns 0, -EAFNOSUPPORT where the socket is of another family than the
 * address, -EPERM without the capability that it takes, or another negative
 * errno: -EADDRNOTAVAIL for an address that is not this machine's.
 */
int origin_bind(const struct origin *origin, int fd, int family);

#endif
