#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Not one byte of a message ever reaches the client.

load helpers

# reads_nothing STEPS...: descriptors 0, 1 and 2 are the client, as under
# inetd; after the steps it reads the end, and nothing before it.
reads_nothing() {
	client "$@" eof
}

# started ARGUMENTS...
started() {
	handed_over stderr -- "$@"
}

@test "usage and configuration errors" {
	local arguments
	while read -r arguments; do
		# shellcheck disable=SC2086 # words
		started $arguments
		reads_nothing
		poll_until test -s "$T/super.status"
		[[ $(<"$T/super.status") =~ ^(64|78)$ ]] || {
			echo "$arguments: status $(<"$T/super.status")" >&2
			return 1
		}
	done <<-END
		--bogus
		--map 0x01=nowhere
		--map
		--env-file $T/missing --map *=a:1
		--check
		--map *=a:1 --check --idle-timeout x
		--log=stderr
	END
}

@test "--help, --version and --check" {
	local arguments
	for arguments in --help --version '--map *=a:1 --check'; do
		# shellcheck disable=SC2086 # words
		started $arguments
		reads_nothing
		handler_status 64
	done
}

@test "an unknown byte, silence, a target that refuses" {
	started --map 0x01=127.0.0.1:1
	reads_nothing send:x
	handler_status 0
	started --map '*=127.0.0.1:1' --first-byte-timeout 200ms
	reads_nothing
	handler_status 0
	started --map '*=127.0.0.1:1'
	reads_nothing send:x
	handler_status 69
}

@test "debug messages, and --log=stderr" {
	target echo echo
	started --map "0x01=${TARGETS[echo]}" --debug --log=stderr
	client send:'\x01hello' expect:hello shut eof
	handler_status 0
}

@test "standard error a duplicate made by another open: pipes" {
	target upper upper
	run -0 bash -c 'printf "\1hello" | "$@" --debug 2>&1' - \
		"$BYTE_PROXY" --map "0x01=${TARGETS[upper]}"
	[ "$output" = HELLO ]
	run -78 bash -c 'printf "\1hello" | "$@" 2>&1' - "$BYTE_PROXY"
	[ -z "$output" ]
}

@test "descriptors 0 to 2 closed, in every combination" {
	local closed
	own_pace "nothing stays closed"
	for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&-' '0<&- 2>&-' '1>&- 2>&-' \
		'0<&- 1>&- 2>&-'; do
		target echo echo
		rm -f "$T"/super.*
		export BYTE_PROXY_LISTEN_PORT=0
		# The connection is on the descriptors that are left, if any.
		start super superserver stderr "$T/super" -- timeout 1 bash -c \
			"exec \"\$@\" $closed" - "$BYTE_PROXY" --listen-address \
			127.0.0.1 --map "0x01=${TARGETS[echo]}" --debug
		poll_until test -s "$T/super.port"
		PORT=$(<"$T/super.port")
		if [[ $closed == 0* ]]; then
			# Nothing was handed over: it listens, or cannot.
			client send:'\x01hello' wait:100 shut nothing
		else
			client send:'\x01hello' expect:hello shut eof
		fi
		end_all
	done
}

@test "standard error that is a socket of LISTEN_FDS" {
	local arguments
	while read -r arguments; do
		rm -f "$T"/super.*
		# What a unit has with StandardInput=null, StandardOutput=socket.
		# shellcheck disable=SC2016,SC2086 # expanded in there; words
		start super superserver "$T/super" -- bash -c \
			'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3<&0 1>&3 2>&3 </dev/null' \
			- "$BYTE_PROXY" $arguments
		poll_until test -s "$T/super.port"
		PORT=$(<"$T/super.port") client send:x nothing
		poll_until test -s "$T/super.status"
	done <<-'END'
		--map 0x01=127.0.0.1:1 --debug
		--map 0x01=nonsense
		--version
	END
}

# fronted KIND COMMAND: by socat, with a client of that kind on 0 and 1; its address
# is in $ADDRESS.
fronted() {
	local listen
	case $1 in
	TCP4) listen=TCP4-LISTEN:0,bind=127.0.0.1 ADDRESS=127.0.0.1: ;;
	TCP6) listen='TCP6-LISTEN:0,bind=[::1]' ADDRESS='[::1]:' ;;
	UNIX) listen=UNIX-LISTEN:$T/front ADDRESS=unix:$T/front ;;
	esac
	rm -f "$T/front"
	start front socat -d -d "$listen" "EXEC:$2,nofork"
	poll_until grep -q 'listening on' "$T/front.err"
	[ "$1" = UNIX ] ||
		ADDRESS+=$(sed -n 's/.*listening on.*:\([0-9]*\)$/\1/p' "$T/front.err")
}

@test "the same of a unix socket, with nothing on output, whoever it is for" {
	needs socat socat
	local pid
	# shellcheck disable=SC2016 # expanded in there
	for pid in '$$' 1; do
		cat >"$T/wrapped" <<-END
			#!/bin/bash
			LISTEN_FDS=1 LISTEN_PID=$pid exec "$BYTE_PROXY" \
				--map 0x01=nonsense 3<&0 2>&3 </dev/null >/dev/null
		END
		chmod +x "$T/wrapped"
		fronted UNIX "$T/wrapped"
		talk connect "$ADDRESS" nothing
		ended "$PID" 64
	done
}

@test "bad arguments, where the client is standard error and whatever else" {
	needs socat socat
	local kind others
	for kind in TCP4 TCP6 UNIX; do
		for others in '' '>/dev/null' '</dev/null' '</dev/null >/dev/null'
		do
			# That one may be a log's.
			[ "$kind$others" != 'UNIX</dev/null >/dev/null' ] || continue
			printf '#!/bin/bash\nexec "%s" --map 0x01=nonsense 2>&0 %s\n' \
				"$BYTE_PROXY" "$others" >"$T/wrapped"
			chmod +x "$T/wrapped"
			fronted "$kind" "$T/wrapped"
			talk connect "$ADDRESS" nothing || {
				echo "a client by $kind, and $others" >&2
				return 1
			}
			ended "$PID" 64
		done
	done
}

@test "a port that is taken, though a connection was handed over" {
	start other "$BYTE_PROXY" --listen-port 0 --map '*=a:1'
	poll_until grep -q msg=listening "$T/other.err"
	started --map '*=a:1' --listen-port \
		"$(sed -n 's/.*address=.*:\([0-9]*\)$/\1/p' "$T/other.err")"
	client nothing
	handler_status 71
}

@test "a sanitizer's or a C library's own message" {
	# Whatever is written to descriptor 2 goes to /dev/null.
	target echo expect:x "touch:$T/up" "await:$T/go" shut rest
	started --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' eof
	poll_until test -e "$T/up"
	[ "$(readlink "/proc/$(<"$T/super.pid")/fd/2")" = /dev/null ]
	touch "$T/go"
	end_all

	# And where it was closed, no socket gets its number.
	own_pace "nothing stays closed"
	rm -f "$T"/super.* "$T/up" "$T/go"
	target echo expect:x "touch:$T/up" "await:$T/go" shut rest
	# shellcheck disable=SC2016 # expanded in there
	start super superserver "$T/super" -- bash -c 'exec "$@" 2>&-' - \
		"$BYTE_PROXY" --map "0x01=${TARGETS[echo]}"
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port")
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' eof
	poll_until test -e "$T/up"
	[ "$(readlink "/proc/$(<"$T/super.pid")/fd/2")" = /dev/null ]
	touch "$T/go"
}

@test "where /dev/null cannot take its place" {
	needs strace strace
	own_pace "calls are valgrind's too"
	local log
	for log in auto stderr; do
		rm -f "$T"/super.*
		start super superserver stderr "$T/super" -- strace -o "$T/trace" \
			-P /dev/null -e inject=open,openat:error=EMFILE "$BYTE_PROXY" \
			--map '*=127.0.0.1:1' --log "$log"
		poll_until test -s "$T/super.port"
		PORT=$(<"$T/super.port") client nothing
		handler_status 71
		grep -q INJECTED "$T/trace"
	done
}

# are_null CLOSED WRAP: of a connection that is relayed, what was closed; WRAP is
# how the shell hands it over.
are_null() {
	local fd
	rm -f "$T"/{super.*,up,go}
	target echo expect:x send:y "touch:$T/up" "await:$T/go" shut rest
	start super superserver "$T/super" -- bash -c "$2 exec \"\$@\" $1" - \
		"$BYTE_PROXY" --map "0x01=${TARGETS[echo]}"
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port")
	start client talk connect "127.0.0.1:$PORT" send:'\x01x' expect:y eof
	poll_until test -e "$T/up"
	for fd in 0 1 2; do
		[[ $1 == *$fd* ]] || continue
		[ "$(readlink "/proc/$(<"$T/super.pid")/fd/$fd")" = /dev/null ] || {
			echo "$2 with $1: $fd" >&2
			return 1
		}
	done
	touch "$T/go"
	ended "$PID" 0
	end_all
}

@test "what was closed of 0 to 2 is /dev/null, and no socket has its number" {
	local closed
	own_pace "nothing stays closed"
	for closed in '1>&-' '2>&-' '1>&- 2>&-'; do
		are_null "$closed" ''
	done
	for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&-' '0<&- 2>&-' '1>&- 2>&-' \
		'0<&- 1>&- 2>&-'; do
		# shellcheck disable=SC2016 # expanded in there
		are_null "$closed" 'exec 3<&0; LISTEN_FDS=1 LISTEN_PID=$$'
	done
}

@test "standard error that is not the client is used" {
	handed_over -- --map 0x01=nowhere
	client eof
	handler_status 64
	grep -q '^byte-proxy: --map 0x01=nowhere: expected' "$LOG"
	# Nor is a pipe that is standard output as well, with nobody on input.
	run bash -c '"$1" --map 0x01=nowhere </dev/null 2>&1 | cat' - \
		"$BYTE_PROXY"
	[[ $output == 'byte-proxy: --map 0x01=nowhere: expected'* ]]
}
