/* SPDX-License-Identifier: MIT */
/* Users, and the privileges that come with one. */
#ifndef PRIVILEGES_H
#define PRIVILEGES_H

#include <stdbool.h>

/*
 * Becomes the user of that name or number: its user id, its group, no other
 * group, for good. A number need not be anybody's; its group is then the one of
 * the same number. Whoever is this user already stays as he is. With
 * keep_network root's CAP_NET_ADMIN and CAP_NET_RAW stay, as far as they are
 * there.
 *
 * Returns 0, -ESRCH when there is no such user, or another negative errno:
 * -EPERM where the process may not.
 */
int privileges_become(const char *user, bool keep_network);

/*
 * Gives up every capability that the process has, or a file could give it
 * (capabilities(7): the effective, permitted, inheritable and ambient sets).
 * Returns 0, or -errno where a filter of system calls does not let it.
 */
int privileges_drop(void);

/* All but CAP_NET_ADMIN and CAP_NET_RAW, as far as they are there. */
void privileges_drop_to_network(void);

/*
 * The bounding set as well, where the process may. It takes a call for each of
 * some forty, and with no_new_privs nothing can come from that set any more: so
 * this is for processes that live on.
 */
void privileges_drop_bounding_set(void);

#endif
