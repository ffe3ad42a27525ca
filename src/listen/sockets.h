/* SPDX-License-Identifier: MIT */
/* The listening sockets: bound by us, or handed over. */
#ifndef LISTEN_SOCKETS_H
#define LISTEN_SOCKETS_H

#include "../config/options.h"
#include "../connection/inherited.h"

struct sockets {
	int count;
	int fds[INHERITED_LISTENERS_MAX]; /* blocking; owned */
	const char *names;                /* between colons; NULL: none */
};

/*
 * Binds settings' port on its address, or on every IPv6 and IPv4 address with
 * one socket (ipv6(7), IPV6_V6ONLY off); on IPv4 alone where the kernel has no
 * IPv6. Returns 0 or a negative errno.
 */
int sockets_bind(const struct settings *settings, struct sockets *ret_sockets);

/* Takes over those that were handed over, and makes them blocking. */
void sockets_inherit(const struct inherited *inherited,
    const struct settings *settings, struct sockets *ret_sockets);

/*
 * How many connections wait in the queue of the i-th one (tcp(7), TCP_INFO);
 * 0 where that cannot be told, as of a unix socket.
 */
unsigned sockets_queued(const struct sockets *sockets, int i);

/*
 * Gives them the options of `settings` in place of those of `before` (tune.h);
 * connections that come in from now on have them.
 */
void sockets_tune_anew(const struct sockets *sockets,
    const struct settings *before, const struct settings *settings);

/*
 * Lets no new connection begin, so that the queues can be emptied and closed
 * without losing one that came in between: the sockets are bound to an
 * interface that there is none of (socket(7), SO_BINDTODEVICE; by its index,
 * since Linux 5.0, without a privilege since 5.7). Who connects is refused; a
 * handshake of which the client has had its part already can be finished. Only
 * for sockets that are ours alone. Where it fails that moment remains.
 */
void sockets_refuse_new(const struct sockets *sockets);

/*
 * Adds the name of the i-th socket, which its unit gives it
 * (systemd.socket(5), FileDescriptorName=), or nothing.
 */
void sockets_add_name(const struct sockets *sockets, int i, struct text *text);

/* Whether a connection is in the queue of one of them. */
bool sockets_have_connections(const struct sockets *sockets);

void sockets_close(struct sockets *sockets);

#endif
