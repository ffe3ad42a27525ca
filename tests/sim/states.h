/* SPDX-License-Identifier: MIT */
/*
 * The states that were seen, by their hashes, with the races of the script that
 * came there. One that was come to with more races than now has been gone on
 * from with less that may happen, and is new.
 */
#ifndef SIM_STATES_H
#define SIM_STATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether it is known with no more races; if not, it is from now on. */
bool states_is_known(uint64_t state, unsigned races, unsigned races_max);

/* How many are, and without their races. */
size_t states_count(void);
size_t states_distinct(void);

void states_forget(void);

#endif
