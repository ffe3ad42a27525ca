/* SPDX-License-Identifier: MIT */
/* The kernels, and the settings, that the relay is run with. */
#ifndef SIM_SETUPS_H
#define SIM_SETUPS_H

#include "kernel.h"

#define SETUPS 18

extern const struct sim_setup setups[SETUPS];

#endif
