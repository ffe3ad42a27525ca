/* SPDX-License-Identifier: MIT */
/*
 * A filter costs when it is put in force: each row is compiled, and tried for
 * each call there is, since the kernel remembers which calls a filter allows
 * whatever their arguments are, and asks it no more about these (since 5.11).
 * So there are few rows: those that allow a call jump to the one ALLOW at the
 * end. Of the calls that move bytes only sendto() has its arguments looked at,
 * each time, and it comes first.
 *
 * A row skips itself when the call is another; else it decides. Only numbers
 * can be looked at, not what is behind a pointer. All are 32 bits to the
 * kernel, too, which then takes the lower half of the register.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/sockios.h>

#include "confine_filter.h"

#if defined(__x86_64__)
#define MACHINE AUDIT_ARCH_X86_64
#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define MACHINE AUDIT_ARCH_AARCH64
#endif

#ifdef MACHINE

#define ALLOW  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define KILL   BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define REFUSE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)

#define LOAD(member) \
	BPF_STMT(    \
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF(test, value, then, otherwise) \
	BPF_JUMP(BPF_JMP | (test) | BPF_K, value, then, otherwise)

/*
 * Those of another calling convention are none of ours. (x32's have numbers of
 * their own, of which none is in a row.)
 */
#define BEGIN LOAD(arch), IF(BPF_JEQ, MACHINE, 1, 0), KILL, LOAD(nr)

/* To the last row, which install() knows. */
#define TO_ALLOW 255

#define CALL(name) IF(BPF_JEQ, __NR_##name, TO_ALLOW, 0)

/* What a debugger makes of a call that it lets fail (strace(1), inject=). */
#define NO_CALL IF(BPF_JEQ, UINT32_MAX, TO_ALLOW, 0)

/* With that value, or one of these, of an argument. */
#define CALL_IF(name, arg, value, no)                    \
	IF(BPF_JEQ, __NR_##name, 0, 3), LOAD(args[arg]), \
	    IF(BPF_JEQ, value, TO_ALLOW, 0), no
#define CALL_IF_ANY(name, arg, a, b, c, no)                           \
	IF(BPF_JEQ, __NR_##name, 0, 5), LOAD(args[arg]),              \
	    IF(BPF_JEQ, a, TO_ALLOW, 0), IF(BPF_JEQ, b, TO_ALLOW, 0), \
	    IF(BPF_JEQ, c, TO_ALLOW, 0), no

/* With both values. */
#define CALL_IF_BOTH(name, arg, value, arg2, value2, no) \
	IF(BPF_JEQ, __NR_##name, 0, 5), LOAD(args[arg]), \
	    IF(BPF_JEQ, value, 0, 2), LOAD(args[arg2]),  \
	    IF(BPF_JEQ, value2, TO_ALLOW, 0), no

/* With none of these bits. */
#define CALL_WITHOUT(name, arg, bits, no)                \
	IF(BPF_JEQ, __NR_##name, 0, 3), LOAD(args[arg]), \
	    IF(BPF_JSET, bits, 0, TO_ALLOW), no

/* With none of these bits in one argument, and 0 in the other. */
#define CALL_WITHOUT_AND_0(name, arg, bits, arg2, no)    \
	IF(BPF_JEQ, __NR_##name, 0, 5), LOAD(args[arg]), \
	    IF(BPF_JSET, bits, 2, 0), LOAD(args[arg2]),  \
	    IF(BPF_JEQ, 0, TO_ALLOW, 0), no

/*
 * What send() never has: the length of an address, and of flags any other than
 * the pump's. MSG_FASTOPEN would connect, and Landlock lets it (6.18).
 */
#define SEND_NEVER ~(MSG_DONTWAIT | MSG_NOSIGNAL | MSG_OOB)

/* Those of pump. Of tune.h it is the only one: the rest is done before. */
#define CALL_IF_OPTION(name, no)                           \
	IF(BPF_JEQ, __NR_##name, 0, 8), LOAD(args[1]),     \
	    IF(BPF_JEQ, SOL_SOCKET, 0, 2), LOAD(args[2]),  \
	    IF(BPF_JEQ, SO_OOBINLINE, TO_ALLOW, 3),        \
	    IF(BPF_JEQ, IPPROTO_TCP, 0, 2), LOAD(args[2]), \
	    IF(BPF_JEQ, TCP_NODELAY, TO_ALLOW, 0), no

/*
 * Resolves the jumps, and puts the filter in force; `rows` is the caller's, of
 * less than TO_ALLOW. The last one allows.
 */
static int install(struct sock_filter *rows, size_t count)
{
	const struct sock_fprog program = {
	    .len = (unsigned short)count, .filter = rows};

	for (size_t i = 0; i < count; i++) {
		const uint8_t to_allow = (uint8_t)(count - 1 - i - 1);

		if (BPF_CLASS(rows[i].code) != BPF_JMP)
			continue;
		if (rows[i].jt == TO_ALLOW)
			rows[i].jt = to_allow;
		if (rows[i].jf == TO_ALLOW)
			rows[i].jf = to_allow;
	}
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		return -errno;
	return 0;
}

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* clang-format off */
int confine_filter_relaying(socklen_t reset_length)
{
    struct sock_filter rows[] = {
	BEGIN,
	CALL_WITHOUT_AND_0(sendto, 3, SEND_NEVER, 5,
	    KILL),		/* pump, log: send() */
	CALL(recvfrom),		/* pump: recv() */
	CALL(splice),		/* pump: bulk */
	CALL(ppoll),		/* wait */
#ifdef __NR_poll
	CALL(poll),		/* pump: is there room, who can still read */
#endif
	CALL(read),		/* pump: from a pipe or a file */
	CALL(write),		/* pump: to one; log: to standard error */
	CALL(clock_gettime),	/* deadline, log: where it is no function */
	CALL(shutdown),		/* pump, relay: an end */
	CALL(close),		/* pump, serve */
	CALL(exit_group),	/* the process's end */
	CALL(getpid),		/* log: a line's pid */
	CALL(pipe2),		/* pump: bulk */
	CALL_IF_ANY(fcntl, 1, F_GETFL, F_GETPIPE_SZ,
	    F_SETPIPE_SZ, KILL), /* pump: bulk */
	CALL_IF_ANY(ioctl, 1, FIONBIO, SIOCATMARK,
	    SIOCOUTQ, KILL),	/* pump: bulk, urgent data; relay: a reset */
	CALL_IF_BOTH(getsockopt, 1, SOL_SOCKET, 2, SO_ERROR,
	    KILL),		/* relay: what an end failed of */
	CALL_IF_OPTION(setsockopt,
	    KILL),		/* pump: urgent data, TCP_NODELAY */
	CALL(recvmsg),		/* relay: the error queue */
	CALL_IF(connect, 2, reset_length,
	    KILL),		/* relay: a reset */
	CALL(rt_sigreturn),	/* wait: the end of a signal's handler */
	CALL(setitimer),	/* wait: the time for a drain */
	NO_CALL,
	KILL,
	ALLOW,
    };

    return install(rows, COUNT(rows));
}
/* clang-format on */

/* What a file is not opened for, nor a process or a socket made. */
#define WRITING (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)
#define NAMESPACES                                                     \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | \
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

#define REFUSE_FILE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES)
#define REFUSE_KIND BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT)
#define REFUSE_EXEC BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

/*
 * A static program never maps code. A dynamic one does when its C library loads
 * a module for names (nsswitch.conf(5)), but never any that it can write to.
 */
#ifdef __GLIBC__
#define MAP_CODE                                                         \
	IF(BPF_JEQ, __NR_mmap, 0, 5), LOAD(args[2]),                     \
	    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC), \
	    IF(BPF_JEQ, PROT_WRITE | PROT_EXEC, 1, 0), ALLOW, REFUSE_EXEC
#else
#define MAP_CODE CALL_WITHOUT(mmap, 2, PROT_EXEC, REFUSE_EXEC)
#endif

/* clang-format off */
static const struct sock_filter serving[] = {
    BEGIN,
    /* All that one that relays may do. */
    CALL(sendto), CALL(recvfrom), CALL(splice), CALL(ppoll), CALL(read),
    CALL(write), CALL(clock_gettime), CALL(shutdown), CALL(close),
    CALL(exit_group), CALL(getpid), CALL(pipe2), CALL(fcntl),
    CALL(getsockopt), CALL(setsockopt), CALL(recvmsg), CALL(connect),
    CALL(rt_sigreturn), CALL(setitimer),
    /* A terminal is not written to as if by its user. */
    IF(BPF_JEQ, __NR_ioctl, 0, 5), LOAD(args[1]),
	IF(BPF_JEQ, TIOCSTI, 2, 0), IF(BPF_JEQ, TIOCLINUX, 1, 0),
	ALLOW, REFUSE_EXEC,

    /* listen, serve: a connection, a process for it, what became of it */
    CALL(accept4), CALL(close_range), CALL(getsockname), CALL(getpeername),
    CALL_WITHOUT(clone, 0, NAMESPACES, REFUSE_EXEC),
    CALL(wait4), CALL(waitid), CALL(kill), CALL(tkill), CALL(tgkill),
    CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigpending),
    CALL(rt_sigtimedwait), CALL(rt_sigsuspend),
    CALL(getppid), CALL(gettid),
    CALL(set_tid_address), CALL(set_robust_list), CALL(exit),
    CALL_IF_ANY(prctl, 0, PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS,
	PR_SET_NAME, REFUSE_EXEC),
    IF(BPF_JEQ, __NR_socket, 0, 7), LOAD(args[0]),
	IF(BPF_JEQ, AF_UNIX, 3, 0), IF(BPF_JEQ, AF_INET, 2, 0),
	IF(BPF_JEQ, AF_INET6, 1, 0), IF(BPF_JEQ, AF_NETLINK, 0, 1),
	ALLOW, REFUSE_KIND,

    /* config, names: files are read */
    CALL_WITHOUT(openat, 2, WRITING, REFUSE_FILE),
    CALL(fstat), CALL(newfstatat), CALL(statx), CALL(statfs), CALL(fstatfs),
    CALL(readv), CALL(writev), CALL(pread64), CALL(lseek),
    CALL(getdents64), CALL(readlinkat), CALL(faccessat), CALL(getcwd),
    /* names: the C library, and modules that it may have for them */
    CALL(bind), CALL(sendmsg), CALL(sendmmsg), CALL(recvmmsg),
    CALL(socketpair), CALL(dup), CALL(dup3), CALL(eventfd2),
    CALL(epoll_create1), CALL(epoll_ctl), CALL(epoll_pwait), CALL(pselect6),
    CALL(timerfd_create), CALL(timerfd_settime),
    MAP_CODE,
    CALL_WITHOUT(mprotect, 2, PROT_EXEC, REFUSE_EXEC),
    CALL(munmap), CALL(mremap), CALL(madvise), CALL(brk),
    CALL(futex), CALL(rseq), CALL(getrandom), CALL(uname), CALL(sysinfo),
    CALL(getuid), CALL(geteuid), CALL(getgid), CALL(getegid),
    CALL(getresuid), CALL(getresgid), CALL(getgroups),
    CALL(gettimeofday), CALL(clock_getres), CALL(clock_nanosleep),
    CALL(nanosleep), CALL(sched_yield), CALL(sched_getaffinity),
    CALL(restart_syscall),
#ifdef __x86_64__
    /* what arm64 has only in the newer form */
    CALL(fork), CALL(poll), CALL(accept), CALL(pipe), CALL(dup2),
    CALL_WITHOUT(open, 1, WRITING, REFUSE_FILE),
    CALL(stat), CALL(lstat), CALL(access), CALL(readlink), CALL(select),
    CALL(epoll_wait), CALL(time),
#endif

    /* confine: the next stage */
    CALL_IF(prlimit64, 0, 0, REFUSE_EXEC), CALL(capset), CALL(seccomp),
    CALL(landlock_create_ruleset), CALL(landlock_add_rule),
    CALL(landlock_restrict_self),
    REFUSE,
    ALLOW,
};
/* clang-format on */

_Static_assert(COUNT(serving) < TO_ALLOW, "jumps too far");

int confine_filter_serving(void)
{
	struct sock_filter rows[COUNT(serving)];

	memcpy(rows, serving, sizeof(rows));
	return install(rows, COUNT(rows));
}

#else

int confine_filter_serving(void)
{
	return -ENOTSUP;
}

int confine_filter_relaying(socklen_t reset_length)
{
	(void)reset_length;
	return -ENOTSUP;
}

#endif
