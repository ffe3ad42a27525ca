/* SPDX-License-Identifier: MIT */
/*
 * inject: makes system calls in another process, as code that an attacker had
 * brought into it would; then that process goes on.
 *
 *	inject PID NUMBER [ARGUMENT]... [-- NUMBER [ARGUMENT]...]...
 *
 * An argument is a number, or @HEX: the address of these bytes, which are put
 * below the stack. Prints "returned N" for each call, or "killed SIGNAL" if the
 * process did not survive it; for x86-64 and arm64.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#define ARGUMENTS_MAX 6
/* Below what the C library's functions use of the stack. */
#define BELOW_STACK 4096

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(1);
}

/*
 * Waits for a stop, and returns its signal; prints what became of the process
 * if there is none.
 */
static int wait_for_stop(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) < 0)
		fail("waitpid");
	if (WIFSTOPPED(status))
		return WSTOPSIG(status);
	printf("%s %d\n", WIFSIGNALED(status) ? "killed" : "exited",
	    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	exit(0);
}

static void get_registers(pid_t pid, struct user_regs_struct *registers)
{
	struct iovec all = {registers, sizeof(*registers)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all) < 0)
		fail("PTRACE_GETREGSET");
}

static void set_registers(pid_t pid, struct user_regs_struct *registers)
{
	struct iovec all = {registers, sizeof(*registers)};

	if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all) < 0)
		fail("PTRACE_SETREGSET");
}

#ifdef __x86_64__
#define STACK(r)  ((r)->rsp)
#define RESULT(r) ((r)->rax)

/* It waits in a call: the instruction for one is right behind. */
static void prepare(struct user_regs_struct *r, uint64_t number, uint64_t a[])
{
	r->rip -= 2;
	r->rax = number;
	r->orig_rax = UINT64_MAX;
	r->rdi = a[0];
	r->rsi = a[1];
	r->rdx = a[2];
	r->r10 = a[3];
	r->r8 = a[4];
	r->r9 = a[5];
}
#else
#define STACK(r)  ((r)->sp)
#define RESULT(r) ((r)->regs[0])

static void prepare(struct user_regs_struct *r, uint64_t number, uint64_t a[])
{
	r->pc -= 4;
	memcpy(r->regs, a, ARGUMENTS_MAX * sizeof(*a));
	r->regs[8] = number;
}
#endif

/* The value of an argument, whose bytes go to *place in the process. */
static uint64_t parse(pid_t pid, const char *text, uint64_t *place)
{
	unsigned char bytes[256] = {0};
	struct iovec here = {bytes, 0}, there;
	unsigned byte;

	if (*text != '@')
		return strtoull(text, NULL, 0);
	for (text++; here.iov_len < sizeof(bytes) - 1 &&
		     sscanf(text, "%2x", &byte) == 1;
	     text += 2)
		bytes[here.iov_len++] = (unsigned char)byte;
	here.iov_len++; /* and a NUL */
	*place -= sizeof(bytes);
	/* An address of another process, which no pointer here can come from.
	 */
	memcpy(&there.iov_base, place, sizeof(there.iov_base));
	there.iov_len = here.iov_len;
	if (process_vm_writev(pid, &here, 1, &there, 1, 0) < 0)
		fail("process_vm_writev");
	return *place;
}

/* Makes the call that the words up to "--" are. */
static void make_call(pid_t pid, const struct user_regs_struct *saved,
    char *const words[], int count)
{
	struct user_regs_struct registers = *saved;
	uint64_t arguments[ARGUMENTS_MAX] = {0};
	uint64_t place = STACK(saved) - BELOW_STACK;

	for (int i = 1; i < count && i <= ARGUMENTS_MAX; i++)
		arguments[i - 1] = parse(pid, words[i], &place);
	prepare(&registers, strtoull(words[0], NULL, 0), arguments);
	set_registers(pid, &registers);
	/* A signal that comes first stops it before the call: it is dropped. */
	do
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
			fail("PTRACE_SINGLESTEP");
	while (wait_for_stop(pid) != SIGTRAP);
	get_registers(pid, &registers);
	printf("returned %lld\n", (long long)RESULT(&registers));
}

int main(int argc, char *argv[])
{
	struct user_regs_struct saved;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "inject: see its source\n");
		return 64;
	}
	pid = atoi(argv[1]);
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		fail("PTRACE_SEIZE");
	if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
		fail("PTRACE_INTERRUPT");
	wait_for_stop(pid);
	get_registers(pid, &saved);
	for (int from = 2, to; from < argc; from = to + 1) {
		to = from + 1;
		while (to < argc && strcmp(argv[to], "--") != 0)
			to++;
		make_call(pid, &saved, argv + from, to - from);
	}
	set_registers(pid, &saved);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 0;
}
