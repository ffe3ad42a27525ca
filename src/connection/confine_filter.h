/* SPDX-License-Identifier: MIT */
/*
 * The system calls of each stage of confine.h, as filters of seccomp(2): tables
 * for x86-64 and arm64, and for what both glibc and musl make of the C
 * library's functions.
 */
#ifndef CONNECTION_CONFINE_FILTER_H
#define CONNECTION_CONFINE_FILTER_H

#include <sys/socket.h>

/*
 * Puts the filter of a stage in force, for good. no_new_privs has to be set.
 * Returns 0 or a negative errno: -ENOSYS or -EINVAL where the kernel has no
 * filters, -ENOTSUP on other machines than those above.
 */
int confine_filter_serving(void);

/* `reset_length`: what an address has that dissolves a connection. */
int confine_filter_relaying(socklen_t reset_length);

#endif
