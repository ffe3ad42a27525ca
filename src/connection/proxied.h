/* SPDX-License-Identifier: MIT */
/*
 * On whose behalf a connection is: by a PROXY header from the client's side,
 * and in one for the target.
 */
#ifndef CONNECTION_PROXIED_H
#define CONNECTION_PROXIED_H

#include "client.h"
#include "proxy_header.h"

struct proxied {
	struct proxy_ends ends; /* unknown: those of the client */
	char name[160];         /* ends.client in the record's words, as far
				   as it may be said; or "" */
	const char *why;        /* what is wrong with the header, in words */
};

/* What proxied_receive() wants to have of room. */
#define PROXIED_BUFFER_BYTES(chunk) (PROXY_HEADER_MAX + (chunk))

/*
 * Receives a PROXY header and what follows it, at least a byte, with
 * recvs of at most `chunk` bytes; client_first_chunk() has the deadline and
 * *ret_waited. The header is the first *ret_skip bytes of the buffer.
 *
 * Returns the number of bytes behind it; 0 when the client closed without any
 * of these, before a header or behind a complete one; -EBADMSG for a header
 * that is none, wrong, too long or cut off; or what client_first_chunk() does.
 */
ssize_t proxied_receive(const struct client *client, char *buffer, size_t chunk,
    int64_t deadline, enum log_address how, bool *ret_waited, size_t *ret_skip,
    struct proxied *ret_proxied);

/*
 * Writes the header for the target in front of `at`, where there have to be
 * PROXY_HEADER_WRITTEN_MAX bytes of room: of the ends in `proxied`, or of the
 * client's own. Returns its length.
 */
size_t proxied_prepend(enum proxy_protocol version, const struct client *client,
    struct proxied *proxied, uint8_t byte, char *at);

#endif
