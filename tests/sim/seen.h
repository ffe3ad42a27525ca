/* SPDX-License-Identifier: MIT */
/* What a state is: two runs with the same one go on alike. */
#ifndef SIM_SEEN_H
#define SIM_SEEN_H

#include <poll.h>
#include <stdint.h>

#include "../../src/record/record.h"

/*
 * A hash of all that matters for what comes, while the relay sleeps until
 * `deadline` in wait_for(fds): its own state, the kernel's and the rules'.
 * fds is NULL when it waits for what it sent to get out.
 */
uint64_t seen_hash(
    const struct pollfd *fds, int64_t deadline, const struct record *record);

#endif
