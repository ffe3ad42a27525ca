/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

/*
 * Where a long has 32 bits there is one for 64 (time_t(3type)), of Linux 5.1;
 * musl has another name for the older one then.
 */
#ifdef SYS_clock_gettime64
#define CALL SYS_clock_gettime64
#else
#define CALL SYS_clock_gettime
#endif
#ifdef SYS_clock_gettime32
#define OLD_CALL SYS_clock_gettime32
#elif defined SYS_clock_gettime
#define OLD_CALL SYS_clock_gettime
#else
#define OLD_CALL (-1L) /* there is none */
#endif

struct timespec clock_read(clockid_t clock)
{
	struct {
		int64_t seconds, nanoseconds;
	} now = {0};

	if (syscall(CALL, clock, &now) < 0) {
		struct {
			long seconds, nanoseconds;
		} old = {0};

		syscall(OLD_CALL, clock, &old);
		now.seconds = old.seconds;
		now.nanoseconds = old.nanoseconds;
	}
	return (struct timespec){
	    .tv_sec = (time_t)now.seconds, .tv_nsec = (long)now.nanoseconds};
}
