#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Connections that last: an end that has vanished, or says no more.

load helpers

# told OPTION VALUE N: in the trace, N sockets were.
told() {
	[ "$(grep -c "TCP_$1, \[$2\]" "$T/trace")" -eq "$3" ] || {
		grep TCP_ "$T/trace" >&2
		return 1
	}
}

PATIENCE=(--keepalive 1000s --keepalive-interval 2000s --keepalive-probes 7
	--user-timeout 2500ms)

@test "a connection's sockets are told what was set, and else nothing" {
	needs strace strace
	local n
	target echo times=2 echo
	for n in 0 2; do
		rm -f "$T"/super.* "$T/trace"
		start super superserver "$T/super" -- strace -f -o "$T/trace" \
			-e trace=setsockopt "$BYTE_PROXY" \
			--map "0x01=${TARGETS[echo]}" "${PATIENCE[@]:0:n * 4}"
		poll_until test -s "$T/super.port"
		PORT=$(<"$T/super.port") client send:'\x01hello' expect:hello \
			shut eof
		poll_until grep -q exited "$T/trace"
		told KEEPIDLE 1000 "$n"
		told KEEPINTVL 2000 "$n"
		told KEEPCNT 7 "$n"
		told USER_TIMEOUT 2500 "$n"
		[ "$(grep -c TCP_ "$T/trace")" -eq $((n * 4)) ]
		[ "$(grep -c SO_KEEPALIVE "$T/trace")" -eq 2 ]
	done
}

# relaying: a connection through the proxy at $PORT that stays, until there is
# $T/go; ends it: relayed_on.
relaying() {
	rm -f "$T/up" "$T/go"
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' \
		expect:hello "touch:$T/up" "await:$T/go" shut eof
	CLIENT=$PID
	poll_until test -e "$T/up"
}
relayed_on() {
	touch "$T/go"
	ended "$CLIENT" 0
}

# probed_in TIME END: the next probe is so far off, as ss has it, when all that
# was sent is acknowledged; END is "sport" at the client, "dport" at the target.
probed_in() {
	local port=$PORT
	[ "$2" = sport ] || port=${PORTS[echo]}
	POLL_SECONDS=3 poll_until probe_is_in "$1" "$2 = :$port" || {
		ss -tno >&2
		return 1
	}
}
probe_is_in() {
	ss -Htno state established "$2" | grep -qE "\(keepalive,$1"
}

@test "an accepted connection has it from the listening socket, confined or not" {
	needs ss iproute2
	local how
	target echo times=2 echo
	for how in try require; do
		not_instrumented || [ "$how" = try ] || continue
		proxy --map "0x01=${TARGETS[echo]}" --confine "$how" "${PATIENCE[@]}"
		relaying
		probed_in 16min sport
		probed_in 16min dport
		relayed_on
		expect_record result=closed
	done
}

@test "a connection that was there before the listener has it too" {
	needs ss iproute2
	target echo times=3 echo
	# The one that starts it.
	activate -- --map "0x01=${TARGETS[echo]}" "${PATIENCE[@]}"
	relaying
	probed_in 16min sport
	probed_in 16min dport
	relayed_on
	relaying
	probed_in 16min sport
	relayed_on
	expect_record result=closed 2:result=closed
}

@test "a reload tells the listening sockets anew, and takes back what is gone" {
	needs ss iproute2
	needs strace strace
	local n=0 keepalive expected
	target echo times=4 echo
	: >"$T/some.env"
	start proxy strace -o "$T/trace" -e trace=setsockopt "$BYTE_PROXY" \
		--listen-port 0 --map "0x01=${TARGETS[echo]}" --env-file "$T/some.env"
	LOG=$T/proxy.err
	poll_until grep -q msg=listening "$LOG"
	PORT=$(sed -n 's/.*address=.*:\([0-9]*\)$/\1/p' "$LOG")
	PROXY_PID=$(<"/proc/$PID/task/$PID/children")
	PROXY_PID=${PROXY_PID%% *}
	born "$PROXY_PID"
	PIDS+=("$PROXY_PID")
	while read -r keepalive expected; do
		if [ "$n" -gt 0 ]; then
			printf '%s\n' "BYTE_PROXY_KEEPALIVE=$keepalive" \
				"BYTE_PROXY_USER_TIMEOUT=${keepalive/s/ms}" \
				>"$T/some.env"
			kill -HUP "$PROXY_PID"
			poll_until reloaded "$n"
		fi
		n=$((n + 1))
		relaying
		probed_in "$expected" sport
		probed_in "$expected" dport
		relayed_on
	done <<-END
		0 1[12][0-9]min
		1000s 16min
		3000s (49min|50min)
		0 1[12][0-9]min
	END
	told USER_TIMEOUT 3000 1
	told USER_TIMEOUT 0 1
}
reloaded() {
	[ "$(grep -c msg=reloaded "$LOG")" -eq "$1" ]
}

# vanished SENDS ARGUMENTS...: of one connection the client vanishes, of another
# one the target; if SENDS is not empty, the other end then sends something. What
# stays sees a reset.
vanished() {
	local sends=$1
	shift
	SENDS=${sends:+send:more} ARGUMENTS="$*" in_network '
		host stays 1
		host goes 2
		on stays talk listen 192.0.2.1:9001 "$T/1.port" expect:hello \
			send:hello "await:$T/gone" $SENDS reset-seen & target=$!
		on goes talk listen 192.0.2.2:9001 "$T/2.port" expect:hello \
			send:hello "await:$T/never" &
		"$BYTE_PROXY" --listen-port 9092 --map 0x01=192.0.2.1:9001 \
			--map 0x02=192.0.2.2:9001 $ARGUMENTS 2>"$T/proxy.err" &
		poll_until test -s "$T/1.port"
		poll_until test -s "$T/2.port"
		poll_until listens 9092
		on goes talk connect 192.0.2.254:9092 send:"\x01hello" \
			expect:hello "touch:$T/1.up" "await:$T/never" &
		on stays talk connect 192.0.2.254:9092 send:"\x02hello" \
			expect:hello "touch:$T/2.up" "await:$T/gone" $SENDS \
			reset-seen & client=$!
		poll_until test -e "$T/1.up"
		poll_until test -e "$T/2.up"
		# Else it is no idle connection.
		poll_until acknowledged
		unplug goes
		touch "$T/gone"
		wait "$target"
		wait "$client"
		# What is in here ends with it.
		recorded() { [ "$(grep -c msg=connection "$T/proxy.err")" -eq 2 ]; }
		poll_until recorded'
	LOG=$T/proxy.err
	local result
	for result in client-reset target-reset; do
		grep "result=$result" "$LOG" |
			grep -q 'error="[A-Z][a-z]* timed out"'
	done
}

@test "an idle end that vanished is noticed by keepalive" {
	vanished '' --keepalive 1s --keepalive-interval 1s --keepalive-probes 1
}

@test "an end that vanished with data on its way is noticed by the user timeout" {
	vanished yes --user-timeout 1s
}

@test "the user timeout is for idle ends too, in place of the number of probes" {
	vanished '' --keepalive 1s --keepalive-interval 1s --user-timeout 1500ms
}

@test "an end that takes nothing for longer than the user timeout is given up" {
	target source fill reset-seen
	proxy --map "0x01=${TARGETS[source]}" --user-timeout 1s
	start client talk connect "127.0.0.1:$PORT" send:'\x01' \
		"await:$T/over" reset-seen
	CLIENT=$PID
	ended "$TARGET_PID" 0
	expect_record result=client-reset
	[[ $(field error) == *' timed out' ]]
	touch "$T/over"
	ended "$CLIENT" 0
}

@test "the half-closed timeout ends what is silent after the client's end" {
	target silent expect:hello eof "await:$T/over"
	proxy --map "0x01=${TARGETS[silent]}" --half-closed-timeout 300ms
	client send:'\x01hello' quiet:500 shut eof
	touch "$T/over"
	expect_record result=half-closed-timeout bytes_up=5
	# Under valgrind it begins late.
	is_under_valgrind || [ "$(field duration_us)" -ge 790000 ]
}

@test "the half-closed timeout ends what is silent after the target's end" {
	target silent expect:hello shut eof "touch:$T/ended"
	handed_over -- --map "0x01=${TARGETS[silent]}" \
		--half-closed-timeout 300ms --idle-timeout 1h
	client send:'\x01hello' eof "await:$T/ended"
	handler_status 0
	expect_record result=half-closed-timeout
}

@test "the half-closed timeout starts anew with every byte" {
	target slow expect:hello eof wait:250 send:a wait:250 send:b wait:250 \
		send:c wait:250 shut
	proxy --map "0x01=${TARGETS[slow]}" --half-closed-timeout 400ms
	client send:'\x01hello' shut expect:abc eof
	expect_record result=closed bytes_down=3
}

@test "the half-closed timeout resets what is stalled: it must not look complete" {
	target source expect:hello eof fill reset-seen
	# By then the source has filled what there is to fill.
	proxy --map "0x01=${TARGETS[source]}" --half-closed-timeout 3s
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' shut \
		"await:$T/over" reset-seen
	CLIENT=$PID
	ended "$TARGET_PID" 0
	touch "$T/over"
	ended "$CLIENT" 0
	expect_record result=half-closed-timeout
}

@test "of the idle and the half-closed timeout the sooner one counts" {
	target silent expect:hello eof "await:$T/over"
	proxy --map "0x01=${TARGETS[silent]}" --half-closed-timeout 1h \
		--idle-timeout 300ms
	client send:'\x01hello' shut eof
	touch "$T/over"
	expect_record result=idle-timeout
}

@test "no clock is read for a connection without limits" {
	needs strace strace
	target echo eof wait:300 shut
	# vDSO or not: the wait has no limit either.
	start super superserver "$T/super" -- strace -f -o "$T/trace" \
		-e trace=ppoll "$BYTE_PROXY" --map "0x01=${TARGETS[echo]}"
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client send:'\x01' shut eof
	poll_until grep -q exited "$T/trace"
	# After the half-close, for the target alone.
	grep 'ppoll(' "$T/trace" | tail -n 1 | grep -q ', NULL, \['
}
