#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What the other tests lean on: no test harms what is none of its own.

load helpers

# in_ids SCRIPT: where process ids are the test's own, with what it needs of
# helpers.bash. $FIRST is a process that was started there.
in_ids() {
	needs_root
	unshare --pid --fork --kill-child --mount-proc bash -c '
		set -e
		source "$0/look.bash"
		'"$(declare -f start end_all not)"'
		declare -A STARTED
		PIDS=() T=$1
		start first sleep 1000
		FIRST=$PID
		'"$1" "$BATS_TEST_DIRNAME" "$T" 3>&-
}

# The id of one that has ended is given to another one, which is not in PIDS. A
# birth is known to a hundredth of a second.
REUSE='
	began=$(now_ms)
	has_ticked() { [ "$(now_ms)" -gt $((began + 10)) ]; }
	poll_until has_ticked
	builtin kill -KILL "$FIRST"
	wait "$FIRST" || true
	echo $((FIRST - 1)) >/proc/sys/kernel/ns_last_pid
	sleep 1000 &
	[ $! -eq "$FIRST" ]
	# Until then it may have signals blocked.
	poll_until grep -qx sleep "/proc/$FIRST/comm"
'
# A signal that came before would be what has ended it.
UNHARMED='
	status=0
	builtin kill -KILL "$FIRST"
	wait "$FIRST" || status=$?
	[ "$status" -eq 137 ]
'

@test "one whose id another process has by now is gone" {
	in_ids "$REUSE"'gone "$FIRST"'
}

@test "at the end of a test, no process is killed that has an id of its" {
	in_ids "$REUSE"'end_all'"$UNHARMED"
}

@test "nor in the middle" {
	in_ids "$REUSE"'
		not kill "$FIRST" 2>/dev/null
		sleep 1000 & own=$!
		born $own
		kill "$FIRST" $own
		wait $own || [ $? -eq 143 ]'"$UNHARMED"
}

@test "one that goes on is not gone, and is ended" {
	in_ids 'not gone "$FIRST"
		kill -0 "$FIRST"
		end_all
		status=0
		wait "$FIRST" || status=$?
		[ "$status" -eq 143 ]'
}

@test "one that was over before it was looked at is gone, whatever has its id" {
	in_ids '
		true & over=$!
		wait $over
		born $over
		echo $((over - 1)) >/proc/sys/kernel/ns_last_pid
		sleep 1000 &
		[ $! -eq $over ]
		gone $over
		not kill $over 2>/dev/null'
}
