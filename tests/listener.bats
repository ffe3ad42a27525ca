#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The listener: ports, limits, errors that pass, draining, reloading.

load helpers
load crowd

# port_is_free: another program can bind it at once.
port_is_free() {
	"$BYTE_PROXY" --listen-port "$PORT" --map '*=a:1' \
		>/dev/null 2>"$T/again.err" 3>&- </dev/null &
	local pid=$!
	born "$pid"
	PIDS+=("$pid")
	poll_until grep -q . "$T/again.err"
	kill "$pid" 2>/dev/null || true
	grep -q msg=listening "$T/again.err"
}

@test "IPv4 and IPv6 on one port; --listen-address narrows it" {
	target echo times=3 echo
	proxy --map "0x01=${TARGETS[echo]}"
	client send:'\x01v4' expect:v4 shut eof
	talk connect "[::1]:$PORT" send:'\x01v6' expect:v6 shut eof
	poll_until record_count 2
	[[ $(field client 1) == 127.0.0.1:* ]]
	[[ $(field client 2) == '[::1]:'* ]]
	end_all

	target echo echo
	proxy --map "0x01=${TARGETS[echo]}" --listen-address 127.0.0.1
	grep -q "address=127.0.0.1:$PORT\$" "$LOG"
	not talk connect "[::1]:$PORT" send:x
	client send:'\x01v4' expect:v4 shut eof
	end_all

	target echo echo
	proxy --map "0x01=${TARGETS[echo]}" --listen-address ::
	not client send:x
	talk connect "[::1]:$PORT" send:'\x01v6' expect:v6 shut eof
}

@test "a port that is taken, and one that is not ours, are named" {
	proxy --map '*=a:1'
	refuses 71 "^byte-proxy: --listen-port $PORT: Address.* in use" \
		"$BYTE_PROXY" --listen-port "$PORT" --map '*=a:1'
	refuses 71 '^byte-proxy: --listen-address 192.0.2.99 --listen-port 0: ' \
		"$BYTE_PROXY" --listen-port 0 --listen-address 192.0.2.99 \
		--map '*=a:1'
	needs_root
	refuses 71 '^byte-proxy: --listen-port 1: Permission denied' \
		"${AS_OWN[@]}" --inh-caps=-all --bounding-set=-all \
		"$(unprivileged_program)" --listen-port 1 --map '*=a:1'
}

unprivileged_program() {
	install -m 755 "$BYTE_PROXY" "$T/program"
	chmod 711 "$T" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" \
		"$(dirname "$T")" "$BATS_SUITE_TMPDIR"
	echo "$T/program"
}

@test "each connection has a process of its own, and none is left" {
	target echo times=3 echo
	proxy --map "0x01=${TARGETS[echo]}"
	local i
	for i in 1 2 3; do
		start "client$i" talk connect "127.0.0.1:$PORT" send:'\x01x' \
			expect:x "touch:$T/up$i" "await:$T/go" shut eof
	done
	poll_until test -e "$T/up1" -a -e "$T/up2" -a -e "$T/up3"
	[ "$(handlers "$PROXY_PID" | wc -l)" -eq 3 ]
	touch "$T/go"
	poll_until no_handler "$PROXY_PID"
	poll_until record_count 3
	[ "$(records | grep -o ' pid=[0-9]*' | sort -u | wc -l)" -eq 3 ]
}

spares_are() {
	local count
	count=$(spares "$PROXY_PID" | wc -l)
	[ "$count" -ge "$1" ] && [ "$count" -le "$2" ]
}

@test "processes are forked ahead: a few, more in a rush, a few again" {
	target echo times=60 echo
	proxy --map "0x01=${TARGETS[echo]}"
	poll_until spares_are 2 2
	local i pids=() pid
	kill -STOP "$PROXY_PID"
	for i in {1..60}; do
		talk connect "127.0.0.1:$PORT" send:'\x01x' expect:x \
			shut eof 2>>"$T/clients.err" 3>&- &
		pids+=($!)
	done
	# Two of them do not need the listener.
	poll_until record_count 2
	kill -CONT "$PROXY_PID"
	for pid in "${pids[@]}"; do wait "$pid"; done
	poll_until spares_are 3 128
	poll_until spares_are 2 2
}

@test "a connection's process was there before it" {
	target echo times=2 echo
	proxy --map "0x01=${TARGETS[echo]}"
	poll_until spares_are 2 2
	local before
	before=" $(spares "$PROXY_PID" | tr '\n' ' ')"
	kill -STOP "$PROXY_PID"
	client send:'\x01x' expect:x shut eof
	client send:'\x01x' expect:x shut eof
	poll_until record_count 2
	[[ $before == *" $(field pid 1) "* ]]
	[[ $before == *" $(field pid 2) "* ]]
	[ "$(field pid 1)" != "$(field pid 2)" ]
	kill -CONT "$PROXY_PID"
}

@test "a listener that is killed leaves no spare, and the port is free" {
	target echo expect:x "touch:$T/up" "await:$T/go" send:bye shut eof
	proxy --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' expect:bye eof
	CLIENT=$PID
	poll_until test -e "$T/up"
	poll_until spares_are 2 2
	local spare left
	left=$(spares "$PROXY_PID")
	# shellcheck disable=SC2086 # words
	born $left
	kill -KILL "$PROXY_PID"
	for spare in $left; do poll_until gone "$spare"; done
	port_is_free
	touch "$T/go"
	ended "$CLIENT" 0
}

# flooded: connections come to the proxy all the time, until calm.
flooded() {
	echo_target
	proxy --map "0x01=127.0.0.1:$ECHOES"
	start flood flood serve "$PORT" 100000 16 1000
	poll_until record_count 100
}
calm() {
	kill "${STARTED[flood]}"
}

@test "a listener that is killed under load gives up the port" {
	flooded
	kill -KILL "$PROXY_PID"
	calm
	POLL_SECONDS=${POLL_SECONDS:-5} poll_until port_is_free
}

@test "SIGTERM under load: the port is free at once" {
	flooded
	kill -TERM "$PROXY_PID"
	POLL_SECONDS=${POLL_SECONDS:-5} poll_until port_is_free
	calm
	ended "$PROXY_PID" 0
	# Each that was let in was served.
	not grep -qE 'handler died|system-error' "$LOG"
}

@test "a listener that is killed while it forks leaves no spare" {
	needs strace strace
	# It is late in being told of the listener's death.
	start proxy strace -f -o "$T/trace" -e trace=prctl \
		-e inject=prctl:delay_enter=1000000:when=1 "$BYTE_PROXY" \
		--listen-port 0 --map '*=a:1' --confine off
	traced_proxy
	poll_until children_are "$PROXY_PID" 2
	local spare left
	left=$(<"/proc/$PROXY_PID/task/$PROXY_PID/children")
	kill -KILL "$PROXY_PID"
	for spare in $left; do poll_until gone "$spare"; done
	grep -q PDEATHSIG "$T/trace"
	port_is_free
}

@test "after a reload that was refused the port is given up as before it" {
	local signal
	for signal in TERM KILL; do
		echo 'BYTE_PROXY_MAP=0x01=a:1' >"$T/routes.env"
		proxy --env-file "$T/routes.env"
		echo 'BYTE_PROXY_MAP=0x01=nowhere' >"$T/routes.env"
		kill -HUP "$PROXY_PID"
		poll_until grep -q 'reload refused' "$LOG"
		poll_until spares_are 2 2
		kill "-$signal" "$PROXY_PID"
		POLL_SECONDS=${POLL_SECONDS:-5} poll_until port_is_free
		poll_until gone "$PROXY_PID"
		end_all
	done
}

@test "the listener never reads from a connection" {
	needs strace strace
	target echo echo
	start proxy strace -yy -o "$T/trace" "$BYTE_PROXY" --listen-port 0 \
		--map "0x01=${TARGETS[echo]}"
	traced_proxy
	client send:'\x01hello' expect:hello shut eof
	poll_until grep -q SIGCHLD "$T/trace"
	poll_until grep -q 'read([0-9]*<pipe:' "$T/trace"
	not grep -qE '^(accept|recv|splice|getpeername|read\([0-9]*<(TCP|socket))' \
		"$T/trace"
}

@test "no delay and keepalive come to a client from the listening socket" {
	needs strace strace
	target echo echo
	start proxy strace -f -o "$T/trace" -e trace=setsockopt,accept4,sendto \
		"$BYTE_PROXY" --listen-port 0 --map "0x01=${TARGETS[echo]}"
	traced_proxy
	needs ss iproute2
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' \
		expect:hello send:world expect:world "touch:$T/up" "await:$T/go" \
		shut eof
	poll_until test -e "$T/up"
	# The timer of the client's socket at our end, when all is acknowledged.
	kept_alive() {
		ss -Htno state established "sport = :$PORT" | grep -q keepalive
	}
	poll_until kept_alive
	touch "$T/go"
	ended "$PID" 0
	poll_until grep -q msg=connection "$LOG"
	# Of a connection, only the target's socket is told.
	[ "$(grep -c 'SO_KEEPALIVE, \[1\]' "$T/trace")" -eq 2 ]
	[ "$(grep -c 'TCP_NODELAY, \[1\]' "$T/trace")" -eq 2 ]
}

@test "a handler has no descriptor but its own" {
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' expect:x \
		"touch:$T/up" "await:$T/go" shut eof
	poll_until test -e "$T/up"
	# Standard ones, the client, the target.
	local handler fds
	handler=$(handler_of "$PROXY_PID")
	fds=$(find "/proc/$handler/fd" -lname 'socket:*' | wc -l)
	[ "$fds" -eq 2 ]
	run find "/proc/$handler/fd" -lname 'anon_inode:*'
	[ -z "$output" ]
	touch "$T/go"
}

@test "SIGTERM: the port is free at once, what runs goes on, then exit 0" {
	target echo expect:x "await:$T/go" send:bye shut eof
	proxy --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' expect:bye eof
	CLIENT=$PID
	poll_until has_handler "$PROXY_PID"
	kill -TERM "$PROXY_PID"
	poll_until grep -q 'msg=draining connections=1' "$LOG"
	poll_until port_is_free
	kill -0 "$PROXY_PID"
	touch "$T/go"
	ended "$CLIENT" 0
	ended "$PROXY_PID" 0
	grep -q 'msg=stopped served=1' "$LOG"
	expect_record result=closed
}

@test "SIGTERM: what is in the queue is served before the port is given up" {
	target echo times=40 echo
	proxy --map "0x01=${TARGETS[echo]}"
	kill -STOP "$PROXY_PID"
	local i pids=() pid
	for i in {1..40}; do
		talk connect "127.0.0.1:$PORT" "touch:$T/in$i" send:'\x01x' \
			expect:x shut eof 2>>"$T/clients.err" 3>&- &
		pids+=($!)
	done
	poll_until test -e "$T/in40" -a -e "$T/in1" -a -e "$T/in20"
	poll_until all_connected 40
	kill -TERM "$PROXY_PID"
	kill -CONT "$PROXY_PID"
	for pid in "${pids[@]}"; do wait "$pid"; done
	ended "$PROXY_PID" 0
	[ "$(records | grep -c result=closed)" -eq 40 ]
}

all_connected() {
	local connected=("$T"/in*)
	[ "${#connected[@]}" -eq "$1" ]
}

@test "SIGTERM under load: no connection that was made is lost" {
	target echo times=400 echo
	proxy --map "0x01=${TARGETS[echo]}"
	local i pids=() pid lost=0
	for i in {1..8}; do
		storm "$i" 2>>"$T/storm.err" 3>&- &
		pids+=($!)
	done
	poll_until record_count 40
	kill -TERM "$PROXY_PID"
	for pid in "${pids[@]}"; do wait "$pid" || lost=$((lost + 1)); done
	[ "$lost" -eq 0 ] || { sort "$T/storm.err" | uniq -c >&2; return 1; }
	ended "$PROXY_PID" 0
}

# storm N: connections one after the other, until none can be made any more.
storm() {
	local i said
	for i in {1..40}; do
		said=$(client send:'\x01x' expect:x shut eof 2>&1) && continue
		# Refused is what it should be. Else it was taken, and lost.
		[[ $said == *"Connection refused"* ]] && return 0
		echo "$said"
		return 1
	done
}

# waits_for_no_time PID: it is in a call of ppoll() that has no timeout.
waits_for_no_time() {
	grep -qE '^[0-9]+ 0x[0-9a-f]+ 0x[0-9a-f]+ 0x0 ' "/proc/$1/syscall"
}

@test "SIGTERM: the port is free at once where no more are served either" {
	needs_root
	export TALK_SECONDS=${TALK_SECONDS:-100}
	target held expect:x send:y eof shut
	proxy --map "0x01=${TARGETS[held]}" --max-connections 1 \
		--drain-timeout 1h
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' expect:y \
		"touch:$T/up" "await:$T/go" shut eof
	CLIENT=$PID
	poll_until test -e "$T/up"
	# Nothing else is going to wake it.
	poll_until waits_for_no_time "$PROXY_PID"
	kill -TERM "$PROXY_PID"
	poll_until port_is_free
	not gone "$PROXY_PID"
	touch "$T/go"
	ended "$CLIENT" 0
	ended "$PROXY_PID" 0
}

@test "SIGTERM: who connects from then on is refused, and not reset" {
	target held expect:x send:y eof shut
	proxy --map "0x01=${TARGETS[held]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' expect:y \
		"touch:$T/up" "await:$T/go" shut eof
	CLIENT=$PID
	poll_until test -e "$T/up"
	kill -TERM "$PROXY_PID"
	poll_until grep -q msg=draining "$T/proxy.err"
	run client send:'\x01x' expect:x
	[[ $output == *"Connection refused"* ]]
	touch "$T/go"
	ended "$CLIENT" 0
	ended "$PROXY_PID" 0
}

@test "SIGTERM: the drain timeout ends what still runs" {
	target victim expect:x "touch:$T/up" reset-seen
	proxy --map "0x01=${TARGETS[victim]}" --drain-timeout 300ms
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' reset-seen
	CLIENT=$PID
	poll_until test -e "$T/up"
	kill -TERM "$PROXY_PID"
	ended "$PROXY_PID" 0
	ended "$CLIENT" 0
	expect_record result=drained
}

@test "a second SIGTERM, or SIGINT, ends all at once" {
	local signal
	for signal in TERM INT; do
		target victim expect:x "touch:$T/up" reset-seen
		proxy --map "0x01=${TARGETS[victim]}" --drain-timeout 1h
		start client talk connect "127.0.0.1:$PORT" send:'\x01x' reset-seen
		CLIENT=$PID
		poll_until test -e "$T/up"
		kill "-$signal" "$PROXY_PID"
		poll_until grep -q msg=draining "$LOG"
		kill -0 "$PROXY_PID"
		kill "-$signal" "$PROXY_PID"
		ended "$PROXY_PID" 0
		ended "$CLIENT" 0
		rm "$T/up"
		end_all
	done
}

@test "a second SIGTERM ends a process that does not end by itself" {
	target victim expect:x "touch:$T/up" end-seen
	proxy --map "0x01=${TARGETS[victim]}" --drain-timeout 1h
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' end-seen
	CLIENT=$PID
	poll_until test -e "$T/up"
	local handler
	handler=$(handler_of "$PROXY_PID")
	born "$handler"
	kill -STOP "$handler"
	kill -TERM "$PROXY_PID"
	poll_until grep -q msg=draining "$LOG"
	kill -TERM "$PROXY_PID"
	ended "$PROXY_PID" 0
	poll_until gone "$handler"
	ended "$CLIENT" 0
}

@test "the terminal's SIGINT, which all get, ends no connection" {
	target echo expect:x "touch:$T/up" "await:$T/go" send:bye shut eof
	proxy --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' expect:bye eof
	CLIENT=$PID
	poll_until test -e "$T/up"
	kill -INT "$(handler_of "$PROXY_PID")" "$PROXY_PID"
	poll_until grep -q msg=draining "$LOG"
	touch "$T/go"
	ended "$CLIENT" 0
	ended "$PROXY_PID" 0
}

@test "--max-connections: the others wait, and are served when there is room" {
	target echo times=3 echo
	proxy --map "0x01=${TARGETS[echo]}" --max-connections 2
	local i
	for i in 1 2; do
		start "hold$i" talk connect "127.0.0.1:$PORT" send:'\x01x' \
			expect:x "touch:$T/up$i" "await:$T/go$i" shut eof
	done
	poll_until test -e "$T/up1" -a -e "$T/up2"
	start third talk connect "127.0.0.1:$PORT" send:'\x01third' quiet:300 \
		"touch:$T/waited" expect:third shut eof
	THIRD=$PID
	poll_until test -e "$T/waited"
	[ "$(handlers "$PROXY_PID" | wc -l)" -eq 2 ]
	# What is full has no room for a spare either.
	[ -z "$(spares "$PROXY_PID")" ]
	touch "$T/go1"
	ended "$THIRD" 0
	touch "$T/go2"
}

@test "SIGHUP: new routes for new connections; the old one keeps its own" {
	target old times=1 echo
	target new times=1 upper
	echo "BYTE_PROXY_MAP=0x01=${TARGETS[old]}" >"$T/routes.env"
	proxy --env-file "$T/routes.env"
	start old_client talk connect "127.0.0.1:$PORT" send:'\x01a' expect:a \
		"touch:$T/up" "await:$T/go" send:b expect:b shut eof
	OLD=$PID
	poll_until test -e "$T/up"
	echo "BYTE_PROXY_MAP=0x01=${TARGETS[new]}" >"$T/routes.env"
	kill -HUP "$PROXY_PID"
	poll_until grep -q 'msg=reloaded routes=1' "$LOG"
	client send:'\x01a' expect:A shut eof
	touch "$T/go"
	ended "$OLD" 0
}

@test "SIGHUP with a bad file: refused with the line, the old one stays" {
	target echo times=2 echo
	echo "BYTE_PROXY_MAP=0x01=${TARGETS[echo]}" >"$T/routes.env"
	proxy --env-file "$T/routes.env"
	echo 'BYTE_PROXY_MAP=0x01=nowhere' >"$T/routes.env"
	kill -HUP "$PROXY_PID"
	poll_until grep -q 'msg="reload refused" error=".*routes.env:1: ' "$LOG"
	client send:'\x01a' expect:a shut eof
	rm "$T/routes.env"
	kill -HUP "$PROXY_PID"
	poll_until grep -q 'reload refused.*No such file' "$LOG"
	client send:'\x01b' expect:b shut eof
}

@test "a message that is longer than a line is cut off, and the line ends" {
	local quotes
	printf -v quotes '"%.0s' {1..1000}
	echo BYTE_PROXY_MAP=0x01=127.0.0.1:1 >"$T/env"
	proxy --env-file "$T/env"
	# Each of them takes two.
	echo "BYTE_PROXY_MAP='$quotes'" >"$T/env"
	kill -HUP "$PROXY_PID"
	poll_until grep -q 'reload refused' "$LOG"
	client send:'\x01' eof
	poll_until grep -q '^time=[^ ]* level=[a-z]* pid=[0-9]* msg=connection' "$LOG"
	[ "$(grep -c '^time=' "$LOG")" -eq "$(wc -l <"$LOG")" ]
}

@test "SIGHUP again and again loses nothing" {
	target echo times=30 echo
	echo "BYTE_PROXY_MAP=0x01=${TARGETS[echo]}" >"$T/routes.env"
	proxy --env-file "$T/routes.env"
	local i
	for i in {1..30}; do
		kill -HUP "$PROXY_PID"
		client send:'\x01a' expect:a shut eof
	done
	poll_until record_count 30
}

# with_fault FAULT: the listener and its children under strace, which makes a
# call fail; of each process, the N-th time.
with_fault() {
	needs strace strace
	start proxy strace -f -o "$T/trace" -e "trace=${1%%:*}" -e "inject=$1" \
		"$BYTE_PROXY" --listen-port 0 --map "0x01=${TARGETS[echo]}"
	traced_proxy
}

# said_seldom: of accept's failures, each a second after the one before.
said_seldom() {
	sed -n 's/^time=\([^ ]*\) .*accept failed.*/\1/p' "$LOG" |
		date -u -f - +%s%3N |
		awk 'NR > 1 && $1 - last < 990 { exit 1 } { last = $1 }'
}

@test "inherited state: all signals blocked and ignored, stray descriptors" {
	target echo times=3 echo
	echo "BYTE_PROXY_MAP=0x01=${TARGETS[echo]}" >"$T/env"
	# shellcheck disable=SC2016 # expanded in there
	start proxy bash -c 'for ((fd = 3; fd <= 20; fd++)); do
			eval "exec $fd</dev/null"
		done
		exec env --block-signal --ignore-signal "$@"' - \
		"$BYTE_PROXY" --listen-port 0 --env-file "$T/env"
	PROXY_PID=$PID LOG=$T/proxy.err
	poll_until grep -q msg=listening "$LOG"
	PORT=$(sed -n 's/.*address=.*:\([0-9]*\)$/\1/p' "$LOG")
	[ -z "$(find "/proc/$PROXY_PID/fd" -name '[3-9]*' -lname /dev/null)" ]
	# Its children's ends come to it, SIGHUP, and SIGTERM.
	client send:'\x01one' expect:one shut eof
	poll_until no_handler "$PROXY_PID"
	echo "BYTE_PROXY_MAP=0x02=${TARGETS[echo]}" >"$T/env"
	kill -HUP "$PROXY_PID"
	poll_until grep -q msg=reloaded "$LOG"
	client send:'\x02two' expect:two shut eof
	start client talk connect "127.0.0.1:$PORT" send:'\x02three' \
		expect:three "touch:$T/up" "await:$T/go" shut eof
	CLIENT=$PID
	poll_until test -e "$T/up"
	kill -TERM "$PROXY_PID"
	poll_until not listens "$PORT"
	touch "$T/go"
	ended "$CLIENT" 0
	ended "$PROXY_PID" 0
}

@test "errors of accept that pass are survived, and said at most once a second" {
	local fault
	for fault in EMFILE ENFILE ENOBUFS ENOMEM ECONNABORTED EPROTO; do
		target echo echo
		with_fault "accept4:error=$fault:when=1"
		client send:'\x01hello' expect:hello shut eof
		poll_until grep -q 'accept failed' "$LOG"
		said_seldom
		grep -q 'level=warning .*msg="accept failed" error=' "$LOG"
		end_all
	done
}

@test "errors of fork are waited out, and the connection is not lost" {
	local call
	for call in fork clone; do
		target echo echo
		with_fault "$call:error=EAGAIN:when=1..3"
		client send:'\x01hello' expect:hello shut eof
		if grep -q INJECTED "$T/trace"; then
			[ "$(grep -c 'fork failed' "$LOG")" -eq 1 ]
			touch "$T/injected"
		fi
		end_all
	done
	# One of the two is what this C library calls.
	test -e "$T/injected"
}

# limit_processes N: of the listener, by its own user, who may.
limit_processes() {
	"${AS_OWN[@]}" prlimit --pid "$PROXY_PID" "--nproc=$1:"
}

@test "spares leave room for those who resolve a name, under a process limit" {
	needs_root
	target echo times=400 echo
	local program i j pids=() pid
	take_time
	program=$(unprivileged_program)
	start proxy "${AS_OWN[@]}" prlimit --nproc=30 \
		"$program" --listen-port 0 \
		--map "0x01=localhost:${PORTS[echo]}"
	PROXY_PID=$PID LOG=$T/proxy.err
	poll_until grep -q msg=listening "$LOG"
	PORT=$(sed -n 's/.*address=.*:\([0-9]*\)$/\1/p' "$LOG")
	for i in {1..10}; do
		for j in {1..15}; do
			client send:'\x01x' expect:x shut eof || exit 1
		done 2>>"$T/clients.err" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || { grep -v result=closed "$LOG" >&2; return 1; }
	done
	poll_until record_count 150
	not grep -q system-error "$LOG"
}

@test "a process limit reached in mid-flood, then lifted" {
	needs_root
	target echo times=60 echo
	local program i pids=() pid
	program=$(unprivileged_program)
	start proxy "${AS_OWN[@]}" "$program" --listen-port 0 \
		--map "0x01=${TARGETS[echo]}"
	PROXY_PID=$PID LOG=$T/proxy.err
	poll_until grep -q msg=listening "$LOG"
	PORT=$(sed -n 's/.*address=.*:\([0-9]*\)$/\1/p' "$LOG")
	limit_processes 5
	for i in {1..60}; do
		talk connect "127.0.0.1:$PORT" send:'\x01x' expect:x \
			"await:$T/go" shut eof 2>>"$T/clients.err" 3>&- &
		pids+=($!)
	done
	poll_until grep -q 'fork failed' "$LOG"
	limit_processes 1000
	touch "$T/go"
	for pid in "${pids[@]}"; do wait "$pid"; done
	poll_until record_count 60
}

@test "a handler that dies is reported, and nothing else happens" {
	target echo times=2 echo
	proxy --map "0x01=${TARGETS[echo]}"
	start victim talk connect "127.0.0.1:$PORT" send:'\x01x' expect:x \
		"touch:$T/up" end-seen
	poll_until test -e "$T/up"
	kill -KILL "$(handler_of "$PROXY_PID")"
	poll_until grep -q 'level=error .*msg="handler died".* signal=9' "$LOG"
	client send:'\x01y' expect:y shut eof
}
