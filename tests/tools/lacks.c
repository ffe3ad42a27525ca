/* SPDX-License-Identifier: MIT */
/*
 * lacks: runs a program as on a kernel without something.
 *
 *	lacks WHAT... -- PROGRAM [ARGUMENT]...
 *
 *	landlock      no Landlock at all
 *	landlock-tcp  one before its version 4, which knows files only
 *	seccomp       no filters
 *	close-range   no close_range(2)
 *	capset        capset(2) is not let through, as by SystemCallFilter=
 *	vdso          the time of day is a system call
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#define LOAD(member) \
	BPF_STMT(    \
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF(test, value, then, otherwise) \
	BPF_JUMP(BPF_JMP | (test) | BPF_K, value, then, otherwise)
#define FAIL(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW       BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static void put_in_force(const struct sock_filter *filter, size_t count)
{
	const struct sock_fprog program = {.len = (unsigned short)count,
	    .filter = (struct sock_filter *)filter};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("lacks");
		exit(1);
	}
}

static void take_call(unsigned from, unsigned to, int error)
{
	const struct sock_filter filter[] = {LOAD(nr), IF(BPF_JGE, from, 0, 2),
	    IF(BPF_JGT, to, 1, 0), FAIL(error), ALLOW};

	put_in_force(filter, 5);
}

/* An older one knows less of a ruleset, and refuses one that is longer. */
static void take_landlock_tcp(void)
{
	const struct sock_filter filter[] = {LOAD(nr),
	    IF(BPF_JEQ, SYS_landlock_create_ruleset, 0, 3), LOAD(args[1]),
	    IF(BPF_JGT, 8, 0, 1), FAIL(E2BIG), ALLOW};

	put_in_force(filter, 6);
}

/* Takes it out of the auxiliary vector of the process, which stands still. */
static void take_vdso(pid_t pid)
{
	char path[64];
	Elf64_auxv_t entry;
	FILE *file;
	long at;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	/* The 28th field is where the stack begins: argc, argv, environ. */
	for (int i = 0; i < 27; i++)
		if (fscanf(file, "%*s") < 0)
			exit(1);
	if (fscanf(file, "%ld", &at) != 1)
		exit(1);
	fclose(file);
	for (int ends = 0; ends < 2;) {
		at += (long)sizeof(long);
		errno = 0;
		if (ptrace(PTRACE_PEEKDATA, pid, at, NULL) == 0)
			ends++;
	}
	for (at += (long)sizeof(long);; at += (long)sizeof(entry)) {
		long type = ptrace(PTRACE_PEEKDATA, pid, at, NULL);

		if (type == AT_NULL)
			return;
		if (type == AT_SYSINFO_EHDR)
			ptrace(PTRACE_POKEDATA, pid, at, AT_IGNORE);
	}
}

/* Runs it from a child that is its tracer for as long as it starts. */
static void run_without_vdso(char *program[])
{
	pid_t self = getpid();
	int ready[2], status;
	char byte;

	if (pipe(ready) < 0)
		exit(1);
	if (fork() == 0) {
		if (ptrace(PTRACE_SEIZE, self, NULL, PTRACE_O_TRACEEXEC) < 0)
			exit(1);
		close(ready[0]);
		if (write(ready[1], "x", 1) != 1)
			exit(1);
		close(ready[1]);
		if (waitpid(self, &status, __WALL) == self) {
			take_vdso(self);
			ptrace(PTRACE_DETACH, self, NULL, NULL);
		}
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) == 1) {
		close(ready[0]);
		execvp(program[0], program);
	}
	_exit(127);
}

int main(int argc, char *argv[])
{
	bool vdso = true;
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "landlock") == 0)
			take_call(SYS_landlock_create_ruleset,
			    SYS_landlock_restrict_self, ENOSYS);
		else if (strcmp(argv[i], "landlock-tcp") == 0)
			take_landlock_tcp();
		else if (strcmp(argv[i], "seccomp") == 0)
			take_call(SYS_seccomp, SYS_seccomp, EINVAL);
		else if (strcmp(argv[i], "capset") == 0)
			take_call(SYS_capset, SYS_capset, EPERM);
		else if (strcmp(argv[i], "close-range") == 0)
			take_call(SYS_close_range, SYS_close_range, ENOSYS);
		else if (strcmp(argv[i], "vdso") == 0)
			vdso = false;
		else
			break;
	}
	if (i + 1 >= argc || strcmp(argv[i], "--") != 0) {
		fprintf(stderr, "lacks: see its source\n");
		return 64;
	}
	if (!vdso)
		run_without_vdso(argv + i + 1);
	execvp(argv[i + 1], argv + i + 1);
	return 127;
}
