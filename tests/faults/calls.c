/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "calls.h"

/* At each call, whether or not its page has them. */
#define ALWAYS EINTR, EAGAIN

/* Of any that is given a descriptor or an address: a fault in a program. */
#define WRONG EBADF, EFAULT, EINVAL

#define CALL(name, ...)                      \
	{                                    \
#name, SYS_##name, 0, false, \
		{                            \
			ALWAYS, __VA_ARGS__  \
		}                            \
	}
#define CALL_OF_LENGTH(name, argument, ...)         \
	{                                           \
#name, SYS_##name, argument, false, \
		{                                   \
			ALWAYS, __VA_ARGS__         \
		}                                   \
	}
#define NEVER_FAILS(name)                    \
	{                                    \
#name, SYS_##name, 0, false, \
		{                            \
			0                    \
		}                            \
	}

/* errno(3) by section 2, and tcp(7), ip(7), unix(7) for sockets. */
#define OF_ACCEPT                                                        \
	WRONG, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOTSOCK,  \
	    EOPNOTSUPP, EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, \
	    ENONET, EHOSTUNREACH, ENETUNREACH, ENOSR, ESOCKTNOSUPPORT,   \
	    EPROTONOSUPPORT, ETIMEDOUT
#define OF_RECEIVE                                                   \
	WRONG, ECONNREFUSED, ENOMEM, ENOTCONN, ENOTSOCK, ECONNRESET, \
	    ETIMEDOUT, EHOSTUNREACH
#define OF_SEND                                                               \
	WRONG, EACCES, EALREADY, ECONNRESET, EDESTADDRREQ, EISCONN, EMSGSIZE, \
	    ENOBUFS, ENOMEM, ENOTCONN, ENOTSOCK, EOPNOTSUPP, EPIPE
#define OF_OPEN                                                             \
	WRONG, EACCES, ELOOP, EMFILE, ENAMETOOLONG, ENFILE, ENODEV, ENOENT, \
	    ENOMEM, ENOTDIR, ENXIO, EOVERFLOW, EPERM, EROFS
#define OF_STAT \
	WRONG, EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EOVERFLOW
#define OF_DUP   EBADF, EBUSY, EINVAL, EMFILE
#define OF_POLL  EFAULT, EINVAL, ENOMEM
#define OF_FORK  ENOMEM, ENOSYS, EINVAL, EPERM, EUSERS, ENOSPC
#define OF_PIPE  EFAULT, EINVAL, EMFILE, ENFILE, ENOPKG
#define OF_WRITE WRONG, EDESTADDRREQ, EDQUOT, EFBIG, EIO, ENOSPC, EPERM, EPIPE
#define OF_IDS   EINVAL, EPERM, ENOMEM

static const struct call calls[] = {
    /* connections */
    CALL(accept4, OF_ACCEPT),
    CALL(bind, WRONG, EACCES, EADDRINUSE, ENOTSOCK, EADDRNOTAVAIL, ENOMEM),
    CALL(connect, WRONG, EACCES, EPERM, EADDRINUSE, EADDRNOTAVAIL, EAFNOSUPPORT,
	EALREADY, ECONNREFUSED, EINPROGRESS, EISCONN, ENETUNREACH, ENOTSOCK,
	EPROTOTYPE, ETIMEDOUT, EHOSTUNREACH, ENOBUFS, ENOENT),
    CALL(getpeername, WRONG, ENOBUFS, ENOTCONN, ENOTSOCK),
    CALL(getsockname, WRONG, ENOBUFS, ENOTSOCK),
    CALL(getsockopt, WRONG, ENOPROTOOPT, ENOTSOCK, ENOMEM),
    CALL(listen, EBADF, EADDRINUSE, ENOTSOCK, EOPNOTSUPP),
    CALL(setsockopt, WRONG, ENOPROTOOPT, ENOTSOCK, ENOMEM, ENOBUFS, EPERM),
    CALL(shutdown, EBADF, EINVAL, ENOTCONN, ENOTSOCK),
    CALL(socket, EACCES, EAFNOSUPPORT, EINVAL, EMFILE, ENFILE, ENOBUFS, ENOMEM,
	EPROTONOSUPPORT),

    /* what moves bytes */
    CALL_OF_LENGTH(read, 2, WRONG, EIO, EISDIR),
    CALL_OF_LENGTH(recvfrom, 2, OF_RECEIVE),
    CALL(recvmsg, OF_RECEIVE),
    CALL(readv, WRONG, EIO, EISDIR),
    CALL_OF_LENGTH(sendto, 2, OF_SEND),
    CALL(sendmsg, OF_SEND),
    CALL(sendmmsg, OF_SEND),
    CALL_OF_LENGTH(splice, 4, EBADF, EINVAL, ENOMEM, ESPIPE, EPIPE, ECONNRESET),
    CALL_OF_LENGTH(write, 2, OF_WRITE),
    CALL(writev, OF_WRITE),
    CALL(poll, OF_POLL),
    CALL(ppoll, OF_POLL),

    /* descriptors and files */
    {"close", SYS_close, 0, true, {EINTR, EBADF, EIO, ENOSPC, EDQUOT}},
    CALL(close_range, EINVAL, EMFILE, ENOMEM),
    CALL(dup3, OF_DUP),
    CALL(fcntl, WRONG, EACCES, EBUSY, EDEADLK, EMFILE, ENOLCK, EPERM),
    CALL(fstat, OF_STAT),
    CALL(getdents64, WRONG, ENOENT, ENOTDIR),
    CALL(ioctl, WRONG, ENOTTY),
    CALL(lseek, EBADF, EINVAL, ENXIO, EOVERFLOW, ESPIPE),
    CALL(newfstatat, OF_STAT),
    CALL(openat, OF_OPEN),
    CALL(pipe2, OF_PIPE),
#ifdef __x86_64__
    CALL(access, EACCES, ELOOP, ENOENT, ENOTDIR, ENOMEM),
    CALL(dup2, OF_DUP),
    CALL(fork, OF_FORK),
    CALL(open, OF_OPEN),
    CALL(pipe, OF_PIPE),
    CALL(stat, OF_STAT),
#endif

    /* processes, signals, time */
    CALL(clock_gettime, EFAULT, EINVAL),
    CALL(clone, OF_FORK),
    CALL(kill, EINVAL, EPERM, ESRCH),
    CALL(rt_sigaction, EFAULT, EINVAL),
    CALL(rt_sigprocmask, EFAULT, EINVAL),
    CALL(setitimer, EFAULT, EINVAL),
    CALL(wait4, ECHILD, EINVAL),
    NEVER_FAILS(exit_group),
    NEVER_FAILS(getegid),
    NEVER_FAILS(geteuid),
    NEVER_FAILS(getgid),
    NEVER_FAILS(getpid),
    NEVER_FAILS(getppid),
    NEVER_FAILS(gettid),
    NEVER_FAILS(getuid),
    NEVER_FAILS(rt_sigreturn),
    NEVER_FAILS(set_tid_address),
    {"restart_syscall", SYS_restart_syscall, 0, false, {EINTR}},
    {"set_robust_list", SYS_set_robust_list, 0, false, {EINVAL}},

    /* memory */
    {"brk", SYS_brk, 0, false, {ENOMEM}},
    CALL(futex, EACCES, EFAULT, EINVAL, ENOMEM, ENOSYS),
    CALL(getrandom, EFAULT, EINVAL, ENOSYS),
    CALL(madvise, EACCES, EBADF, EINVAL, EIO, ENOMEM),
    CALL(mmap, EACCES, EBADF, EINVAL, ENFILE, ENODEV, ENOMEM, EPERM),
    CALL(mprotect, EACCES, EINVAL, ENOMEM),
    CALL(munmap, EINVAL, ENOMEM),
    CALL(uname, EFAULT),

    /* what is given up */
    CALL(capget, EFAULT, EINVAL, EPERM, ESRCH),
    CALL(capset, EFAULT, EINVAL, EPERM, ESRCH),
    CALL(landlock_create_ruleset, EOPNOTSUPP, EINVAL, E2BIG, EFAULT, ENOMSG,
	ENOSYS),
    CALL(landlock_add_rule, EAFNOSUPPORT, EOPNOTSUPP, EINVAL, ENOMSG, EBADF,
	EBADFD, EPERM, EFAULT),
    CALL(landlock_restrict_self, EOPNOTSUPP, EINVAL, EBADF, EBADFD, EPERM,
	E2BIG),
    CALL(prctl, EACCES, EBADF, EBUSY, EFAULT, EINVAL, ENODEV, ENXIO, EOPNOTSUPP,
	EPERM),
    CALL(prlimit64, EFAULT, EINVAL, EPERM, ESRCH),
    CALL(seccomp, EACCES, EBUSY, ECANCELED, EFAULT, EINVAL, ENOMEM, ENOSYS,
	EOPNOTSUPP, ESRCH),
    CALL(setgroups, EFAULT, OF_IDS),
    CALL(setresgid, OF_IDS),
    CALL(setresuid, OF_IDS),
};

#define CALLS (sizeof(calls) / sizeof(*calls))

const struct call *call_of(long number)
{
	for (size_t i = 0; i < CALLS; i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

const struct call *call_named(const char *name)
{
	for (size_t i = 0; i < CALLS; i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	return NULL;
}
