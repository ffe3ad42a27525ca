/* SPDX-License-Identifier: MIT */
/*
 * The kernel's clocks, by system call. The C library would ask the vDSO
 * (vdso(7)), which is quicker for who asks often: a connection asks five
 * times, and to touch the vDSO's pages costs a new process three faults and a
 * forked one two, each as much as some calls.
 */
#ifndef CLOCK_H
#define CLOCK_H

#include <time.h>

/*
 * The time of CLOCK_MONOTONIC, CLOCK_REALTIME ... (clock_gettime(2)). Where the
 * call fails it is made again, by its older number if it has one: to who waits
 * a clock at 0 is a deadline that is never over.
 */
struct timespec clock_read(clockid_t clock);

#endif
