/* SPDX-License-Identifier: MIT */
/*
 * landlock: prints the version of Landlock that this kernel has, 0 for none.
 * What each can deny is in src/connection/confine.c.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

int main(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	printf("%ld\n", version < 0 ? 0 : version);
	return 0;
}
