/* SPDX-License-Identifier: MIT */
/*
 * The system calls of each stage of confine.h, as filters of seccomp(2): tables
 * that are constant, for x86-64 and arm64, and for what both glibc and musl
 * make of the C library's functions.
 */
#ifndef CONNECTION_CONFINE_FILTER_H
#define CONNECTION_CONFINE_FILTER_H

#include <stdbool.h>

/*
 * Puts the filter of a stage in force, for good. no_new_privs has to be set.
 * Returns 0 or a negative errno: -ENOSYS or -EINVAL where the kernel has no
 * filters, -ENOTSUP on other machines than those above.
 */
int confine_filter_serving(void);

/* `whole_address`: confine_reset_length() is that of struct sockaddr. */
int confine_filter_relaying(bool whole_address);

#endif
