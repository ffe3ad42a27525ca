#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# From the first byte to the connected target.

load helpers

@test "the byte is stripped by --map and kept by --map-keep" {
	target strip expect:hello shut rest
	target keep expect:'\x02hello' shut rest
	proxy --map "0x01=${TARGETS[strip]}" --map-keep "0x02=${TARGETS[keep]}"
	client send:'\x01hello' eof
	client send:'\x02hello' eof
	ended "$TARGET_PID" 0
}

@test "byte and data in one segment; the byte alone and the data later" {
	target echo times=2 echo
	proxy --map "0x01=${TARGETS[echo]}"
	client send:'\x01together' expect:together shut eof
	client send:'\x01' quiet:50 send:later expect:later shut eof
}

@test "the byte and nothing else, then the end, reaches the target" {
	target strip eof send:bye shut
	target keep expect:'\x02' eof send:bye shut
	proxy --map "0x01=${TARGETS[strip]}" --map-keep "0x02=${TARGETS[keep]}"
	client send:'\x01' shut expect:bye eof
	client send:'\x02' shut expect:bye eof
}

@test "the target may speak first, before the client says more" {
	target banner send:banner expect:answer shut eof
	proxy --map "0x01=${TARGETS[banner]}"
	client send:'\x01' expect:banner send:answer eof shut
}

@test "a first chunk of one byte more than is read at once arrives whole" {
	target big get:16384@7 send:done shut rest
	proxy --map-keep "0x00-0xff=${TARGETS[big]}"
	client put:16384@7 shut expect:done eof
	expect_record bytes_up=16384 bytes_down=4
}

@test "all 256 bytes go to 256 targets" {
	local byte args=()
	for byte in $(printf '%02x ' {0..255}); do
		args+=(--map "0x$byte=unix:@$BATS_TEST_NAME-$$-$byte")
		talk listen "unix:@$BATS_TEST_NAME-$$-$byte" "$T/port.$byte" \
			expect:x "send:$byte" shut eof 2>>"$T/targets.err" 3>&- &
		born $!
		PIDS+=($!)
	done
	proxy "${args[@]}"
	poll_until all_targets_listen
	for byte in $(printf '%02x ' {0..255}); do
		client send:"\\x${byte}x" expect:"$byte" eof
	done
	poll_until record_count 256
	[ "$(records | grep -c result=closed)" -eq 256 ]
}

all_targets_listen() {
	local ports=("$T"/port.??)
	[ "${#ports[@]}" -eq 256 ]
}

@test "* takes every byte without a route of its own" {
	target one expect:x send:one shut eof
	target rest times=2 expect:x send:rest shut eof
	proxy --map "0x01=${TARGETS[one]}" --map "*=${TARGETS[rest]}"
	client send:'\x01x' expect:one eof
	client send:'\x00x' expect:rest eof
	client send:'\xffx' expect:rest eof
}

@test "an IPv6 target, a unix socket, an abstract one" {
	target_at six '[::1]' echo
	unix_target path "unix:$T/socket" echo
	unix_target abstract "unix:@byte-proxy-test-$$-$RANDOM" echo
	proxy --map "0x06=${TARGETS[six]}" --map "0x07=${TARGETS[path]}" \
		--map "0x08=${TARGETS[abstract]}"
	client send:'\x06v6' expect:v6 shut eof
	client send:'\x07path' expect:path shut eof
	client send:'\x08abstract' expect:abstract shut eof
	expect_record "address=${TARGETS[six]}" "2:address=unix:$T/socket" \
		"3:address=${TARGETS[abstract]}"
}

# full_unix_socket: the one at $T/full, whose program, $FULL, takes nothing: its
# queue of one is full after two, sooner or later.
full_unix_socket() {
	start full socat "UNIX-LISTEN:$T/full,backlog=1" "EXEC:cat"
	poll_until listens_unix "$T/full"
	FULL=$PID
	kill -STOP "$FULL"
	local i
	for i in 1 2 3 4; do
		start "hold$i" talk connect "unix:$T/full" end-seen
	done
}

@test "a unix socket whose queue is full is waited for, within the timeout" {
	full_unix_socket
	proxy --map "0x01=unix:$T/full" --connect-timeout 300ms
	poll_until connect_times_out
	kill -CONT "$FULL"
}
connect_times_out() {
	client send:'\x01' rest
	grep -q 'result=connect-timeout' "$LOG"
}

@test "a client that resets while a full unix socket is waited for" {
	full_unix_socket
	handed_over --  --map "0x01=unix:$T/full" --connect-timeout 0
	# The queue is full, sooner or later: then nothing comes.
	client send:'\x01' "await:$T/super.pid" quiet:100 reset
	handler_status 0
	expect_record result=client-reset
	# Under valgrind it may begin after the reset.
	is_under_valgrind || expect_record 'error=Connection reset by peer'
	kill -CONT "$FULL"
}

@test "a target that says a line and resets at once: the line, and a reset" {
	needs strace strace
	target busy send:'421 too busy' reset
	# The target is done before byte-proxy looks.
	start super superserver "$T/super" -- strace -o /dev/null -e trace=ppoll \
		-e inject=ppoll:delay_enter=300000:when=1 \
		"$BYTE_PROXY" --map "0x01=${TARGETS[busy]}"
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client send:'\x01' expect:'421 too busy' reset-seen
	handler_status 0
	expect_record result=target-reset bytes_down=12 \
		"address=${TARGETS[busy]}"
}

@test "the resolver's process is gone while the connection goes on" {
	target echo expect:x "touch:$T/up" "await:$T/go" shut eof
	handed_over -- --map "0x01=localhost:${PORTS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' eof
	poll_until test -e "$T/up"
	[ -z "$(<"/proc/$(<"$T/super.pid")/task/$(<"$T/super.pid")/children")" ]
	touch "$T/go"
	ended "$PID" 0
}

@test "the resolver's process is waited for, though SIGCHLD was ignored" {
	needs strace strace
	target echo echo
	# Else its number may be another's by the time that it is ended.
	start super superserver "$T/super" -- env --ignore-signal=CHLD \
		strace -o "$T/trace" -e trace=wait4 \
		"$BYTE_PROXY" --map "0x01=localhost:${PORTS[echo]}"
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client send:'\x01x' expect:x shut eof
	grep -qE '^wait4\(.* = [1-9]' "$T/trace"
}

@test "no process for the resolver: that is this machine's fault" {
	needs_root
	install -m 755 "$BYTE_PROXY" "$T/program"
	chmod 711 "$T" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" \
		"$(dirname "$T")" "$BATS_SUITE_TMPDIR"
	start super superserver "$T/super" -- "${AS_OWN[@]}" \
		prlimit --nproc=1 "$T/program" --map '*=localhost:1'
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client send:x eof
	handler_status 71
	expect_record result=system-error level=error \
		'error=Resource temporarily unavailable'
}

@test "silence: the connection ends after the first-byte timeout" {
	proxy --map '*=127.0.0.1:1' --first-byte-timeout 300ms
	local start_ms
	start_ms=$(now_ms)
	client eof
	local took=$(($(now_ms) - start_ms))
	[ "$took" -ge 250 ] && soon "$took" 3000
	expect_record result=first-byte-timeout byte= target=
}

@test "a close without a byte makes no connection to the target" {
	target never rest
	handed_over times=2 -- --map "*=${TARGETS[never]}"
	client close
	client shut eof
	poll_until record_count 2
	expect_record result=no-byte 2:result=no-byte target= 2:target=
	# It still waits for its first connection.
	kill -0 "$TARGET_PID"
	grep -qx 0 "$T/super.status"
	not grep -qvx 0 "$T/super.status"
}

@test "an unknown byte with 5 MB behind it ends in an end, not in a reset" {
	local option
	for option in keep times=1; do
		handed_over "$option" -- --map '0x01=127.0.0.1:1'
		client send:'\xee' put:5000000 eof
		handler_status 0
		expect_record result=no-route byte=0xee target= bytes_up=0
	done
}

# dropped_in_time: from now on. What a client goes on with takes longer.
dropped_in_time() {
	local start_ms
	start_ms=$(now_ms)
	poll_until test -s "$T/super.status"
	soon $(($(now_ms) - start_ms)) 4000
	expect_record result=no-route
}

@test "an unknown byte with an end that never comes is dropped in bounded time" {
	handed_over -- --map '0x01=127.0.0.1:1'
	start slow talk connect "127.0.0.1:$PORT" send:'\xee' eof \
		"touch:$T/ended" "await:$T/over"
	poll_until test -e "$T/ended"
	dropped_in_time
	touch "$T/over"
}

@test "an unknown byte with a little more all the time is, too" {
	local i steps=()
	for i in {1..100}; do
		steps+=(send:x wait:50)
	done
	handed_over -- --map '0x01=127.0.0.1:1'
	start slow talk connect "127.0.0.1:$PORT" send:'\xee' eof \
		"touch:$T/ended" "${steps[@]}"
	poll_until test -e "$T/ended"
	dropped_in_time
	# It had not come to its own end.
	ended "$PID" 1
}

@test "an unknown byte with very much behind it: not all of it is taken" {
	handed_over -- --map '0x01=127.0.0.1:1'
	# More than what is taken and all buffers, and there within a moment.
	run -1 client send:'\xee' put:150000000
	[[ $output == *'send: '* ]]
	handler_status 0
	expect_record result=no-route bytes_up=0
}

@test "a target that refuses: the client sees an end, the status is 69" {
	local option
	for option in keep times=1; do
		handed_over "$option" -- --map '*=127.0.0.1:1'
		client send:'\x01' put:5000000 eof
		handler_status 69
		expect_record result=connect-failed level=warning \
			'error=Connection refused'
	done
}

@test "a target without an answer: connect-timeout ends it" {
	# shellcheck disable=SC2016 # expanded in there
	in_network 'superserver "$T/super" -- "$BYTE_PROXY" \
			--map "*=198.51.100.2:9" --connect-timeout 300ms \
			2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:x eof
		wait'
	LOG=$T/super.err
	expect_record result=connect-timeout level=warning target=198.51.100.2:9
	handler_status 69
	local took
	took=$(field duration_us)
	[ "$took" -ge 290000 ] && soon "$took" 3000000
}

@test "SIGTERM while waiting for the first byte ends at once" {
	handed_over -- --map '*=127.0.0.1:1' --debug
	# The client sees its end, and does not close for a while.
	start client talk connect "127.0.0.1:$PORT" rest "await:$T/go"
	CLIENT=$PID
	# From here on the signal can only end the wait.
	poll_until grep -q 'waiting for the first byte' "$LOG"
	local start_ms
	start_ms=$(now_ms)
	kill -TERM "$(<"$T/super.pid")"
	handler_status 0
	soon $(($(now_ms) - start_ms)) 900
	expect_record result=terminated byte=
	touch "$T/go"
	ended "$CLIENT" 0
}

@test "SIGTERM that was there before the start ends at once" {
	start super superserver "$T/super" -- env --block-signal=TERM bash -c \
		'kill -TERM $$; exec "$@"' - "$BYTE_PROXY" --map '*=127.0.0.1:1'
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client eof
	handler_status 0
	expect_record result=terminated byte=
	soon "$(field duration_us)" 3000000
}

# all_is_read: of what came for the port.
all_is_read() {
	[ "$(ss -Htn "sport = :$PORT" | awk '{ print $2 }')" = 0 ]
}

@test "SIGTERM within a PROXY header ends at once" {
	needs ss iproute2
	handed_over -- --map '*=127.0.0.1:1' --accept-proxy
	start client talk connect "127.0.0.1:$PORT" send:'PROXY TCP4 192.0' \
		"touch:$T/sent" eof
	poll_until test -e "$T/sent"
	poll_until all_is_read
	kill -TERM "$(<"$T/super.pid")"
	handler_status 0
	expect_record result=terminated byte=
	soon "$(field duration_us)" 3000000
}

@test "SIGTERM while a target is connected to ends at once" {
	# shellcheck disable=SC2016 # expanded in there
	in_network 'superserver "$T/super" -- "$BYTE_PROXY" \
			--map "*=198.51.100.2:9" --connect-timeout 8s \
			2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:x eof & client=$!
		asked() { ss -Htn state syn-sent | grep -q .; }
		poll_until asked
		kill -TERM "$(<"$T/super.pid")"
		wait $client
		wait'
	LOG=$T/super.err
	handler_status 0
	expect_record result=terminated target=198.51.100.2:9
	soon "$(field duration_us)" 3000000
}

@test "SIGTERM while a full unix socket is waited for ends at once" {
	needs strace strace
	needs ss iproute2
	local i
	full_unix_socket
	poll_until is_full
	start super superserver "$T/super" -- strace -o "$T/trace" -e \
		trace=connect "$BYTE_PROXY" --map "0x01=unix:$T/full" \
		--connect-timeout 8s
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port")
	start client talk connect "127.0.0.1:$PORT" send:'\x01' eof
	poll_until tried_again
	# strace's child.
	read -r i <"$T/super.pid"
	kill -TERM "$(tr -d " " <"/proc/$i/task/$i/children")"
	handler_status 0
	expect_record result=terminated "target=unix:$T/full"
	soon "$(field duration_us)" 3000000
	kill -CONT "$FULL"
}
is_full() {
	[ "$(ss -Hxl src "unix:$T/full" | awk '{ print $3 }')" -eq 2 ]
}
tried_again() {
	[ "$(grep -c EAGAIN "$T/trace")" -ge 3 ]
}

@test "a client that was gone before the start: recorded, exit 0" {
	target never rest
	handed_over gone -- --map "*=${TARGETS[never]}"
	client send:x reset
	handler_status 0
	expect_record result=client-reset client=unknown byte=
	kill -0 "$TARGET_PID"
}

@test "an unknown byte, behind which the client has reset: recorded" {
	proxy --map '0x01=127.0.0.1:1'
	# Nobody has read anything when the reset is there.
	stop_spares
	client send:'\x02x' reset
	kill -CONT "${SPARES[@]}"
	expect_record result=no-route byte=0x02
	not grep -qE 'handler died|system-error' "$LOG"
}

@test "a client that resets before its first byte: recorded, exit 0" {
	handed_over -- --map '*=127.0.0.1:1'
	client "await:$T/super.pid" reset
	handler_status 0
	[[ $(field result) = client-reset ]]
}

@test "a route that needs no resolver never touches its files" {
	needs strace strace
	local name
	target v4 echo
	target_at v6 '[::1]' echo
	unix_target path "unix:$T/socket" echo
	for name in v4 v6 path; do
		rm -f "$T"/{traced.*,trace}
		start super superserver "$T/traced" -- strace -f -o "$T/trace" \
			"$BYTE_PROXY" --map "0x01=${TARGETS[$name]}"
		poll_until test -s "$T/traced.port"
		PORT=$(<"$T/traced.port") client send:'\x01hello' expect:hello \
			shut eof
		poll_until grep -q exited "$T/trace"
		not grep -qE '"/etc/(resolv|hosts|nsswitch)|^[0-9]+ +(v?fork|clone3?)\(' \
			"$T/trace"
	done
}

# left_as_it_was BYTES FLAGS OPTIONS...: the flags of the client's open file, which
# others may have too, when so much has gone each way.
left_as_it_was() {
	local bytes=$1 flags=$2
	shift 2
	rm -f "$T"/super.* "$T/flags"
	target echo echo
	start super superserver keep "$@" "$T/super" -- bash -c \
		'"$@"; grep flags: /proc/self/fdinfo/0 >"$0"' "$T/flags" \
		"$BYTE_PROXY" --map "0x01=${TARGETS[echo]}"
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port")
	client send:'\x01' "both:$bytes" shut eof
	poll_until test -s "$T/flags"
	grep -qE "flags:[[:space:]]*$flags\$" "$T/flags" || {
		cat "$T/flags" >&2
		return 1
	}
	end_all
}

@test "the client is left as it was found: no O_NONBLOCK that was not there" {
	left_as_it_was 5 02
	left_as_it_was 3000000 02
}

@test "the client is left as it was found: O_NONBLOCK that was there" {
	left_as_it_was 5 04002 nonblock
	left_as_it_was 3000000 04002 nonblock
}
