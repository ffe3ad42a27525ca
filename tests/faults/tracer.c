/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "tracer.h"

#define OPTIONS                                                            \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | \
	    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)

#ifdef __x86_64__
#define RESULT(r) ((r).rax)
#define FIRST(r)  ((r).rdi)
/* A call leaves it as it was, and who made the call relies on that. */
#define RESTORE_FIRST(r, value) ((r).rdi = (value))
#define LENGTH(r, argument) \
	(*((argument) == 2 ? &(r).rdx : &(r).r8)) /* or the fifth */
#else
#define RESULT(r)               ((r).regs[0])
#define FIRST(r)                ((r).regs[0])
#define RESTORE_FIRST(r, value) ((void)(r), (void)(value)) /* is the result */
#define LENGTH(r, argument)     ((r).regs[argument])
#endif

static _Noreturn void fail(const char *what)
{
	perror(what);
	exit(2);
}

static struct user_regs_struct registers_of(pid_t pid)
{
	struct user_regs_struct registers = {0};
	struct iovec all = {&registers, sizeof(registers)};

	ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all);
	return registers;
}

static void set_registers(pid_t pid, struct user_regs_struct registers)
{
	struct iovec all = {&registers, sizeof(registers)};

	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all);
}

/* The call that it is about to make is none. */
static void skip_call(pid_t pid)
{
#ifdef __x86_64__
	struct user_regs_struct registers = registers_of(pid);

	registers.orig_rax = UINT64_MAX;
	set_registers(pid, registers);
#else
	int none = -1;
	struct iovec number = {&none, sizeof(none)};

	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &number);
#endif
}

static void start_child(char *const argv[], const int fds[3], int go)
{
	char byte;
	sigset_t none;

	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(126);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (read(go, &byte, 1) != 1)
		_exit(126);
	close_range(3, ~0U, 0);
	execv(argv[0], argv);
	_exit(127);
}

static struct process *add(struct tracer *tracer, pid_t pid)
{
	struct process *process = &tracer->process[tracer->processes++];

	if (tracer->processes > PROCESSES_MAX)
		fail("too many processes");
	*process = (struct process){.pid = pid, .is_alive = true};
	return process;
}

/* One whose first stop comes before its parent's word of it is new too. */
static struct process *find(struct tracer *tracer, pid_t pid)
{
	for (unsigned i = tracer->processes; i-- > 0;)
		if (tracer->process[i].pid == pid)
			return &tracer->process[i];
	return add(tracer, pid);
}

void tracer_start(struct tracer *tracer, const struct fault *fault,
    char *const argv[], const int fds[3])
{
	int go[2];
	pid_t pid;

	*tracer = (struct tracer){.fault = *fault};
	/* Above those that the child has for its own use. */
	if (pipe(go) < 0)
		fail("pipe");
	pid = fork();
	if (pid < 0)
		fail("fork");
	if (pid == 0)
		start_child(argv, fds, go[0]);
	add(tracer, pid);
	if (ptrace(PTRACE_SEIZE, pid, NULL, OPTIONS) < 0)
		fail("PTRACE_SEIZE");
	if (write(go[1], "", 1) != 1)
		fail("write");
	close(go[0]);
	close(go[1]);
}

/* byte-proxy looks at its standard input before all else. */
static bool is_first(long number, const uint64_t *arguments)
{
	return (number == SYS_fstat || number == SYS_newfstatat) &&
	       arguments[0] == STDIN_FILENO;
}

/*
 * brk(2) has no errno: what it could not do leaves the break where it is, and
 * returns that, as it does when asked for 0. (A C library may take any other
 * value for the break that it asked for.)
 */
static void ask_for_nothing(pid_t pid)
{
	struct user_regs_struct registers = registers_of(pid);

	FIRST(registers) = 0;
	set_registers(pid, registers);
}

static void inject(struct tracer *tracer, struct process *process,
    const struct call *call, const uint64_t *arguments)
{
	tracer->failed = arguments[0];
	if (tracer->fault.kind == FAULT_SHORT) {
		struct user_regs_struct registers = registers_of(process->pid);

		tracer->came = arguments[call->length] > 1;
		LENGTH(registers, call->length) = 1;
		if (tracer->came)
			set_registers(process->pid, registers);
		return;
	}
	tracer->came = process->fails = true;
	if (call->number == SYS_brk)
		ask_for_nothing(process->pid);
	else if (!call->works)
		skip_call(process->pid);
}

static void enter(struct tracer *tracer, struct process *process,
    const struct __ptrace_syscall_info *info)
{
	const long number = (long)info->entry.nr;
	const struct place *at = &tracer->fault.place;
	struct place place = {
	    .process = (int)(process - tracer->process), .number = number};
	uint64_t arguments[6];

	memcpy(arguments, info->entry.args, sizeof(arguments));
	if (number < 0 || number >= NUMBERS_MAX)
		return;
	tracer->begun |= is_first(number, arguments);
	if (!tracer->begun)
		return;
	place.n = ++process->counts[number];
	if (tracer->seen_count < SEEN_MAX) {
		struct seen *seen = &tracer->seen[tracer->seen_count++];

		seen->place = place;
		memcpy(seen->arguments, arguments, sizeof(arguments));
	}
	if (at->n == place.n && at->process == place.process &&
	    at->number == number)
		inject(tracer, process, call_of(number), arguments);
}

static void leave(struct tracer *tracer, struct process *process)
{
	struct user_regs_struct registers;

	if (!process->fails)
		return;
	process->fails = false;
	registers = registers_of(process->pid);
	if (tracer->fault.place.number == SYS_brk)
		RESTORE_FIRST(registers, tracer->failed);
	else
		RESULT(registers) = (uint64_t) - (int64_t)tracer->fault.kind;
	set_registers(process->pid, registers);
}

static void on_call(struct tracer *tracer, struct process *process)
{
	struct __ptrace_syscall_info info = {0};

	if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, sizeof(info), &info) <
	    0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter(tracer, process, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave(tracer, process);
}

static void on_stop(struct tracer *tracer, struct process *process, int status)
{
	const int event = status >> 16;
	int signal = WSTOPSIG(status);
	unsigned long child;

	if (signal == (SIGTRAP | 0x80)) {
		on_call(tracer, process);
		signal = 0;
	} else if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE ||
		   event == PTRACE_EVENT_VFORK) {
		if (ptrace(PTRACE_GETEVENTMSG, process->pid, NULL, &child) == 0)
			find(tracer, (pid_t)child);
		signal = 0;
	} else if (event) {
		signal = 0;
	}
	ptrace(PTRACE_SYSCALL, process->pid, NULL, signal);
}

void tracer_step(struct tracer *tracer)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL | WNOHANG)) > 0) {
		struct process *process = find(tracer, pid);

		if (WIFSTOPPED(status)) {
			on_stop(tracer, process, status);
			continue;
		}
		process->is_alive = false;
		if (process == tracer->process)
			tracer->status = status;
	}
}

bool tracer_is_over(const struct tracer *tracer)
{
	for (unsigned i = 0; i < tracer->processes; i++)
		if (tracer->process[i].is_alive)
			return false;
	return true;
}

void tracer_end(struct tracer *tracer)
{
	int status;

	for (unsigned i = 0; i < tracer->processes; i++)
		if (tracer->process[i].is_alive)
			kill(tracer->process[i].pid, SIGKILL);
	/* All that this process ever started is below it, and traced. */
	while (waitpid(-1, &status, __WALL) > 0)
		;
}
