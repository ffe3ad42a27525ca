/* SPDX-License-Identifier: MIT */
#ifndef FAULTS_JUDGE_H
#define FAULTS_JUDGE_H

#include <stdbool.h>

#include "stage.h"

#define ENDED_BYTES 32

struct verdict {
	const char *why; /* this was wrong; NULL: nothing */
	bool survived;   /* all ended as without a fault */
	/* The result of its record; "refused": a line and no connection;
	 * "unsaid": it was the record's own write() that failed. */
	char ended[ENDED_BYTES];
	char error[128]; /* what the record or the line says of it */
};

/* What becomes of one run: README.md, "Records", and byte-proxy(8) promise. */
struct verdict judge(const struct stage *stage);

#endif
