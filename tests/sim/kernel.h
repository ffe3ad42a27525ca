/* SPDX-License-Identifier: MIT */
/*
 * A simulated kernel for the real relay: the two TCP sockets that it has, each
 * with a peer at the other end, its pipes, and a clock. What goes one way
 * through a connection is a stream of bytes that depend on their position, so
 * that a socket is no more than a few positions in two streams.
 *
 * The objects of src/connection are those of any build, but that what they call
 * of the C library is renamed to what is here (the file calls). tcp.c has what
 * a socket does, as net/ipv4/tcp*.c of Linux do it; nothing takes any time.
 */
#ifndef SIM_KERNEL_H
#define SIM_KERNEL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum sim_end {
	SIM_CLIENT,
	SIM_TARGET,
	SIM_ENDS
};

enum sim_kind {
	SIM_TCP,
	SIM_UNIX,     /* stream sockets */
	SIM_TWO_PIPES /* a client's two */
};

/* A kernel, its sockets, and the settings of the relay, that runs begin with.
 */
struct sim_setup {
	char name[16];
	enum sim_kind kinds[SIM_ENDS];
	uint32_t receive_bytes, send_bytes; /* of the relay's sockets */
	uint32_t peer_bytes;                /* a peer takes unread */
	uint32_t step_bytes;     /* get to a peer at a time; 0: all */
	uint32_t pipe_bytes;     /* of a new pipe; 0: there is none */
	uint32_t pipe_bytes_max; /* it may grow so far */
	uint32_t first_bytes;    /* what the relay begins with, of the client */
	uint32_t idle_ms, half_ms, drain_ms;
	bool is_quick;  /* the network moves at every call, not just in waits */
	bool unblocked; /* the client was non-blocking before */
	bool signals;   /* SIGTERM is sent, too */
	bool faults;    /* calls are interrupted, or do less */
	bool failing;   /* calls fail */
	bool urgent;    /* the peers send urgent data, too */
	uint8_t less;   /* so many acts and races fewer than in others */
	bool was_reset; /* by the target, which had sent something, before */
};

#define SIM_ERRORS_MAX 8

struct sim_socket {
	/* From the peer, positions in its stream ... */
	uint64_t sent;    /* by it */
	uint64_t arrived; /* of that, in the relay's receive buffer */
	uint64_t taken;   /* of that, read by the relay */
	/* ... and to it, in the other peer's: */
	uint64_t accepted; /* into the send buffer, from the relay */
	uint64_t acked;    /* of that, in the peer's receive buffer */
	uint64_t got;      /* of that, read by the peer */

	/* Urgent data (tcp(7)); each is behind the byte, and 0 for none. */
	uint64_t urgent_sent; /* the last that the peer sent */
	uint64_t mark;        /* what the relay may see, and has not read */
	uint64_t mark_told;   /* the last that SIOCATMARK has told */
	bool is_late; /* a byte before it was lost, and comes once more */
	bool inlined; /* SO_OOBINLINE */

	bool peer_ends;   /* a FIN is behind what was sent */
	bool fin_arrived; /* it is there */
	bool eof_taken;   /* and the relay was told */
	bool stalls;      /* the peer does not read */
	bool deaf;        /* it has closed its half, or its pipe, for reading */
	bool closed;      /* the peer knows the connection no more */
	bool shut;        /* by the relay: a FIN is behind what was accepted */
	bool dead;        /* nothing goes either way any more (TCP_CLOSE) */
	bool cut;         /* by the relay, with connect() to AF_UNSPEC */
	bool non_blocking;
	int error; /* sk_err: told once, by whatever call is next */

	enum sim_kind kind;
	bool has_room; /* poll() has reported so of a pipe */

	/* For the rules. */
	bool was_reset;     /* by the peer */
	bool reset_is_late; /* both halves had ended, but for what is unsent */
	bool reset_is_new;  /* no poll() has returned since */
	int64_t reset_us;
	unsigned reset_sleep; /* how often the relay had slept until then */
	bool unreadable;      /* a call failed: nothing is read any more ... */
	bool unwritable;      /* nor written */
	bool stays_unblocked; /* the call failed that would have undone it */
	bool stalled;         /* when the relay woke last */
	bool shut_early; /* by the relay, before the other peer's FIN was taken
			  */
	uint64_t urgent_taken; /* behind the last urgent byte that it read */
	int errors[SIM_ERRORS_MAX]; /* that the relay was told of this end */
	unsigned errors_count;
};

/* Holds a piece of one stream. */
struct sim_pipe {
	bool open[2]; /* to read from, to write to */
	enum sim_end stream;
	uint64_t at;
	size_t held, bytes;
};

#define SIM_FD    1000 /* the client's, then the target's */
#define SIM_OUT   1002 /* the second of a client of two pipes */
#define SIM_PIPE  1100 /* the first pipe's */
#define SIM_PIPES 4

struct sim {
	const struct sim_setup *setup;
	struct sim_socket ends[SIM_ENDS];
	struct sim_pipe pipes[SIM_PIPES];
	int64_t now_us;
	uint64_t calls;        /* so many the relay has made */
	uint64_t progress;     /* so often something came of one */
	unsigned signals;      /* SIGTERMs that came ... */
	unsigned signals_told; /* and ended a wait */
	bool interrupts;       /* the next call that moves data */
	bool is_short;         /* it moves less than it could */
	int fails;             /* errno of the next call that can; 0 */
	bool traces;           /* says each call */
};

extern struct sim sim;

/* A fresh kernel. The setup has to live as long. */
void kernel_init(const struct sim_setup *setup, bool traces);

/* So many bytes of the stream that this end sends, from that position on. */
const uint8_t *kernel_bytes(enum sim_end end, uint64_t at);
/* At most this many at a time. */
#define SIM_BYTES_MAX ((size_t)64 * 1024)

/* Says it of a call, if calls are to be said. */
__attribute__((format(printf, 1, 2))) void kernel_trace(
    const char *format, ...);

/* What fails with a call, by what comes of it. */
enum sim_failing {
	FAILS_READ,
	FAILS_WRITE,
	FAILS_END,    /* shutdown() */
	FAILS_WAIT,   /* for something to relay */
	FAILS_BLOCK,  /* making it blocking again */
	FAILS_MARK,   /* to ask for the mark of urgent data ... */
	FAILS_UNSENT, /* or for what is unsent */
	FAILS_OTHER   /* no matter: something else is done instead */
};

/* failures.c: whether this call fails, by the script; with errno. */
bool kernel_fails(enum sim_failing what, enum sim_end end);

/* Whom a call is about: the ends of enum sim_end, as bits. */
#define CALL_CLIENT (1U << SIM_CLIENT)
#define CALL_TARGET (1U << SIM_TARGET)
#define CALL_WAITS  (1U << SIM_ENDS)
#define CALL_PIPE   (1U << (SIM_ENDS + 1))

/* Every call begins with it. */
void kernel_enter(unsigned about);

/* The end whose socket it is, for a call of that name. */
enum sim_end kernel_end_of(int fd, const char *call);

/*
 * What becomes of a call that could move so many bytes, or fails, where the
 * script has it interrupted or short.
 */
ssize_t kernel_adapt(ssize_t n);

/* Says what came of a call, and returns it. */
ssize_t kernel_said(const char *call, enum sim_end end, ssize_t n);

/* What poll() would report. */
int kernel_poll(struct pollfd *fds, nfds_t count);

const char *kernel_end_name(enum sim_end end);

static inline struct sim_socket *kernel_other(enum sim_end end)
{
	return &sim.ends[SIM_ENDS - 1 - end];
}

/* tcp.c: what the relay's calls do; each returns as its call does. */
ssize_t tcp_receivable(struct sim_socket *socket, size_t size);
ssize_t tcp_spliceable(struct sim_socket *socket, size_t size);
ssize_t tcp_sendable(struct sim_socket *socket, size_t size);
void tcp_took(enum sim_end end, size_t n);
void tcp_accepted(enum sim_end end, size_t n);
int tcp_shut(enum sim_end end);
void tcp_disconnect(enum sim_end end);
ssize_t tcp_fail(struct sim_socket *socket, int error);
int tcp_take_error(struct sim_socket *socket);
short tcp_poll(const struct sim_socket *socket);
bool tcp_is_writable(const struct sim_socket *socket);

/* local.c: the same of what is no TCP. */
ssize_t local_receivable(struct sim_socket *socket, size_t size);
ssize_t local_sendable(struct sim_socket *socket, size_t size);
int local_shut(enum sim_end end, int how);
short local_poll(const struct sim_socket *socket, bool of_out);
bool local_is_writable(const struct sim_socket *socket);
void local_move(struct sim_socket *socket);
bool local_peer_closes(enum sim_end end);
bool local_peer_turns_deaf(enum sim_end end);

/* urgent.c: what is urgent stops who reads, and poll() reports it. */
bool urgent_is_at_mark(const struct sim_socket *socket);
size_t urgent_before_mark(const struct sim_socket *socket, size_t size);
bool urgent_is_readable(const struct sim_socket *socket);
void urgent_took(struct sim_socket *socket, size_t n);
void urgent_move(struct sim_socket *socket);
/*
 * One byte of it; or two, of which the first, that is not urgent, is lost on
 * the way, and comes after whatever is next.
 */
bool urgent_peer_sends(enum sim_end end, uint64_t bytes);

/* What the network and the peers that read do by themselves. */
void tcp_move(void);
/* More is on its way to a peer that reads. */
bool tcp_is_moving(void);

/* What peers do; false: they cannot, or it would be nothing. */
bool tcp_peer_sends(enum sim_end end, uint64_t bytes);
bool tcp_peer_stalls(enum sim_end end, bool stalls);
bool tcp_peer_ends(enum sim_end end);
bool tcp_peer_closes(enum sim_end end);
bool tcp_peer_resets(enum sim_end end);
bool tcp_peer_vanishes(enum sim_end end);

#endif
