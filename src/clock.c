/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

/* Where a long has 32 bits there is one for 64 (time_t(3type)). */
#ifdef SYS_clock_gettime64
#define CALL SYS_clock_gettime64
#else
#define CALL SYS_clock_gettime
#endif

struct timespec clock_read(clockid_t clock)
{
	struct {
		int64_t seconds, nanoseconds;
	} now = {0};

	syscall(CALL, clock, &now);
	return (struct timespec){
	    .tv_sec = (time_t)now.seconds, .tv_nsec = (long)now.nanoseconds};
}
