/* SPDX-License-Identifier: MIT */
/* Calls that fail since this machine has not what they need (ENOMEM ...). */
#include <errno.h>

#include "rules.h"

bool kernel_fails(enum sim_failing what, enum sim_end end)
{
	struct sim_socket *socket = &sim.ends[end];

	if (!sim.fails)
		return false;
	errno = sim.fails;
	sim.fails = 0;
	sim.progress++;
	socket->unreadable |= what == FAILS_READ;
	socket->unwritable |= what == FAILS_WRITE || what == FAILS_END;
	socket->stays_unblocked |= what == FAILS_BLOCK;
	rules_failed(what, errno);
	kernel_trace("-- fails");
	return true;
}
