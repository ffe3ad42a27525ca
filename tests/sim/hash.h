/* SPDX-License-Identifier: MIT */
/* A hash of numbers, one after the other. */
#ifndef SIM_HASH_H
#define SIM_HASH_H

#include <stdint.h>

#define HASH_START UINT64_C(0x243f6a8885a308d3)

/* That of splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t hash_add(uint64_t hash, uint64_t value)
{
	hash ^= value + UINT64_C(0x9e3779b97f4a7c15);
	hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
	return hash ^ hash >> 31;
}

#endif
