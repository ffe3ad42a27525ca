/* SPDX-License-Identifier: MIT */
/*
 * What a process of byte-proxy can never do, whatever becomes of it: it gives
 * up, for good, what it has no use for any more. There are two stages.
 *
 *	serving     The listener, its handlers up to the relay, and whoever
 *	            resolves a name: they read files, look up names, connect,
 *	            and fork. No file is written, made or executed, no TCP port
 *	            of its choice bound, nobody else signalled (landlock(7));
 *what else is called than confine_filter.c lists fails with ENOSYS
 *	            (seccomp(2)).
 *	relaying    A handler that is connected: it moves bytes between
 *	            descriptors that are open, makes pipes, and writes the
 *	            record. No file, no connection, no process; any other
 *	            system call ends it with SIGSYS.
 *
 * Both come with no_new_privs and without capabilities (capabilities(7)); the
 * process cannot be dumped, and so neither traced nor read by others of its
 * user (PR_SET_DUMPABLE(2const)). What is in force is inherited by forks: in a
 * listener the first stage costs a connection nothing.
 *
 * Under CONFINE_TRY what this kernel lacks is left out, and said at the level
 * debug. In a program that is built with sanitizers, or to be measured, nothing
 * is confined: these need ptrace(2), files and memory at any time. That counts
 * as lacking all.
 */
#ifndef CONNECTION_CONFINE_H
#define CONNECTION_CONFINE_H

#include <sys/socket.h>

#include "../config/options.h"

/*
 * Enters the first stage: once the ports are bound and the user is the one to
 * stay, before the first connection is accepted. Where the settings want a
 * connection to come from an address or with a mark that takes a capability for
 * it (capabilities(7)), that is kept for the second stage to give up.
 * Returns NULL, or under CONFINE_REQUIRE what this kernel lacks.
 */
const char *confine_listener(const struct settings *settings);

/*
 * The same in a process that was forked to resolve a name. In a listener's it
 * is in force already.
 */
void confine_resolver(const struct settings *settings);

/*
 * Enters the second stage, after the last connect(): makes log_prepare().
 * Returns as confine_listener() does. Under CONFINE_OFF only those capabilities
 * are given up that were kept for connect(), and all others with them.
 */
const char *confine_relay(const struct settings *settings);

/*
 * The only length of an address that connect() may get in the second stage, to
 * dissolve a connection with AF_UNSPEC: too short for an address of any family;
 * or where Landlock sees to it that no TCP connection is made, that of a whole
 * struct sockaddr, which it insists on in some kernels (6.7 to at least 6.14).
 */
socklen_t confine_reset_length(void);

#endif
