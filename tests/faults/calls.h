/* SPDX-License-Identifier: MIT */
/* The system calls that are made to fail, and what their man pages list. */
#ifndef FAULTS_CALLS_H
#define FAULTS_CALLS_H

#include <stdbool.h>

#define CALL_ERRORS_MAX 28

/* A fault that is no errno: the call moves one byte of those it could. */
#define FAULT_SHORT (-1)

struct call {
	const char *name;
	long number;
	/* The argument that is a length, of a call that may move less; or 0. */
	int length;
	/* It does its work before it fails: close(2) never leaves one open. */
	bool works;
	/* Ends with 0; of a call that cannot fail there are none. */
	int errors[CALL_ERRORS_MAX];
};

/* NULL: there is no row for it. */
const struct call *call_of(long number);
const struct call *call_named(const char *name);

#endif
