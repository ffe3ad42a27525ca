/* SPDX-License-Identifier: MIT */
/* What is run again and again, with another fault each time. */
#ifndef FAULTS_SCENARIO_H
#define FAULTS_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

#include "peer.h"

/* How byte-proxy gets its connection. */
enum way {
	WAY_SOCKET, /* on standard input and output, of which we keep another */
	WAY_PIPES,  /* the same, as two pipes */
	WAY_LISTEN  /* it listens: two clients, one after the other; SIGTERM */
};

struct scenario {
	const char *name;
	enum way way;
	const char *result; /* without a fault */
	/* What the client sends first; and whether the target gets a header. */
	const char *lead;
	size_t lead_length;
	bool has_header;
	/* Then so much each way; down it is an echo if `echoes`. */
	size_t up, down;
	bool echoes;
	enum peer_last client_last, target_last;
	/* TARGET, REFUSED, PORT and OWN stand for what they are in this run. */
	const char *arguments[16];
};

const struct scenario *scenario_named(const char *name);
void scenarios_print(void);

/* Bytes of the pattern that goes up, or down: 1 MiB, and no more. */
#define PATTERN_BYTES ((size_t)1024 * 1024)

#endif
