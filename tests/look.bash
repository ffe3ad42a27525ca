# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Looks at what goes on, from outside, and waits for it.

# gone PID: it has ended. A zombie of ours has too.
gone() {
	! [ -d "/proc/$1" ] || grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

# poll_until COMMAND...: until it succeeds, at most half a minute, or so many
# seconds as POLL_SECONDS says.
poll_until() {
	local end=$((SECONDS + ${POLL_SECONDS:-31}))
	while :; do
		"$@" 2>/dev/null && return
		((SECONDS < end)) || break
		sleep 0.02 # between two looks, never instead of one
	done
	echo "timed out: $*" >&2
	return 1
}

# now_ms: a monotonic clock for what has to be quick or bounded.
now_ms() {
	local up
	read -r up _ </proc/uptime
	up=${up/./}
	echo $((10#$up * 10))
}

# cpu_ticks PID: what it has used so far, in hundredths of a second.
cpu_ticks() {
	local stat
	stat=$(<"/proc/$1/stat")
	stat=${stat##*) }
	# shellcheck disable=SC2086 # the fields are words
	set -- $stat
	echo $((${12} + ${13}))
}

# stands_still PORT TARGET_PORT: all that is between a client of the one port
# and the target on the other is full: bytes wait in the queue of who does not
# read and in that of who sends, and none moves.
stands_still() {
	local before
	before=$(queues "$@")
	grep -q '^[1-9][0-9]* 0$' <<<"$before" &&
		grep -q '^0 [1-9][0-9]*$' <<<"$before" || return 1
	sleep 0.3 # nothing moves for so long
	[ "$(queues "$@")" = "$before" ]
}

# queues PORT TARGET_PORT: bytes received and not read, sent and not acknowledged,
# of the target's end and of the client's.
queues() {
	ss -Htn "sport = :$2" | awk '{ print $2, $3 }'
	ss -Htn "dport = :$1" | awk '{ print $2, $3 }'
}

# acknowledged: nothing that was sent from here waits for that.
acknowledged() {
	! ss -Htno state established | grep -q '(on,'
}
