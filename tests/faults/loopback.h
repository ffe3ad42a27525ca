/* SPDX-License-Identifier: MIT */
/*
 * Sockets of 127.0.0.1, and pipes, all of them close-on-exec. What fails here
 * ends the program.
 */
#ifndef FAULTS_LOOPBACK_H
#define FAULTS_LOOPBACK_H

/* Bound to a free port, which can be bound again; it does not listen yet. */
int loopback_bind(void);
int loopback_port(int fd);

/* -1 where nobody listens; never blocks from then on. */
int loopback_connect(int port);

/* A connection as a super-server has it; *ret_client is the other end. */
int loopback_pair(int *ret_client);

void loopback_pipe(int ends[2]);

#endif
