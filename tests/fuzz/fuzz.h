/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share: rules that end the process when broken. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Said, and then the fuzzer keeps the input. */
#define RULE(holds, ...)                                                     \
	do {                                                                 \
		if (!(holds)) {                                              \
			fprintf(stderr, "broken: %s (", #holds);             \
			fprintf(stderr, __VA_ARGS__);                        \
			fprintf(stderr, ") at %s:%d\n", __FILE__, __LINE__); \
			abort();                                             \
		}                                                            \
	} while (0)

/* Called by libFuzzer for each input. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
