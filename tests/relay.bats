#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What each end of a connection sees of the other.

load helpers

@test "the client half-closes, and 200 KB come a while later" {
	target late expect:request eof wait:800 put:200000 shut
	proxy --map "0x01=${TARGETS[late]}"
	client send:'\x01request' shut get:200000 eof
	expect_record result=closed bytes_up=7 bytes_down=200000
}

@test "the target half-closes, and the client goes on for 200 KB" {
	target early expect:hello send:bye shut get:200000 eof
	proxy --map "0x01=${TARGETS[early]}"
	client send:'\x01hello' expect:bye eof put:200000 shut
	ended "$TARGET_PID" 0
	expect_record result=closed bytes_up=200005 bytes_down=3
}

@test "the target's end reaches the client, whoever else holds it" {
	target early expect:hello send:bye shut get:200000 eof
	handed_over keep -- --map "0x01=${TARGETS[early]}"
	client send:'\x01hello' expect:bye eof put:200000 shut
	ended "$TARGET_PID" 0
	handler_status 0
	expect_record result=closed bytes_up=200005 bytes_down=3
}

@test "1 MiB echoed, ended by the client's half-close" {
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}"
	client send:'\x01' both:1048576 shut eof
	expect_record bytes_up=1048576 bytes_down=1048576
}

@test "50 MB both ways at once, then half-closes" {
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}"
	client send:'\x01' both:50000000@3 shut eof
	expect_record result=closed bytes_up=50000000 bytes_down=50000000
}

@test "the client's close reaches the target, the target's close the client" {
	target first expect:x eof
	proxy --map "0x01=${TARGETS[first]}"
	client send:'\x01x' close
	ended "$TARGET_PID" 0
	end_all
	target second expect:y close
	proxy --map "0x01=${TARGETS[second]}"
	client send:'\x01y' eof
}

@test "the client's reset reaches the target as a reset, within a second" {
	target victim expect:hello "touch:$T/there" reset-seen "touch:$T/seen"
	handed_over keep -- --map "0x01=${TARGETS[victim]}"
	client send:'\x01hello' "await:$T/there" reset
	local start_ms
	start_ms=$(now_ms)
	poll_until test -e "$T/seen"
	soon $(($(now_ms) - start_ms)) 1000
	handler_status 0
	expect_record result=client-reset bytes_up=5
}

@test "the target's reset reaches the client as a reset, whoever else holds it" {
	target killer expect:hello reset
	# superserver keeps a duplicate, as PID 1 does: a close would say nothing.
	handed_over keep -- --map "0x01=${TARGETS[killer]}"
	client send:'\x01hello' reset-seen
	handler_status 0
	expect_record result=target-reset bytes_up=5 bytes_down=0
}

@test "what an end sent before its reset is delivered before the reset" {
	target killer expect:hello put:100000 reset
	proxy --map "0x01=${TARGETS[killer]}"
	client send:'\x01hello' get:100000 reset-seen
	expect_record result=target-reset bytes_down=100000

	end_all
	target victim expect:x "touch:$T/there" get:100000 reset-seen \
		"touch:$T/seen"
	proxy --map "0x01=${TARGETS[victim]}"
	client send:'\x01x' "await:$T/there" put:100000 reset
	poll_until test -e "$T/seen"
	expect_record result=client-reset bytes_up=100001
}

@test "a reset after a half-close in the same direction still crosses" {
	target victim eof "touch:$T/there" reset-seen "touch:$T/seen"
	proxy --map "0x01=${TARGETS[victim]}"
	# The end of the client's data is known; then it vanishes.
	client send:'\x01' shut "await:$T/there" reset
	poll_until test -e "$T/seen"
	expect_record result=client-reset
}

@test "the reset of an end to which nobody writes is noticed" {
	# The client has closed its half; the target has as well, then resets.
	target killer expect:x shut "await:$T/go" reset
	proxy --map "0x01=${TARGETS[killer]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' eof \
		"touch:$T/go" reset-seen
	ended "$PID" 0
	expect_record result=target-reset
}

@test "a reset crosses while the other end is stalled, within a second" {
	target stalled "await:$T/over" reset-seen
	proxy --map "0x01=${TARGETS[stalled]}"
	client send:'\x01' fill reset
	poll_until record_count 1
	expect_record result=client-reset
	touch "$T/over"
	ended "$TARGET_PID" 0
}

# uses_no_cpu PID: a spin would use 100 of these in a second.
uses_no_cpu() {
	local before
	before=$(cpu_ticks "$1")
	sleep 1 # the time that is measured
	[ $(($(cpu_ticks "$1") - before)) -le 2 ]
}

# a_stall_costs_nothing STEP: what the client sends to a target that reads none
# of it after the first 2 MB, which made the relay splice. With buffers as large
# as the kernel may make them there is no stall if it all fits.
a_stall_costs_nothing() {
	needs ss iproute2
	own_pace "everything costs time"
	STEP=$1 in_network 'small_buffers
		talk listen 127.0.0.1:0 "$T/slow.port" get:2000000@5 \
			"await:$T/go" rest & target=$!
		poll_until test -s "$T/slow.port"
		port=$(<"$T/slow.port")
		"$BYTE_PROXY" --listen-port 9092 --map "0x01=127.0.0.1:$port" \
			2>"$T/proxy.err" & proxy=$!
		poll_until listens 9092
		talk connect 127.0.0.1:9092 send:"\x01" put:2000000@5 "$STEP" \
			shut eof & client=$!
		poll_until stands_still 9092 "$port"
		# Of the one that relays, and of those that only wait.
		children_use() {
			local child sum=0
			for child in $(<"/proc/$proxy/task/$proxy/children"); do
				sum=$((sum + $(cpu_ticks "$child")))
			done
			echo "$sum"
		}
		before=$(children_use)
		sleep 1 # the time that is measured
		[ $(($(children_use) - before)) -le 2 ]
		touch "$T/go"
		wait $target
		wait $client
		poll_until grep -q msg=connection "$T/proxy.err"'
	LOG=$T/proxy.err
}

@test "bulk to a stalled reader: all of it arrives, the stall costs nothing" {
	a_stall_costs_nothing put:4000000@6
	expect_record result=closed bytes_up=6000000
}

@test "segments of 100 bytes to a stalled reader, into a pipe: the same" {
	a_stall_costs_nothing tiny:40000
	expect_record result=closed bytes_up=6000000
}

@test "segments of 100 bytes that nobody reads for a while, without a pipe" {
	target slow "await:$T/go" expect:x rest
	proxy --map "0x01=${TARGETS[slow]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' tiny:20000 \
		"touch:$T/go" shut eof
	ended "$PID" 0
	expect_record bytes_up=2000001
}

@test "two small writes each way never wait for one another" {
	# None of its answers acknowledges the first of two.
	target pairs pairs
	handed_over -- --map "0x01=${TARGETS[pairs]}"
	# Where one waits for the other, nearly every round takes 40 ms; a machine
	# that is busy with other things delays a few.
	run -0 client send:'\x01' rtt:200 shut eof
	soon "${lines[0]}" 10 || {
		echo "round trips of over 35 ms: ${lines[0]} of 200" >&2
		return 1
	}
}

@test "bulk, then small messages, then bulk, on one connection" {
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}"
	run -0 client send:'\x01' both:3000000 rtt:50 both:3000000@2 rtt:50 shut eof
	expect_record bytes_up=6000800 bytes_down=6000800
	# The first ones still go by way of the pipe, and are not held back there.
	soon "$((lines[0] + lines[1]))" 10 || {
		echo "round trips of over 35 ms: ${lines[*]}" >&2
		return 1
	}
}

@test "messages of several segments are not held back for more" {
	local i steps=()
	for i in {1..20}; do
		steps+=("both:100000@$i")
	done
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}"
	# Each that is held back takes 200 ms more.
	run -0 client send:'\x01' both:3000000 took "${steps[@]}" took shut eof
	soon "$((lines[1] - lines[0]))" 3000000 || {
		echo "twenty took ${lines[0]} to ${lines[1]} us" >&2
		return 1
	}
}

@test "bulk uses splice, and a small connection makes no pipe" {
	needs strace strace
	local bytes
	for bytes in 1000 3000000; do
		target echo echo
		rm -f "$T"/super.*
		start super superserver "$T/super" -- strace -f -o "$T/trace.$bytes" \
			"$BYTE_PROXY" --map "0x01=${TARGETS[echo]}"
		poll_until test -s "$T/super.port"
		PORT=$(<"$T/super.port") client send:'\x01' "both:$bytes" shut eof
		poll_until grep -q exited "$T/trace.$bytes"
	done
	not grep -qE 'splice|pipe2' "$T/trace.1000"
	grep -q 'pipe2' "$T/trace.3000000"
	grep -q 'splice(.*= [1-9]' "$T/trace.3000000"
}

@test "without pipes, without splice: it is copied" {
	needs strace strace
	own_pace "calls are valgrind's too"
	local fault
	for fault in pipe2:error=EMFILE splice:error=EINVAL \
		fcntl:error=EPERM; do
		target echo echo
		rm -f "$T"/super.*
		start super superserver "$T/super" -- strace -f -o "$T/trace" \
			-e "trace=${fault%%:*}" -e "inject=$fault" \
			"$BYTE_PROXY" --map "0x01=${TARGETS[echo]}"
		LOG=$T/super.err
		poll_until test -s "$T/super.port"
		PORT=$(<"$T/super.port") client send:'\x01' both:3000000 shut eof
		grep -q INJECTED "$T/trace"
		# Once, each way. (Who counts what is run locks a file at the end.)
		[[ $BYTE_PROXY == */coverage/* ]] ||
			[ "$(grep -c INJECTED "$T/trace")" -le 2 ]
		handler_status 0
		expect_record result=closed bytes_up=3000000 bytes_down=3000000
		end_all
	done
}

@test "a pipe grows in steps, as far as it is let, and what it has is used" {
	needs strace strace
	own_pace "calls are valgrind's too"
	local call steps size
	while read -r call size steps; do
		target source put:20000000 shut rest
		rm -f "$T"/super.*
		# Of this process's calls of fcntl the first one asks for the size,
		# and two ask whether the ends are non-blocking.
		start super superserver "$T/super" -- strace -o "$T/trace" \
			-e trace=fcntl,splice -e "inject=fcntl:error=EPERM:when=$call" \
			"$BYTE_PROXY" --map "0x01=${TARGETS[source]}"
		LOG=$T/super.err
		poll_until test -s "$T/super.port"
		PORT=$(<"$T/super.port") client send:'\x01' get:20000000 shut eof
		handler_status 0
		expect_record result=closed bytes_down=20000000
		[ "$(grep -oE 'SETPIPE_SZ, [0-9]+' "$T/trace" | paste -sd ' ')" = \
			"$steps" ] || { grep fcntl "$T/trace" >&2; return 1; }
		[ "$(grep -oE '[0-9]+, SPLICE' "$T/trace" | sort -n | tail -n 1)" = \
			"$size, SPLICE" ]
		end_all
	done <<-'END'
		99 1048576 SETPIPE_SZ, 262144 SETPIPE_SZ, 1048576
		5 262144 SETPIPE_SZ, 262144 SETPIPE_SZ, 1048576
		4 65536 SETPIPE_SZ, 262144
	END
}

@test "with the user's quota of pipe memory used up" {
	needs_root
	target echo times=3 echo
	install -m 755 "$BYTE_PROXY" "$T/program"
	chmod 711 "$T" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" \
		"$(dirname "$T")" "$BATS_SUITE_TMPDIR"
	install -m 755 "$TOOLS/pipehog" "$T/pipehog"
	# 64 pipes of 1 MiB are all that one user gets.
	start hog "${AS_OWN[@]}" "$T/pipehog"
	poll_until grep -q full "$T/hog.out"
	start super superserver times=3 "$T/super" -- "${AS_OWN[@]}" \
		"$T/program" --map "0x01=${TARGETS[echo]}"
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port")
	client send:'\x01' both:3000000 shut eof
	start client talk connect "127.0.0.1:$PORT" send:'\x01' both:3000000 \
		"touch:$T/up" "await:$T/go" rtt:20 shut eof
	CLIENT=$PID
	poll_until test -e "$T/up"
	# One of two pages would be worse than none, and none is left behind.
	# (Valgrind has one of its own.)
	find "/proc/$(tail -n 1 "$T/super.pid")/fd" -printf '%l\n' >"$T/links"
	grep -q socket: "$T/links"
	is_under_valgrind || not grep pipe: "$T/links"
	touch "$T/go"
	ended "$CLIENT" 0
	client send:'\x01' put:1000000 get:1000000 shut eof
	expect_record result=closed bytes_up=3000000 2:bytes_down=3000160
}

@test "urgent data keeps its place and its urgency" {
	target oob expect:abc expect-oob:X expect:def get:3000000 expect-oob:Y \
		get:3000000@2 eof send:done shut
	proxy --map "0x01=${TARGETS[oob]}"
	client send:'\x01abc' wait:50 oob:X send:def \
		put:3000000 oob:Y put:3000000@2 shut expect:done eof
	expect_record result=closed bytes_up=6000008
}

# urgent_while_stopped STEPS...: what a client sends to the target while
# byte-proxy is stopped, so that all of it is there when it reads on.
urgent_while_stopped() {
	proxy --map "0x01=${TARGETS[oob]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01' \
		put:1000000@2 "touch:$T/sent" "await:$T/stopped" "$@" shut \
		"touch:$T/all" eof
	CLIENT=$PID
	poll_until test -e "$T/there"
	HANDLER=$(handler_of "$PROXY_PID")
	born "$HANDLER"
	kill -STOP "$HANDLER"
	touch "$T/stopped"
	poll_until test -e "$T/all"
	kill -CONT "$HANDLER"
	ended "$TARGET_PID" 0
	ended "$CLIENT" 0
	rm -f "$T/there" "$T/sent" "$T/stopped" "$T/all"
}

@test "an end behind urgent data is not taken for the mark before it" {
	target oob get:1000000@2 "touch:$T/there" get:60000@3 expect-oob:! \
		get:100000@4 shut eof
	urgent_while_stopped put:60000@3 oob:! put:100000@4
	expect_record result=closed bytes_up=1160001
}

@test "urgent data behind a whole number of reads" {
	local bytes
	for bytes in 16384 32768 65536; do
		target oob get:1000000@2 "touch:$T/there" "get:$bytes@3" \
			expect-oob:! expect:tail shut eof
		urgent_while_stopped "put:$bytes@3" oob:! send:tail
		end_all
	done
}

@test "urgent data behind what never comes costs nothing, and what comes later passes" {
	needs_root
	target echo expect:hello "touch:$T/up" expect:more send:bye shut eof
	handed_over -- --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' \
		"await:$T/up" early-oob "touch:$T/early" "await:$T/go" send:more \
		expect:bye eof
	CLIENT=$PID
	poll_until test -e "$T/early"
	uses_no_cpu "$(<"$T/super.pid")"
	touch "$T/go"
	ended "$CLIENT" 0
	expect_record bytes_up=9
}

@test "urgent data to a unix socket" {
	unix_target oob "unix:$T/socket" expect:ab expect-oob:X expect:cd shut eof
	proxy --map "0x01=unix:$T/socket"
	client send:'\x01ab' wait:50 oob:X wait:50 send:cd shut eof
	expect_record result=closed bytes_up=5
}

@test "a unix target that reads no more still answers" {
	unix_target deaf "unix:$T/socket" expect:hello deaf "touch:$T/deaf" \
		"await:$T/sent" wait:700 put:300000 shut
	proxy --map "0x01=unix:$T/socket"
	client send:'\x01hello' "await:$T/deaf" put:300000@9 "touch:$T/sent" \
		get:300000 eof
	expect_record result=closed bytes_up=5 bytes_down=300000
}

@test "a unix peer that reads no more, and then is gone, gets nothing for ever" {
	unix_target deaf "unix:$T/socket" expect:hello deaf "touch:$T/deaf" \
		"await:$T/sent" close
	proxy --map "0x01=unix:$T/socket"
	# What is sent after it is gone fails, sooner or later.
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' \
		"await:$T/deaf" put:300000@9 "touch:$T/sent" put:500000000
	CLIENT=$PID
	poll_until record_count 1
	ended "$CLIENT" 1
	grep -qE 'send: (Connection reset by peer|Broken pipe)' "$T/client.err"
}

# A stalled end, and the other direction: what each end does. The client has
# $STEPS; $T/full is there when nothing more is taken, $T/got when all has come
# the other way. Half of what was sent first is left, so that a pipe has room for
# less than it was made for.
client_stalls() {
	target stall expect:x send:ab "await:$T/half" fill "touch:$T/full" \
		get:200000@3 "touch:$T/got" shut eof
	STEPS=(send:'\x01x' expect:a "touch:$T/half" "await:$T/full"
		put:200000@3 "await:$T/got" rest)
}
target_stalls() {
	target stall expect:x "await:$T/full" put:200000@3 "await:$T/got" rest \
		shut
	STEPS=(send:'\x01x' fill "touch:$T/full" get:200000@3 "touch:$T/got")
}

# goes_on_beside WHO OPTION FAULT: with the socket of a client as it came, or not,
# and with a fault of strace or with none.
goes_on_beside() {
	local with=()
	[ "$3" = none ] || with=(strace -o "$T/trace" -e trace=pipe2 -e "inject=$3")
	rm -f "$T"/{half,full,got,super.*}
	"$1"
	start super superserver "$2" "$T/super" -- "${with[@]}" "$BYTE_PROXY" \
		--map "0x01=${TARGETS[stall]}"
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client "${STEPS[@]}" shut eof
	ended "$TARGET_PID" 0
	expect_record result=closed
	[ "$3" = none ] || grep -q INJECTED "$T/trace"
	end_all
}

@test "a stalled end stops nothing of the other way, whether its socket blocks" {
	needs strace strace
	own_pace "calls are valgrind's too"
	local who option fault
	for who in client_stalls target_stalls; do
		for option in times=1 nonblock; do
			# Into a pipe, and where there is none.
			for fault in none pipe2:error=EMFILE; do
				echo "$who, $option, fault: $fault"
				goes_on_beside "$who" "$option" "$fault"
			done
		done
	done
}

@test "two pipes: who reads nothing of the one is heard by the other" {
	mkfifo "$T/in" "$T/out"
	client_stalls
	start proxy bash -c 'exec "$@" <"$0/in" >"$0/out"' "$T" \
		"$BYTE_PROXY" --map "0x01=${TARGETS[stall]}"
	start client bash -c 'exec talk fds "$@" >"$0/in" <"$0/out"' "$T" \
		"${STEPS[@]}"
	ended "$PID" 0
	LOG=$T/proxy.err
	expect_record result=closed bytes_up=200001
}

# let_go FIFO: of what waits for somebody to write to it.
let_go() {
	exec 9<>"$1"
	exec 9>&-
}

@test "a pipe that nobody reads any more ends the connection" {
	target silent expect:x "touch:$T/there" reset-seen
	mkfifo "$T/never"
	T=$T start client bash -c '(printf "\1x"; exec cat "$T/never") | "$@" |
		{ until [ -e "$T/there" ]; do sleep 0.02; done; }' - \
		"$BYTE_PROXY" --map "0x01=${TARGETS[silent]}"
	ended "$TARGET_PID" 0
	let_go "$T/never"
	LOG=$T/client.err
	expect_record result=client-reset client=pipe
}

@test "the idle timeout does not make an end of a reset" {
	target silent expect:x "touch:$T/there" reset-seen
	mkfifo "$T/never"
	T=$T start client bash -c '(printf "\1x"; exec cat "$T/never") | "$@" |
		{ until [ -e "$T/there" ]; do sleep 0.02; done; }' - \
		"$BYTE_PROXY" --idle-timeout 300ms --map "0x01=${TARGETS[silent]}"
	ended "$TARGET_PID" 0
	let_go "$T/never"
	LOG=$T/client.err
	expect_record result=client-reset
}

@test "a terminal on output that is stalled stops nothing else" {
	needs script bsdutils
	target source "await:$T/stopped" put:3000000 rest
	T=$T start terminal script -qec 'printf "\1" |
		'"'$BYTE_PROXY' --idle-timeout 500ms --map 0x01=${TARGETS[source]}"' \
		2>"$T/proxy.err"; touch "$T/over"' /dev/null
	TERMINAL=$PID
	poll_until test -e "$T/proxy.err"
	kill -STOP "$TERMINAL"
	touch "$T/stopped"
	LOG=$T/proxy.err
	expect_record result=idle-timeout client=pipe
	kill -CONT "$TERMINAL"
	poll_until test -e "$T/over"
}

@test "messages in the error queue of an inherited socket" {
	target echo expect:hello send:hello "touch:$T/up" "await:$T/go" shut eof
	handed_over timestamps -- --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' expect:hello \
		eof
	poll_until test -e "$T/up"
	uses_no_cpu "$(<"$T/super.pid")"
	touch "$T/go"
	ended "$PID" 0
	expect_record result=closed
}

sigterm_is_pending() {
	grep -qE '^ShdPnd:.*[4-7c-f][0-9a-f]{3}$' "/proc/$1/status"
}

@test "a signal is taken, and a time is over, where there is always data" {
	needs strace strace
	local signals result
	while read -r signals result; do
		target source put:2000000000
		rm -f "$T"/super.*
		# So slow that there is something to do whenever it looks.
		start super superserver "$T/super" -- strace -o /dev/null \
			-e trace=splice,ppoll -e inject=splice,ppoll:delay_exit=3000 \
			"$BYTE_PROXY" --map "0x01=${TARGETS[source]}" \
			--drain-timeout "$result"
		LOG=$T/super.err
		poll_until test -s "$T/super.port"
		start client talk connect "127.0.0.1:$(<"$T/super.port")" \
			send:'\x01' get:20000000 "touch:$T/bulk" reset-seen
		CLIENT=$PID
		poll_until test -e "$T/bulk"
		HANDLER=$(handler_of "$(<"$T/super.pid")")
		born "$HANDLER"
		kill -TERM "$HANDLER"
		if [ "$signals" -eq 2 ]; then
			# Two signals at once are one.
			poll_until not sigterm_is_pending "$HANDLER"
			kill -TERM "$HANDLER"
		fi
		ended "$CLIENT" 0
		[ "$signals" -eq 2 ] || expect_record result=drained
		[ "$signals" -eq 1 ] || expect_record result=terminated
		end_all
		rm "$T/bulk"
	done <<-'END'
		1 300ms
		2 1h
	END
}

@test "200 at once" {
	target echo times=200 echo
	proxy --map "0x01=${TARGETS[echo]}"
	local pids=() i pid
	for i in {1..200}; do
		talk connect "127.0.0.1:$PORT" send:'\x01' "both:20000@$i" shut eof \
			2>>"$T/clients.err" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	poll_until record_count 200
	[ "$(records | grep -c 'result=closed.* bytes_up=20000 bytes_down=20000')" \
		-eq 200 ]
}

@test "idle, then data" {
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}"
	client send:'\x01one' expect:one wait:1500 send:two expect:two shut eof
}

@test "the idle timeout ends a quiet connection with an end to both" {
	target echo expect:hello send:hello eof "touch:$T/ended"
	handed_over -- --map "0x01=${TARGETS[echo]}" --idle-timeout 300ms
	client send:'\x01hello' expect:hello eof
	poll_until test -e "$T/ended"
	handler_status 0
	expect_record result=idle-timeout
	[ "$(field duration_us)" -ge 290000 ]
}

@test "the end that a timeout is reaches the client, whoever else holds it" {
	local option result
	for option in --idle-timeout --half-closed-timeout; do
		target quiet expect:hello send:hello "await:$T/over" eof
		rm -f "$T/over"
		handed_over keep -- --map "0x01=${TARGETS[quiet]}" "$option" 300ms
		if [ "$option" = --idle-timeout ]; then
			client send:'\x01hello' expect:hello within:5000 eof
		else
			client send:'\x01hello' shut expect:hello within:5000 eof
		fi
		touch "$T/over"
		result=${option#--}
		expect_record "result=$result"
	done
}

@test "the idle timeout starts anew with every byte" {
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}" --idle-timeout 400ms
	client send:'\x01a' expect:a wait:250 send:b expect:b wait:250 send:c \
		expect:c wait:250 send:d expect:d shut eof
	expect_record result=closed
}

@test "the idle timeout resets what is stalled: it must not look complete" {
	target stalled "await:$T/over" reset-seen
	proxy --map "0x01=${TARGETS[stalled]}" --idle-timeout 1500ms
	client send:'\x01' fill reset-seen
	touch "$T/over"
	ended "$TARGET_PID" 0
	expect_record result=idle-timeout
}

@test "SIGTERM in the relay: it goes on until both ends are done" {
	target echo expect:hello "touch:$T/relaying" "await:$T/signalled" send:bye \
		shut eof
	handed_over -- --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' expect:bye \
		eof
	poll_until test -e "$T/relaying"
	kill -TERM "$(<"$T/super.pid")"
	touch "$T/signalled"
	ended "$PID" 0
	handler_status 0
	expect_record result=closed
}

@test "SIGTERM in the relay: the drain timeout cuts off, by reset" {
	target victim expect:hello "touch:$T/relaying" reset-seen "touch:$T/seen"
	handed_over -- --map "0x01=${TARGETS[victim]}" --drain-timeout 300ms
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' reset-seen
	poll_until test -e "$T/relaying"
	kill -TERM "$(<"$T/super.pid")"
	ended "$PID" 0
	poll_until test -e "$T/seen"
	handler_status 0
	expect_record result=drained
}

@test "SIGINT is SIGTERM to a connection too: no end that looks complete" {
	target victim expect:hello "touch:$T/relaying" reset-seen
	handed_over -- --map "0x01=${TARGETS[victim]}" --drain-timeout 300ms
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' reset-seen
	poll_until test -e "$T/relaying"
	kill -INT "$(<"$T/super.pid")"
	ended "$PID" 0
	handler_status 0
	expect_record result=drained
}

@test "SIGHUP means nothing to a connection" {
	target echo expect:hello "touch:$T/relaying" "await:$T/signalled" send:bye \
		shut eof
	handed_over -- --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' expect:bye \
		eof
	poll_until test -e "$T/relaying"
	kill -HUP "$(<"$T/super.pid")"
	touch "$T/signalled"
	ended "$PID" 0
	handler_status 0
}

@test "keepalive and no delay at both ends, before they matter" {
	needs strace strace
	target echo echo
	start super superserver "$T/super" -- strace -f -o "$T/trace" \
		-e trace=setsockopt,sendto "$BYTE_PROXY" \
		--map "0x01=${TARGETS[echo]}"
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client send:'\x01hello' expect:hello \
		send:world expect:world shut eof
	poll_until grep -q exited "$T/trace"
	[ "$(grep -c 'SO_KEEPALIVE, \[1\]' "$T/trace")" -eq 2 ]
	# Nothing waits for the acknowledgement of what was sent before.
	local end
	for end in "$(grep -oE 'sendto\([0-9]+, "hello"' "$T/trace" | head -n 1)" \
		"$(grep -oE 'sendto\([0-9]+, "hello"' "$T/trace" | tail -n 1)"; do
		end=${end#sendto(} end=${end%%,*}
		grep -E "(sendto|setsockopt)\\($end, .*(NODELAY|hello|world)" \
			"$T/trace" >"$T/of_end"
		sed -n 1p "$T/of_end" | grep -q hello
		sed -n 2p "$T/of_end" | grep -q 'TCP_NODELAY, \[1\]'
		sed -n 3p "$T/of_end" | grep -q world
		[ "$(wc -l <"$T/of_end")" -eq 3 ]
	done
}

@test "two pipes: the target's end is the end of the one, and the other goes on" {
	target early expect:hello send:bye shut get:200000 eof
	mkfifo "$T/in" "$T/out"
	start proxy bash -c 'exec "$@" <"$0/in" >"$0/out"' "$T" \
		"$BYTE_PROXY" --map "0x01=${TARGETS[early]}"
	start client bash -c 'exec talk fds "$@" >"$0/in" <"$0/out"' "$T" \
		send:'\x01hello' expect:bye eof put:200000
	ended "$PID" 0
	ended "$TARGET_PID" 0
	LOG=$T/proxy.err
	expect_record result=closed bytes_up=200005 bytes_down=3
}

@test "two pipes in bulk, both ways, stay as blocking as they were" {
	target echo echo
	mkfifo "$T/in" "$T/out"
	start proxy bash -c 'exec <"$0/in" >"$0/out"; "$@"
		cat "/proc/$$/fdinfo/"{0,1} >"$0/flags"' "$T" \
		"$BYTE_PROXY" --map "0x01=${TARGETS[echo]}"
	start writer bash -c 'exec talk fds "$@" >"$0"' "$T/in" \
		send:'\x01' put:3000000
	start reader bash -c 'exec talk fds "$@" <"$0"' "$T/out" get:3000000 eof
	ended "$PID" 0
	ended "${STARTED[writer]}" 0
	ended "${STARTED[proxy]}" 0
	LOG=$T/proxy.err
	expect_record result=closed bytes_up=3000000 bytes_down=3000000
	# Of the same open files as before. O_NONBLOCK is 04000.
	[ "$(grep -c '^flags:' "$T/flags")" -eq 2 ]
	not grep -E '^flags:.*[4-7][0-7]{3}$' "$T/flags"
}

@test "a pipe on output whose reader is slow: it gets all" {
	target source put:2000000 shut rest
	mkfifo "$T/fifo"
	start reader bash -c 'until [ -e "$0.go" ]; do sleep 0.05; done
		talk fds get:2000000 eof <"$0"' "$T/fifo"
	READER=$PID
	start proxy bash -c 'printf "\1" | "$@" >"$0"' "$T/fifo" \
		"$BYTE_PROXY" --map "0x01=${TARGETS[source]}"
	touch "$T/fifo.go"
	ended "$READER" 0
	LOG=$T/proxy.err
	expect_record result=closed bytes_down=2000000 client=pipe
}
