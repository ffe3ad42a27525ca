/* SPDX-License-Identifier: MIT */
/*
 * The socket options that both ends of a connection get. An accepted socket
 * has those of the listening one. Errors do not matter: of what is no TCP, or
 * no socket, nothing is wanted.
 */
#ifndef CONNECTION_TUNE_H
#define CONNECTION_TUNE_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/*
 * No waiting for a full segment while another is on its way (tcp(7),
 * TCP_NODELAY): what one end wrote is not held back from the other.
 */
static inline void tune_no_delay(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* Probes to a peer that may have vanished (socket(7), SO_KEEPALIVE). */
static inline void tune_keepalive(int fd)
{
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

#endif
