/* SPDX-License-Identifier: MIT */
/*
 * The header of the PROXY protocol, versions 1 and 2, by which a proxy tells
 * whoever it connects to on whose behalf: haproxy's doc/proxy-protocol.txt.
 * Bytes in, bytes out; nothing here calls the system.
 */
#ifndef CONNECTION_PROXY_HEADER_H
#define CONNECTION_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../address.h"
#include "../config/options.h"

/* A longer one is refused: what it may be, and what is ever written. */
#define PROXY_HEADER_MAX         ((size_t)16 * 1024)
#define PROXY_HEADER_WRITTEN_MAX ((size_t)240)

/*
 * Whose connection it is, and which address this client connected to. Length
 * 0, of both: unknown.
 */
struct proxy_ends {
	struct address client, dialled;
};

/*
 * Parses the header, of either version, that `length` bytes begin with. As
 * often as one likes, with more of it each time: it looks at each byte once at
 * most, and at those of an incomplete version 2 not at all.
 *
 * The ends are unknown where the header says so (LOCAL, UNKNOWN, AF_UNSPEC) or
 * names what is no stream. TLVs are skipped, and so is all behind UNKNOWN.
 *
 * Returns the length of the header; 0, when more is needed; -ENOMSG for what
 * is no header, -EBADMSG for a wrong one, -EMSGSIZE for one that is too long.
 */
ssize_t proxy_header_parse(
    const char *bytes, size_t length, struct proxy_ends *ret_ends);

/*
 * Writes the header of a connection that is relayed. IPv4-mapped IPv6
 * addresses are written as the IPv4 ones that they are, unless only one of the
 * two is. Ends that a version cannot name are written as unknown: unix sockets
 * in version 1, and all but these and IP. In version 2 that is PROXY and
 * AF_UNSPEC, since LOCAL stands for a connection that is nobody's but the
 * proxy's own; and there is a TLV of type 0xe0, the first that is free for
 * applications: the byte that the connection was routed by.
 *
 * Returns the length. `version` is not PROXY_PROTOCOL_OFF.
 */
size_t proxy_header_write(enum proxy_protocol version,
    const struct proxy_ends *ends, uint8_t byte,
    char ret_bytes[PROXY_HEADER_WRITTEN_MAX]);

#endif
