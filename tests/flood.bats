#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# More connections than there is room for, and limits that are reached in the
# middle and lifted again: the listener serves those it can, and is what it was
# before when they are gone.

load helpers
load crowd

@test "the queue is as long as the kernel lets it be" {
	needs ss iproute2
	proxy --map '*=a:1'
	[ "$(ss -Hltn "sport = :$PORT" | awk '{ print $3 }')" -eq \
		"$(</proc/sys/net/core/somaxconn)" ]
}

@test "connections that say nothing, beyond --max-connections: all come to an end" {
	echo_target
	proxy --map "0x01=127.0.0.1:$ECHOES" --max-connections 50 \
		--first-byte-timeout 2s
	warm_up
	start silent flood silent "$PORT" 500
	# Also where to fork takes long all of them are there at once.
	poll_until children_are "$PROXY_PID" 50
	# It has its turn, and then it is served.
	served 20 20 1000
	ended "${STARTED[silent]}" 0
	grep -qx 'good 500 bad 0 reset 0 refused 0' "$T/silent.out"
	poll_until record_count 500
	[ "$(records | grep -c result=first-byte-timeout)" -eq 500 ]
	is_as_before
}

@test "as many silent connections as processes: others are served beside them" {
	echo_target
	proxy --map "0x01=127.0.0.1:$ECHOES" --max-connections 2200 \
		--first-byte-timeout 0
	warm_up
	start silent flood silent "$PORT" 2000
	poll_until grep -q connected "$T/silent.out"
	poll_until many_children "$PROXY_PID" 2000
	served 100 10 20000
	kill "${STARTED[silent]}"
	is_as_before
}

@test "senders of one byte at a time: each is served, and so are the others" {
	echo_target
	proxy --map "0x01=127.0.0.1:$ECHOES"
	warm_up
	start drip flood drip "$PORT" 200 20 100
	poll_until grep -q connected "$T/drip.out"
	served 100 10 20000
	ended "${STARTED[drip]}" 0
	grep -qx 'good 200 bad 0 reset 0 refused 0' "$T/drip.out"
	is_as_before
}

@test "storms of connections that end at once, or are reset" {
	echo_target
	proxy --map "0x01=127.0.0.1:$ECHOES"
	warm_up
	local how
	for how in close reset byte-close byte-reset; do
		run -0 flood storm "$PORT" 300 100 "$how"
		[ "$output" = 'good 300 bad 0 reset 0 refused 0' ]
	done
	served 100 10 20000
	is_as_before
	not grep -qE 'result=system-error|handler died' "$LOG"
}

# crowded_out: of the listener's user no process can be forked any more.
crowded_out() {
	[ "$(grep -c 'fork failed' "$LOG")" -gt "$1" ]
}

@test "a limit of processes that silent connections use up, then lifted" {
	needs_root
	echo_target
	local program
	program=$(program_for_all)
	start proxy "${AS_OWN[@]}" prlimit --nproc=100: \
		"$program" --listen-port 0 \
		--map "0x01=127.0.0.1:$ECHOES"
	proxy_started
	warm_up
	start silent flood silent "$PORT" 300
	poll_until grep -q 'msg="fork failed".*temporarily' "$LOG"
	poll_until children_are "$PROXY_PID" 99
	start late flood serve "$PORT" 20 20 20000
	# Those it cannot serve wait; it says so once a second at most, and how
	# often, which is not often where there is a pause.
	poll_until crowded_out 2
	not grep -qE 'fork failed.* count=[0-9]{3}' "$LOG"
	not gone "${STARTED[late]}"
	"${AS_OWN[@]}" prlimit --pid "$PROXY_PID" --nproc=2000:
	ended "${STARTED[late]}" 0
	kill "${STARTED[silent]}"
	is_as_before
}

# out_of_descriptors N: accept() has failed for want of one, in N lines or more.
out_of_descriptors() {
	[ "$(grep -c 'accept failed.*file' "$LOG")" -ge "$1" ]
}

@test "a limit of descriptors that leaves none for a connection, then lifted" {
	echo_target
	proxy --map "0x01=127.0.0.1:$ECHOES"
	warm_up
	local limit ticks
	limit=$(prlimit --pid "$PROXY_PID" --nofile --noheadings --output SOFT)
	# For as many as it has itself; what is forked from now on has it too.
	prlimit --pid "$PROXY_PID" --nofile=$(($(wc -l <<<"$DESCRIPTORS"))):
	start late flood serve "$PORT" 20 20 20000
	poll_until out_of_descriptors 1
	ticks=$(cpu_ticks "$PROXY_PID")
	poll_until out_of_descriptors 4
	# It says so once a second at most, and is not busy with it.
	[ $(($(cpu_ticks "$PROXY_PID") - ticks)) -le 30 ]
	# It also says how often, which is not often where there is a pause.
	grep -qE 'accept failed.* count=([2-9]|[1-9][0-9]+)$' "$LOG"
	not grep -qE 'accept failed.* count=[0-9]{3}' "$LOG"
	not gone "${STARTED[late]}"
	prlimit --pid "$PROXY_PID" --nofile="$limit":
	ended "${STARTED[late]}" 0
	not grep -qE 'result=system-error|handler died' "$LOG"
	is_as_before
}

@test "the quota of pipe memory used up in mid-flood, then free" {
	needs_root
	echo_target
	local program
	program=$(program_for_all)
	install -m 755 "$TOOLS/pipehog" "$T/pipehog"
	start proxy "${AS_OWN[@]}" "$program" --listen-port 0 \
		--map "0x01=127.0.0.1:$ECHOES"
	proxy_started
	warm_up
	start flood flood serve "$PORT" 200 20 3000000
	poll_until served_so_far 20
	start hog "${AS_OWN[@]}" "$T/pipehog"
	poll_until grep -q full "$T/hog.out"
	not gone "${STARTED[flood]}"
	served 20 10 3000000
	kill "${STARTED[hog]}"
	ended "${STARTED[flood]}" 0
	grep -qx 'good 200 bad 0 reset 0 refused 0' "$T/flood.out"
	not grep -q result=system-error "$LOG"
	is_as_before
}
