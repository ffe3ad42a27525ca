/* SPDX-License-Identifier: MIT */
/* The socket options that both ends of a connection get. */
#ifndef CONNECTION_TUNE_H
#define CONNECTION_TUNE_H

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

/*
 * No waiting for a full segment (tcp(7), TCP_NODELAY: what one end wrote is
 * not held back from the other), and probes to a peer that may have vanished
 * (socket(7), SO_KEEPALIVE). Errors do not matter: the connection still works.
 */
static inline void tune_tcp(int fd)
{
	const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
}

#endif
