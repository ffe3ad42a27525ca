/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sources.h"

/*
 * A word is the upper 48 bits of the source's hash, and a count. Twice as many
 * as there can be connections; the bucket is by bits of the hash that are not
 * in the word.
 */
#define WORDS       131072
#define BUCKET      32
#define TABLE_BYTES (WORDS * sizeof(uint64_t))
#define COUNT_MASK  UINT64_C(0xffff)

uint64_t source_of(const struct address *peer)
{
	const uint8_t *bytes = peer->v6.sin6_addr.s6_addr;
	uint64_t source = 0;

	if (!address_is_inet(peer))
		return SOURCE_NONE;
	if (peer->any.sa_family == AF_INET)
		return UINT64_C(0xffff) << 32 | ntohl(peer->v4.sin_addr.s_addr);
	/* The same; as a network of IPv6 it is reserved (RFC 4291, 2.4). */
	if (IN6_IS_ADDR_V4MAPPED(&peer->v6.sin6_addr)) {
		for (int i = 10; i < 16; i++)
			source = source << 8 | bytes[i];
		return source;
	}
	for (int i = 0; i < 8; i++)
		source = source << 8 | bytes[i];
	/* That of ::1, which is not to be taken for none. */
	return source ? source : 1;
}

/*
 * Of 16 random bytes that the kernel has given the process (getauxval(3)), so
 * that nobody can choose addresses that share a bucket. The finalizer of
 * SplitMix64, twice.
 */
static uint64_t hash(uint64_t source)
{
	const void *random = (const void *)getauxval(AT_RANDOM); /* NOLINT */
	uint64_t secret[2] = {0};

	if (random)
		memcpy(secret, random, sizeof(secret));
	for (int i = 0; i < 2; i++) {
		source ^= secret[i];
		source = (source ^ source >> 30) * 0xbf58476d1ce4e5b9;
		source = (source ^ source >> 27) * 0x94d049bb133111eb;
		source ^= source >> 31;
	}
	return source;
}

static _Atomic uint64_t *bucket_of(const struct sources *sources, uint64_t hash)
{
	return sources->words + hash % (WORDS / BUCKET) * BUCKET;
}

/* The word that counts those of the hash; of no source if there is none. */
static _Atomic uint64_t *find(const struct sources *sources, uint64_t hash)
{
	_Atomic uint64_t *bucket = bucket_of(sources, hash);

	for (unsigned i = 0; i < BUCKET; i++) {
		uint64_t word = atomic_load(&bucket[i]);

		if (word & COUNT_MASK && !((word ^ hash) & ~COUNT_MASK))
			return &bucket[i];
	}
	return NULL;
}

/* The listener counts down meanwhile, but only who has the lock reuses it. */
static bool add_one(_Atomic uint64_t *place, unsigned most)
{
	uint64_t word = atomic_load(place);

	do {
		if ((word & COUNT_MASK) >= most)
			return false;
	} while (!atomic_compare_exchange_weak(place, &word, word + 1));
	return true;
}

bool sources_take(struct sources *sources, uint64_t source, unsigned most)
{
	uint64_t hashed = hash(source);
	_Atomic uint64_t *place = find(sources, hashed);
	_Atomic uint64_t *bucket = bucket_of(sources, hashed);

	if (place)
		return add_one(place, most);
	for (unsigned i = 0; i < BUCKET; i++) {
		if (atomic_load(&bucket[i]) & COUNT_MASK)
			continue;
		atomic_store(&bucket[i], (hashed & ~COUNT_MASK) | 1);
		break;
	}
	return true;
}

void sources_give_back(struct sources *sources, uint64_t source)
{
	_Atomic uint64_t *place;

	if (!sources->words || source == SOURCE_NONE)
		return;
	place = find(sources, hash(source));
	/* Nobody else counts down, and so it is not 0 yet. */
	if (place)
		atomic_fetch_sub(place, 1);
}

int sources_clear(struct sources *sources)
{
	void *words;

	if (sources->words) {
		for (size_t i = 0; i < WORDS; i++)
			if (atomic_load(&sources->words[i]))
				atomic_store(&sources->words[i], 0);
		return 0;
	}
	words = mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (words == MAP_FAILED)
		return -errno;
	sources->words = words;
	return 0;
}

void sources_leave(struct sources *sources)
{
	if (sources->words)
		munmap((void *)sources->words, TABLE_BYTES);
	sources->words = NULL;
}

void sources_lock(int fd)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	while (fcntl(fd, F_SETLKW, &all) < 0 && errno == EINTR)
		;
}

bool sources_try_lock(int fd)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_SETLK, &all) == 0;
}

void sources_unlock(int fd)
{
	struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	/* Or by closing any descriptor of the file (fcntl(2)). */
	if (fcntl(fd, F_SETLK, &all) < 0)
		close(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}
