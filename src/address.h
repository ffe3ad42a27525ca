/* SPDX-License-Identifier: MIT */
/* Socket addresses of the families that byte-proxy speaks. */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "text.h"

struct address {
	socklen_t length; /* 0: there is none */
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_un local;
	};
};

bool address_is_inet(const struct address *address);

/*
 * The IPv4 address that an IPv4-mapped IPv6 one is (RFC 4291, 2.5.5.2), with
 * its port; any other as it is.
 */
void address_unmap(const struct address *address, struct address *ret_address);

/*
 * An IPv4 or IPv6 literal without brackets, with "%interface" behind a
 * link-local IPv6 one (RFC 4007). Never looks a name up.
 * Returns 0 or -EINVAL.
 */
int address_parse_ip(
    const char *literal, uint16_t port, struct address *ret_address);

/* AF_UNIX from "/path" or "@abstract" (unix(7)). Returns 0 or -EINVAL. */
int address_parse_unix(const char *name, struct address *ret_address);

/*
 * Adds "192.0.2.1:80", "[2001:db8::1]:80", "unix:/path", "unix:@name", "unix"
 * for a socket without a name, or "unknown" for other families. An IPv4-mapped
 * IPv6 address is written as the IPv4 address that it is (RFC 4291, 2.5.5.2).
 * What a peer chose for its unix socket's name is written with '?' for all but
 * printable ASCII.
 */
void address_add_to(const struct address *address, struct text *text);

/* The same of an IPv4 or IPv6 address, without the port: "[2001:db8::1]". */
void address_add_ip_to(const struct address *address, struct text *text);

/*
 * The network of an IPv4 or IPv6 address: "192.0.2.0/24", or with an IPv6 one
 * "[2001:db8:1::]/48", the most that a site has (RFC 6177). Without a port
 * and an interface; IPv4-mapped as above.
 */
void address_add_prefix_to(const struct address *address, struct text *text);

#endif
