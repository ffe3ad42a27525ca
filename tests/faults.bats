#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Each system call of a connection fails, one in each run, and nothing bad comes
# of it: tests/faults/judge.c has what that is. Here with some of the errors
# that a call can have; make faults tries all of them, at every call.

load helpers
load kinds

# with_faults ERRORS SCENARIO [KIND]...: so many errors of each call, with the
# programs of these kinds. The one with sanitizers has a part of each scenario:
# it is not confined, and starts slowly.
with_faults() {
	local errors=$1 scenario=$2 kind said
	shift 2
	if [[ $BYTE_PROXY == */asan* ]]; then
		"$BUILD/faults/faults" -n 4 -e 1 "$BYTE_PROXY" "$scenario" 3>&-
		return
	fi
	for kind; do
		needs_kind "$kind"
		echo "$kind:"
		"$BUILD/faults/faults" -n 4 -e "$errors" \
			"$BUILD/$kind/byte-proxy" "$scenario" 3>&-
	done
}

@test "a fault in a small connection loses nothing, and is said" {
	with_faults 2 small dynamic static
}

@test "a fault in a connection that has to be confined" {
	with_faults 2 require static
}

@test "a fault in a connection that is not confined" {
	with_faults 1 unconfined dynamic
}

@test "a fault while a megabyte goes each way" {
	with_faults 2 bulk static
}

@test "a fault where the client is two pipes" {
	with_faults 1 pipes dynamic
}

@test "a fault on the way to a target that refuses" {
	with_faults 1 refused dynamic
}

@test "a fault where the next target serves" {
	with_faults 1 fallback static
}

@test "a fault while a name is looked up" {
	with_faults 1 name dynamic static
}

@test "a fault where there is no route" {
	with_faults 1 no-route static
}

@test "a fault in a connection that the target resets" {
	with_faults 2 target-reset dynamic
}

@test "a fault in a connection that the client resets" {
	with_faults 2 client-reset static
}

@test "a fault with a PROXY header in and out" {
	with_faults 1 proxy dynamic
}

@test "a fault with a PROXY header out" {
	with_faults 1 proxy-out static
}

@test "a fault while it becomes another user" {
	needs_root
	with_faults 2 user static
}

@test "a fault in the listener, or in one of its handlers" {
	with_faults 1 listener dynamic
}

@test "a fault where connections of a source are counted" {
	with_faults 1 sources static
}

# each_of CALL SCENARIO KIND...: each of a call's errors, wherever it is made.
each_of() {
	local call=$1 scenario=$2 kind
	shift 2
	not_instrumented || skip "of the programs that are shipped"
	for kind; do
		needs_kind "$kind"
		"$BUILD/faults/faults" -c "$call" -n 100 \
			"$BUILD/$kind/byte-proxy" "$scenario" 3>&-
	done
}

# The listener could not give up the lock, and no spare ever had it again.
@test "a lock of the listener that cannot be taken, or given up" {
	each_of fcntl sources dynamic static
}

# Who waits took a clock that stood at 0 for the beginning of a long time.
@test "a clock that cannot be read" {
	each_of clock_gettime small static
	each_of clock_gettime listener dynamic static
}

@test "memory that is refused while a user is looked up" {
	needs_root
	each_of brk user dynamic static
}
