# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the tests with many connections share; beside helpers.bash.

# echo_target: a target for any number of connections; its port is in $ECHOES.
echo_target() {
	start echoes echoes "$T/echoes.port"
	poll_until test -s "$T/echoes.port"
	ECHOES=$(<"$T/echoes.port")
}

# proxy_started: what start() has started as "proxy" listens on $PORT.
proxy_started() {
	PROXY_PID=${STARTED[proxy]}
	LOG=$T/proxy.err
	poll_until grep -q msg=listening "$LOG"
	PORT=$(sed -n 's/.*address=.*:\([0-9]*\)$/\1/p' "$LOG")
}

# program_for_all: a copy that every user can run.
program_for_all() {
	install -m 755 "$BYTE_PROXY" "$T/program"
	chmod 711 "$T" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" \
		"$(dirname "$T")" "$BATS_SUITE_TMPDIR"
	echo "$T/program"
}

# served COUNT AT_ONCE BYTES: so many connections, whose bytes are verified.
served() {
	local said
	said=$(flood serve "$PORT" "$@") && return
	echo "flood serve $*: $said" >&2
	return 1
}

# served_so_far N: there are so many records of connections that were closed.
served_so_far() {
	[ "$(grep -c result=closed "$LOG")" -ge "$1" ]
}

child_count() {
	wc -w <"/proc/$1/task/$1/children"
}
children_are() {
	[ "$(child_count "$1")" -eq "$2" ]
}
many_children() {
	[ "$(child_count "$1")" -ge "$2" ]
}
descriptors() {
	find "/proc/$1/fd" -mindepth 1 -printf '%f=%l\n' | sort
}
resident_kb() {
	sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

# warm_up: a few connections first, since code that runs for the first time is
# read into memory then. What the listener has after them is what it is to come
# back to.
warm_up() {
	served 300 50 1000
	poll_until children_are "$PROXY_PID" 2
	DESCRIPTORS=$(descriptors "$PROXY_PID")
	RESIDENT_KB=$(resident_kb "$PROXY_PID")
}

# is_as_before: two spares, the same descriptors, and no more memory than 16 KB
# above what it was.
is_as_before() {
	poll_until children_are "$PROXY_PID" 2
	[ "$(descriptors "$PROXY_PID")" = "$DESCRIPTORS" ] || {
		diff <(echo "$DESCRIPTORS") <(descriptors "$PROXY_PID") >&2
		return 1
	}
	# Counts of what runs are memory of it too.
	[[ $BYTE_PROXY != */coverage/* ]] || return 0
	poll_until has_little_memory && return
	echo "VmRSS $(resident_kb "$PROXY_PID") KB, was $RESIDENT_KB" >&2
	return 1
}
has_little_memory() {
	[ "$(resident_kb "$PROXY_PID")" -le $((RESIDENT_KB + 16)) ]
}
