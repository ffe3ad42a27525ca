#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The ways in, told apart by what was handed over. Those of xinetd, inetd and
# systemd as PID 1 are in real_services.bats and systemd.bats.

load helpers

# given_up_while_a_handler_goes_on LISTENER: no copy of its socket is left when
# it is given up, though one of its connections is still there.
given_up_while_a_handler_goes_on() {
	start client talk connect "127.0.0.1:$PORT" send:'\x01two' expect:two \
		"touch:$T/up" "await:$T/go" shut eof
	CLIENT=$PID
	poll_until test -e "$T/up"
	kill -TERM "$1"
	poll_until not listens "$PORT"
	touch "$T/go"
	ended "$CLIENT" 0
	ended "$1" 0
}

@test "a connected socket on standard input" {
	target echo echo
	handed_over -- --map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' expect:hello shut eof
	handler_status 0
	expect_record result=closed byte=0x01 bytes_up=5 bytes_down=5
}

@test "a connected socket on standard input, with nothing on output" {
	target echo echo
	start super superserver "$T/super" -- bash -c 'exec "$@" >/dev/null' - \
		"$BYTE_PROXY" --map "0x01=${TARGETS[echo]}"
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port")
	client send:'\x01hello' expect:hello shut eof
}

@test "pipes on standard input and output" {
	target upper upper
	run -0 bash -c 'printf "\1hello" | "$@" 2>"$0" | cat' "$T/log" \
		"$BYTE_PROXY" --map "0x01=${TARGETS[upper]}"
	[ "$output" = HELLO ]
	LOG=$T/log
	expect_record result=closed client=pipe bytes_up=5 bytes_down=5
	# Which cannot be shut down where there is no route.
	run -0 bash -c 'printf "\2hello" | "$@" 2>"$0" | cat' "$T/log" \
		"$BYTE_PROXY" --map "0x01=${TARGETS[upper]}"
	[ -z "$output" ]
	expect_record result=no-route bytes_up=0
}

@test "a file on standard input" {
	target upper upper
	printf '\1hello' >"$T/in"
	run -0 bash -c '"$@" <"$0"' "$T/in" \
		"$BYTE_PROXY" --log syslog --map "0x01=${TARGETS[upper]}"
	[ "$output" = HELLO ]
}

@test "a file on standard output, of what a file says, in bulk" {
	target upper upper
	{
		printf '\1'
		seq -f 'line %.0f' 200000
	} >"$T/in"
	run -0 bash -c 'shift; "$@" <"$0/in" >"$0/out"' "$T" - \
		"$BYTE_PROXY" --log syslog --map "0x01=${TARGETS[upper]}"
	cmp "$T/out" <(seq -f 'LINE %.0f' 200000)
}

@test "socat EXEC, with a socket pair and with pipes" {
	needs socat socat
	local kind patience=1
	! is_under_valgrind || patience=20
	for kind in '' ,pipes; do
		target upper upper
		run -0 --separate-stderr bash -c \
			'printf "\1hello" | BYTE_PROXY_MAP=$0 "$@"' \
			"0x01=${TARGETS[upper]}" \
			socat -t "$patience" - "EXEC:$BYTE_PROXY$kind"
		[ "$output" = HELLO ]
	done
}

@test "socat EXEC with nofork" {
	needs socat socat
	target upper upper
	export BYTE_PROXY_MAP=0x01=${TARGETS[upper]}
	start socat socat -d -d TCP-LISTEN:0,bind=127.0.0.1 \
		"EXEC:$BYTE_PROXY,nofork"
	LOG=$T/socat.err
	poll_until grep -q 'listening on' "$LOG"
	PORT=$(sed -n 's/.*listening on.*:\([0-9]*\)$/\1/p' "$LOG")
	client send:'\x01hello' shut expect:HELLO eof
	expect_record result=closed bytes_up=5
}

@test "systemd-socket-activate --accept --inetd" {
	target echo echo
	activate --accept --inetd -- --map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' expect:hello shut eof
	expect_record result=closed bytes_up=5
}

@test "systemd-socket-activate --accept: one connection by LISTEN_FDS" {
	target echo echo
	activate --accept -- --map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' expect:hello shut eof
	expect_record result=closed bytes_up=5
}

@test "systemd-socket-activate: listening sockets by LISTEN_FDS" {
	local second
	target echo times=3 echo
	second=$(free_port)
	activate -l "127.0.0.1:$second" -- --map "0x01=${TARGETS[echo]}"
	client send:'\x01one' expect:one shut eof
	client send:'\x01two' expect:two shut eof
	PORT=$second client send:'\x01three' expect:three shut eof
	kill -TERM "$PID"
	ended "$PID" 0
	[ "$(grep -c msg=listening "$LOG")" -eq 2 ]
}

@test "under --max-connections no socket's spares keep another from its turn" {
	local first second i before
	target echo times=9 echo
	second=$(free_port)
	activate -l "127.0.0.1:$second" -- --map "0x01=${TARGETS[echo]}" \
		--max-connections 1
	first=$PORT
	for i in 1 2 3; do
		PORT=$second client send:'\x01x' expect:x shut eof
		PORT=$first client send:'\x01x' expect:x shut eof
		PORT=$second client send:'\x01x' expect:x shut eof
	done
	poll_until record_count 9
	before=$(cpu_ticks "$PID")
	sleep 1 # the time that is measured
	[ $(($(cpu_ticks "$PID") - before)) -le 2 ]
}

@test "SIGTERM under --max-connections: who waits at another socket is served" {
	local second first proxy
	target echo times=2 echo
	second=$(free_port)
	activate -l "127.0.0.1:$second" -- --map "0x01=${TARGETS[echo]}" \
		--max-connections 1
	proxy=$PID first=$PORT
	start hold talk connect "127.0.0.1:$first" send:'\x01x' expect:x \
		"touch:$T/up" "await:$T/go" shut eof
	poll_until test -e "$T/up"
	start waits talk connect "127.0.0.1:$second" send:'\x01y' \
		"touch:$T/sent" expect:y shut eof
	poll_until test -e "$T/sent"
	kill -TERM "$proxy"
	poll_until grep -q msg=draining "$LOG"
	touch "$T/go"
	ended "$PID" 0
	ended "$proxy" 0
	[ "$(records | grep -c result=closed)" -eq 2 ]
}

@test "listening sockets by LISTEN_FDS have names" {
	local second
	second=$(free_port)
	activate -l "127.0.0.1:$second" --fdname=web:other -- --map '*=a:1'
	client close
	poll_until grep -q "address=127.0.0.1:$PORT name=web\$" "$LOG"
	poll_until grep -q "address=127.0.0.1:$second name=other\$" "$LOG"
}

@test "a listening socket on standard input, on 0, 1 and 2 as inetd leaves it" {
	needs socat socat
	target echo times=2 echo
	activate --inetd -- --map "0x01=${TARGETS[echo]}"
	LISTENER=$PID
	client send:'\x01one' expect:one shut eof
	given_up_while_a_handler_goes_on "$LISTENER"
}

@test "a listening socket that is on standard input as well as in LISTEN_FDS" {
	local program=$BYTE_PROXY
	target echo echo
	# systemd's Accept=no with StandardInput=socket.
	cat >"$T/wrapped" <<-END
		#!/bin/bash
		exec "$program" "\$@" <&3 >&3
	END
	chmod +x "$T/wrapped"
	BYTE_PROXY=$T/wrapped activate -- --map "0x01=${TARGETS[echo]}"
	LISTENER=$PID
	given_up_while_a_handler_goes_on "$LISTENER"
}

@test "nothing handed over: it binds the port of --listen-port's variable" {
	target echo echo
	BYTE_PROXY_LISTEN_PORT=0 start proxy "$BYTE_PROXY" \
		--map "0x01=${TARGETS[echo]}"
	LOG=$T/proxy.err
	poll_until grep -q msg=listening "$LOG"
	PORT=$(sed -n 's/.*address=\[::\]:\([0-9]*\)$/\1/p' "$LOG")
	client send:'\x01hello' expect:hello shut eof
}

@test "nothing handed over: the port is 9092, and one that is taken is named" {
	needs ip iproute2
	needs_root
	# In a network of its own the port cannot be anybody's.
	run unshare -n bash -c 'ip link set lo up
		"$1" --map "*=a:1" </dev/null 2>"$0/first" & first=$!
		until grep -q listening "$0/first"; do :; done
		"$1" --map "*=a:1" </dev/null 2>"$0/second"
		echo "second: $?"
		kill $first; wait $first; echo "first: $?"' "$T" "$BYTE_PROXY"
	grep -q 'address=\[::\]:9092$' "$T/first"
	grep -qx 'byte-proxy: --listen-port 9092: Address.* in use' \
		"$T/second"
	[[ $output == *"second: 71"*"first: 0"* ]]
}

@test "standard input closed, a terminal: nothing was handed over" {
	own_pace "nothing stays closed"
	start closed bash -c 'exec "$@" <&-' - "$BYTE_PROXY" --map '*=a:1' \
		--log stderr
	# Its port may be taken; what matters is that it wants one.
	poll_until grep -qE 'msg=listening|--listen-port 9092' "$T/closed.err"
	needs script bsdutils
	start terminal script -qec "$BYTE_PROXY --map '*=a:1'" /dev/null
	poll_until grep -qE 'msg=listening|--listen-port 9092' "$T/terminal.out"
}

@test "a terminal of which each open is another one, on standard output" {
	target bye expect:hello send:bye shut eof
	run -0 bash -c 'printf "\1hello" | "$@" 2>"$0" >/dev/ptmx' "$T/log" \
		"$BYTE_PROXY" --map "0x01=${TARGETS[bye]}"
	LOG=$T/log
	expect_record result=closed bytes_up=5 bytes_down=3
}

@test "--listen-port as an argument wins over a connection; a variable does not" {
	target echo times=2 echo
	handed_over times=1 -- --listen-port 0 --map "0x01=${TARGETS[echo]}"
	start bystander talk connect "127.0.0.1:$PORT" send:'\x01ignored' end-seen
	poll_until grep -q msg=listening "$LOG"
	PORT=$(sed -n 's/.*address=.*:\([0-9]*\)$/\1/p' "$LOG")
	client send:'\x01hello' expect:hello shut eof
	kill -TERM "$(<"$T/super.pid")"
	handler_status 0

	BYTE_PROXY_LISTEN_PORT=0 handed_over -- --map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' expect:hello shut eof
}

@test "--listen-port leaves no socket of LISTEN_FDS open" {
	activate -- --map '*=a:1' --listen-port 0
	# systemd-socket-activate waits for a first connection to start it.
	client nothing
	poll_until grep -q msg=listening "$LOG"
	poll_until not listens "$PORT"
	kill -0 "$PID"
}

@test "LISTEN_FDS of another process are not ours" {
	target echo echo
	export LISTEN_FDS=1 LISTEN_PID=1
	handed_over -- --map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' expect:hello shut eof
}

@test "LISTEN_FDS that are not what is meant are refused" {
	target two times=2 end-seen
	# given COUNT REDIRECTION: so many, and what is on 3 and 4.
	given() {
		refuses 78 "LISTEN_FDS: expected $3" bash -c "exec $2
			"'export LISTEN_FDS=$0 LISTEN_PID=$$
			exec "$@"' "$1" "$BYTE_PROXY" --map '*=a:1'
	}
	local tcp=/dev/tcp/127.0.0.1/${PORTS[two]}
	given 65 '3>&-' 'at most 64 sockets'
	given 1 '3</dev/null' 'stream sockets only'
	given 2 "3<>$tcp 4<>$tcp" 'listening sockets, or one connection'
}

@test "what is no connection is refused" {
	needs socat socat
	run -78 bash -c '"$@" </tmp' - "$BYTE_PROXY" --map '*=a:1'
	[[ $output == *"standard input: expected"* ]]
	start udp socat -d -d -u UDP-RECV:0,bind=127.0.0.1 \
		"EXEC:$BYTE_PROXY --map \\*=a\\:1,nofork"
	poll_until gone "$PID"
	grep -q 'standard input: expected a stream socket' "$T/udp.err"
	# A connected one, too, and one of messages that has connections.
	run -78 socat UDP:127.0.0.1:9 "EXEC:$BYTE_PROXY --map \*=a\:1,nofork"
	[[ $output == *'standard input: expected a stream socket'* ]]
	# Once its own input has ended socat waits half a second, or so long.
	run socat -t 60 - "EXEC:$BYTE_PROXY --map \*=a\:1,socktype=5"
	[[ $output == *'standard input: expected a stream socket'* ]]
}

# answers_at_once WAY: of two small writes none waits for the other, each way. The
# first connections of a listener that was handed over may be tuned one by one.
answers_at_once() {
	local i
	for i in 1 2 3 4; do
		client send:'\x01pingpong' expect:pingpong shut eof
	done
	run -0 client send:'\x01' rtt:50 shut eof
	# With a wait nearly every round takes 40 ms.
	soon "${lines[0]}" 10 || {
		echo "$1: round trips of over 35 ms: ${lines[0]} of 50" >&2
		return 1
	}
	end_all
}

@test "two small writes each way never wait for one another, in any way in" {
	local accept
	target pairs times=9 pairs
	proxy --map "0x01=${TARGETS[pairs]}"
	answers_at_once --listen-port
	target pairs times=9 pairs
	handed_over times=9 -- --map "0x01=${TARGETS[pairs]}"
	answers_at_once 'standard input'
	for accept in '' '--accept'; do
		target pairs times=9 pairs
		# shellcheck disable=SC2086 # none, or one
		activate $accept -- --map "0x01=${TARGETS[pairs]}"
		answers_at_once "LISTEN_FDS $accept"
	done
}

@test "inherited state: all signals blocked or ignored, stray descriptors" {
	target echo echo
	handed_over signals stray -- --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' \
		expect:hello "touch:$T/relaying" end-seen
	poll_until test -e "$T/relaying"
	# The drain begins, and a second SIGTERM ends it.
	kill -TERM "$(<"$T/super.pid")"
	sleep 0.05 # two signals at once are one
	kill -TERM "$(<"$T/super.pid")"
	handler_status 0
	expect_record result=terminated
}
