/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "privileges.h"
#include "text.h"

/*
 * The calls themselves: the C library's functions see to it that all threads
 * change, of which there are none here, and link all that this takes. Some
 * machines have older calls of 16 bits under that name (setresuid(2)).
 */
#ifdef SYS_setresuid32
#define CALL(name) SYS_##name##32
#else
#define CALL(name) SYS_##name
#endif

/* Those that this kernel has; at once over where the process may not. */
void privileges_drop_bounding_set(void)
{
	for (unsigned long i = 0; prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0; i++)
		;
}

int privileges_become(const char *user, bool keep_network)
{
	const struct passwd *entry;
	uint64_t number;
	uid_t uid;
	gid_t gid;

	if (text_parse_number(user, UINT32_MAX - 1, &number) == 0) {
		uid = (uid_t)number;
		entry = getpwuid(uid);
		gid = entry ? entry->pw_gid : (gid_t)number;
	} else {
		entry = getpwnam(user);
		if (!entry)
			return -ESRCH;
		uid = entry->pw_uid;
		gid = entry->pw_gid;
	}
	if (uid == getuid() && uid == geteuid() && uid != 0)
		return 0;
	/* To do so takes a capability that goes with the user. */
	if (uid != 0)
		privileges_drop_bounding_set();
	if (keep_network)
		prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (syscall(CALL(setgroups), 0, NULL) < 0 ||
	    syscall(CALL(setresgid), gid, gid, gid) < 0 ||
	    syscall(CALL(setresuid), uid, uid, uid) < 0)
		return -errno;
	/* They were kept as permitted, and are to be in effect too. */
	if (keep_network)
		privileges_drop_to_network();
	return 0;
}

void privileges_drop_to_network(void)
{
	const uint32_t network = 1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW;
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[2] = {0};

	if (syscall(SYS_capget, &header, sets) < 0)
		return;
	sets[0].permitted &= network;
	sets[0].effective = sets[0].permitted;
	sets[0].inheritable = 0;
	sets[1] = (struct __user_cap_data_struct){0};
	syscall(SYS_capset, &header, sets);
}

int privileges_drop(void)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[2] = {0};

	/* The ambient set goes with the permitted one. */
	return syscall(SYS_capset, &header, none) < 0 ? -errno : 0;
}
