# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Looks at what goes on, from outside, and waits for it.

# What an id was given to may have ended, and the id be another process's: ids
# go round in half a minute where many tests run at once. So with an id that is
# kept goes when its process was born.
declare -gA BORN

# born PID...: these are processes that later are to be looked at, or killed.
born() {
	local pid
	for pid; do
		look_at "$pid" || true
		BORN[$pid]=$BIRTH
	done
}

# look_at PID: what has this id now is in $STATE, and was born at $BIRTH.
look_at() {
	local stat=
	STATE='' BIRTH=''
	# It is all of one line, or of more: a name may be anything.
	read -rd '' stat 2>/dev/null <"/proc/$1/stat" || [ -n "$stat" ] || return
	# shellcheck disable=SC2086 # the fields are words
	set -- ${stat##*) }
	STATE=$1 BIRTH=${20}
}

# is_anothers PID: its process has ended, and the id may be that of one which is
# none of the test's.
is_anothers() {
	[[ $1 =~ ^[0-9]+$ ]] && [ -n "${BORN[$1]+known}" ] || return
	look_at "$1" || true
	[ "$BIRTH" != "${BORN[$1]}" ] || [ -z "$BIRTH" ]
}

# gone PID: it has ended. A zombie of ours has too.
gone() {
	is_anothers "$1" || ! look_at "$1" || [ "$STATE" = Z ]
}

# kill [-SIGNAL] PID...: as bash does it, but never another process.
kill() {
	local word words=()
	for word; do
		if is_anothers "$word"; then
			echo "kill: ($word) has ended" >&2
		else
			words+=("$word")
		fi
	done
	builtin kill "${words[@]}"
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
