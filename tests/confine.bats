#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What a process can do no more once it relays, or listens: tried from within, by
# a debugger that makes its calls. Of programs without sanitizers, which could
# not be confined, and of both kinds of them.

load helpers
load kinds

# value NAME HEADER: the number of a name, on this machine.
declare -gA VALUES
value() {
	[ -n "${VALUES[$1]:-}" ] || VALUES[$1]=$(printf \
		'#define _GNU_SOURCE\n#include <%s>\n%s\n' "$2" "$1" |
		gcc -E -P - | tail -n 1)
	VALUE=${VALUES[$1]}
}

# injected PID CALL ARGUMENT... [-- CALL ARGUMENT...]...: makes the calls in the
# process, one right after the other; what came of them is in $SAID.
injected() {
	local pid=$1 word words=() first=yes
	shift
	for word; do
		if [ "$first" = yes ]; then
			value "SYS_$word" sys/syscall.h
			word=$VALUE first=no
		elif [ "$word" = -- ]; then
			first=yes
		fi
		words+=("$word")
	done
	SAID=$(inject "$pid" "${words[@]}" | paste -sd ' ')
}

# is_relaying PID: it is in the second stage; only then may it not fork.
is_relaying() {
	grep -qE '^Max processes +0 ' "/proc/$1/limits"
}

# relaying_child PID: the child of a listener that is.
relaying_child() {
	local pid
	# shellcheck disable=SC2013 # words
	for pid in $(cat "/proc/$1/task/$1/children"); do
		! is_relaying "$pid" || echo "$pid"
	done
}
has_relaying_child() {
	[ -n "$(relaying_child "$1")" ]
}

# way WAY ARGUMENTS...: byte-proxy, ready for connections by that way in.
# $WITH is what starts it, $OPTIONS are superserver's.
WITH=() OPTIONS=()
way() {
	local program=$BYTE_PROXY
	if [ ${#WITH[@]} -gt 0 ]; then
		printf '#!/bin/sh\nexec %s "$@"\n' "${WITH[*]} $program" >"$T/with"
		chmod 755 "$T/with"
		program=$T/with
	fi
	WAY=$1 LISTENER=
	END=(shut eof) # of a client that is a pipe the end is its end
	[ "$WAY" != pipes ] || END=()
	shift
	case $WAY in
	socket) BYTE_PROXY=$program handed_over times=99 stray \
		"${OPTIONS[@]}" -- "$@" ;;
	pipes) PIPED=("$program" "$@") ;;
	listen-port)
		BYTE_PROXY=$program proxy "$@"
		LISTENER=$PROXY_PID
		;;
	listen-fds)
		BYTE_PROXY=$program activate -- "$@"
		LISTENER=$PID
		;;
	esac
}

# connected STEPS...: a connection, relayed by $HANDLER. Its client $CLIENT has
# had an echo, and goes on with the steps when there is $T/go.
connected() {
	local steps=(send:'\x01hello' expect:hello "touch:$T/up" "await:$T/go")
	rm -f "$T/up" "$T/go" "$T"/fifo.*
	if [ "$WAY" = pipes ]; then
		mkfifo "$T/fifo.in" "$T/fifo.out"
		start piped bash -c 'exec "$@" <"$0.in" >"$0.out"' "$T/fifo" \
			"${PIPED[@]}"
		HANDLER=$PID LOG=$T/piped.err
		start client bash -c 'exec talk fds "$@" >"$0.in" <"$0.out"' \
			"$T/fifo" "${steps[@]}" "$@"
	else
		start client talk connect "127.0.0.1:$PORT" "${steps[@]}" "$@"
	fi
	CLIENT=$PID
	poll_until test -e "$T/up"
	if [ -n "$LISTENER" ]; then
		poll_until has_relaying_child "$LISTENER"
		HANDLER=$(relaying_child "$LISTENER")
	elif [ "$WAY" = socket ]; then
		HANDLER=$(tail -n 1 "$T/super.pid")
	fi
	born "$HANDLER"
	poll_until is_relaying "$HANDLER"
}

# goes_on: the client does, and comes to its good end.
goes_on() {
	touch "$T/go"
	ended "$CLIENT" 0
}

# dies CALL ARGUMENT...: a relaying process that makes this call.
dies() {
	connected end-seen
	injected "$HANDLER" "$@"
	[ "$SAID" = 'killed 31' ] || { # SIGSYS
		echo "$*: $SAID" >&2
		return 1
	}
	touch "$T/go"
	poll_until gone "$CLIENT"
}

# 127.0.0.1, port 1.
ADDRESS=@020000017f000001

dies_of_all() {
	target echo times=99 echo
	way "$1" --map "0x01=${TARGETS[echo]}"
	local call
	while read -r call; do
		# shellcheck disable=SC2086 # words
		dies $call
	done < <("$2")
	# Nothing is wrong with the debugger.
	connected send:on expect:on "${END[@]}"
	injected "$HANDLER" getpid
	[ "$SAID" = "returned $HANDLER" ]
	goes_on
}

# What an attacker wants most.
wanted() {
	cat <<-END
		openat -100 @2f6574632f706173737764 0
		execve @2f62696e2f7368 0 0
		clone 17
		socket 2 1 0
		connect 0 $ADDRESS 28
		bind 0 $ADDRESS 16
		ptrace 16 $$
		kill $$ 0
		mmap 0 4096 5 34 -1 0
		mprotect 0 4096 5
		ioctl 0 0x5412 @61
	END
}

# What is left out of calls that are allowed, and some others.
wanted_too() {
	cat <<-END
		clone3
		sendto 0 @61 1 0x20000000 $ADDRESS 16
		sendto 0 @61 1 0 $ADDRESS 16
		sendmsg 0 @00
		prctl 4 1
		fcntl 0 0 0
		getsockopt 0 1 17 @00 @00
		setsockopt 0 6 2 @01 4
		setsockopt 0 1 2 @01 4
		setsockopt 0 41 9 @01 4
		process_vm_readv $$
		io_uring_setup 1 @00
		unlinkat -100 @78
		seccomp 1 0 @00
	END
}

@test "code in a relaying process can call nothing else: a socket" {
	needs_root
	with_kinds dies_of_all socket wanted
}

@test "code in a relaying process can call nothing else: what is allowed in part" {
	needs_root
	with_kinds dies_of_all socket wanted_too
}

@test "code in a relaying process can call nothing else: pipes" {
	needs_root
	with_kinds dies_of_all pipes wanted
}

@test "code in a relaying process can call nothing else: --listen-port" {
	needs_root
	with_kinds dies_of_all listen-port wanted
}

@test "code in a relaying process can call nothing else: LISTEN_FDS" {
	needs_root
	with_kinds dies_of_all listen-fds wanted
}

calls_of_another_machine() {
	[ "$(uname -m)" = x86_64 ] || return 0
	target echo times=9 echo
	way socket --map "0x01=${TARGETS[echo]}"
	connected end-seen
	# x32's recvfrom, and its getpid.
	SAID=$(inject "$HANDLER" $((0x40000000 + 517)))
	[ "$SAID" = 'killed 31' ]
	connected end-seen
	SAID=$(inject "$HANDLER" $((0x40000000 + 39)))
	[ "$SAID" = 'killed 31' ]
}

@test "calls of x32 are none of ours" {
	needs_root
	with_kinds calls_of_another_machine
}

# has_landlock VERSION: this kernel has that one, or a newer one.
has_landlock() {
	[ "$(landlock)" -ge "$1" ]
}

# The client's socket can be dissolved, for a reset, but never connected anew.
connects_nowhere() {
	if has_landlock 4; then
		target echo times=9 echo
		way socket --map "0x01=${TARGETS[echo]}"
		connected end-seen
		injected "$HANDLER" connect 0 @0000 16 -- \
			connect 0 "$ADDRESS" 16 -- connect 0 "$ADDRESS" 2
		[ "$SAID" = 'returned 0 returned -13 killed 31' ]
		end_all
	fi
	# Without that the length is too short for any address.
	target echo times=9 echo
	WITH=(lacks landlock-tcp --)
	way socket --map "0x01=${TARGETS[echo]}"
	connected end-seen
	injected "$HANDLER" connect 0 @0000 2 -- connect 0 "$ADDRESS" 2 -- \
		connect 0 "$ADDRESS" 16
	[ "$SAID" = 'returned 0 returned -22 killed 31' ]
	WITH=()
}

@test "a socket can be reset, and connected to nothing" {
	needs_root
	with_kinds connects_nowhere
}

# shows KEY REGEX PID: of /proc/PID/status.
shows() {
	grep -qE "^$1:[[:space:]]+$2\$" "/proc/$3/status" || {
		grep "^$1:" "/proc/$3/status" >&2
		return 1
	}
}

shows_all() {
	local pid=$1 set
	shows Seccomp 2 "$pid"
	shows NoNewPrivs 1 "$pid"
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		shows "$set" '0+' "$pid"
	done
}

is_confined() {
	local files
	target echo times=9 echo
	way "$1" --user "$OWN" --map "0x01=${TARGETS[echo]}"
	connected send:on expect:on "${END[@]}"
	for PID in $LISTENER $HANDLER; do
		shows_all "$PID"
		# Its memory and environment are not its user's to read.
		[ "$(stat -c %u "/proc/$PID/environ")" -eq 0 ]
		shows Uid "$OWN	$OWN	$OWN	$OWN" "$PID"
		shows Gid "$OWN	$OWN	$OWN	$OWN" "$PID"
		shows Groups ' *' "$PID"
	done
	grep -qE '^Max open files +16 +16 ' "/proc/$HANDLER/limits"
	# Nothing is open but both ends and the log.
	files=$(find "/proc/$HANDLER/fd" -mindepth 1 -printf '%f %l\n' | sort -n)
	echo "$files"
	[ "$(grep -vc /dev/null <<<"$files")" -eq "$2" ]
	[ "$(grep -c socket: <<<"$files")" -eq "$3" ]
	goes_on
}

@test "both stages show in /proc, and no descriptor is left over: a socket" {
	needs_root
	with_kinds is_confined socket 4 3
}

@test "both stages show in /proc, and no descriptor is left over: pipes" {
	needs_root
	with_kinds is_confined pipes 4 1
}

@test "both stages show in /proc, and no descriptor is left over: --listen-port" {
	needs_root
	with_kinds is_confined listen-port 3 2
}

@test "both stages show in /proc, and no descriptor is left over: LISTEN_FDS" {
	needs_root
	with_kinds is_confined listen-fds 3 2
}

# listener_says WHAT CALL ARGUMENT...: what it makes of the call.
listener_says() {
	injected "$LISTENER" "${@:2}"
	[[ $SAID =~ ^returned\ $1$ ]] || {
		echo "${*:2}: $SAID, expected $1" >&2
		return 1
	}
}

listener_is_confined() {
	local signalled=0 bound=-98
	! has_landlock 6 || signalled=-1
	! has_landlock 4 || bound=-13
	target echo times=9 echo
	way "$1" --map "0x01=${TARGETS[echo]}"
	# systemd-socket-activate waits for a first one.
	client send:'\x01hello' expect:hello shut eof
	listener_says '[0-9]+' openat -100 @2f6574632f706173737764 0
	listener_says -13 openat -100 @2f6465762f6e756c6c 2   # O_RDWR
	listener_says -13 openat -100 @2f746d702f78 65 0600   # O_CREAT
	listener_says -38 execve @2f62696e2f7368 0 0
	listener_says -38 ptrace 16 $$
	listener_says -38 unlinkat -100 @2f746d702f78 0
	listener_says -38 mount
	listener_says -38 unshare 0x10000000
	listener_says -38 io_uring_setup 1 @00
	listener_says -38 bpf
	listener_says -1 clone 0x10000011
	listener_says "$signalled" kill $$ 0
	listener_says -1 mmap 0 4096 7 34 -1 0
	listener_says -1 mprotect 0 4096 5
	listener_says -1 ioctl 0 0x5412 @61
	listener_says -1 prctl 4 1
	listener_says -97 socket 17 3 0 # AF_PACKET
	listener_says '[0-9]+' socket 2 1 0
	# A port that is taken, or the call might do what it must not.
	listener_says "$bound" bind "${SAID#returned }" \
		"@0200$(printf %04x "$PORT")7f0000010000000000000000" 16
	client send:'\x01hello' expect:hello shut eof
}

@test "code in a listener can write no file, start no program, signal nobody" {
	needs_root
	with_kinds listener_is_confined listen-port
	with_kinds listener_is_confined listen-fds
}

# Everybody who may be asked for a name has an answer in some seconds.
slow_names() {
	rm -f "$T"/super.*
	printf 'nameserver 198.51.100.2\n' >"$T/resolv.conf"
	# shellcheck disable=SC2016 # expanded in there
	in_network 'superserver "$T/super" -- "$BYTE_PROXY" --map "0x01=slow:1" \
			--connect-timeout 1s 2>"$T/said" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01" eof &
		poll_until test -s "$T/super.pid"
		handler=$(<"$T/super.pid")
		resolving() { child=$(cat /proc/$handler/task/$handler/children) &&
			grep -q "^Seccomp:.2" /proc/${child% }/status; }
		poll_until resolving
		cp /proc/${child% }/status "$T/status"
		wait'
	for set in CapInh CapPrm CapEff CapAmb; do
		grep -qE "^$set:[[:space:]]+0+\$" "$T/status"
	done
	grep -qE '^NoNewPrivs:[[:space:]]+1$' "$T/status"
}

@test "who resolves a name is confined too" {
	needs_root
	with_kinds slow_names
}

serves_without() {
	local what=$1
	target echo times=9 echo
	for WAY in socket listen-port; do
		WITH=(lacks "$what" --)
		way "$WAY" --debug --map "0x01=${TARGETS[echo]}"
		connected send:on expect:on "${END[@]}"
		goes_on
		poll_until record_count 1
		grep -qE "level=debug .*msg=\"not confined\" since=\"$2\"" "$LOG"
		if [ "$WAY" = socket ]; then kill "$SUPER_PID"; else
			kill "$PROXY_PID"; fi
	done
}

@test "what the kernel lacks is left out, and said at the level debug" {
	needs_root
	with_kinds serves_without landlock 'this kernel has no Landlock'
	with_kinds serves_without seccomp 'this kernel has no seccomp filters'
}

@test "a kernel without close_range serves too" {
	WITH=(lacks close-range --)
	target echo times=9 echo
	way socket --map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' expect:hello shut eof
}

refuses_without() {
	target echo times=9 echo
	refuses 71 "^byte-proxy: --confine require: $2\$" \
		lacks "$1" -- "$BYTE_PROXY" --confine require --listen-port 0 \
		--map "0x01=${TARGETS[echo]}"
	WITH=(lacks "$1" --)
	way socket --confine require --map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' eof
	expect_record result=system-error "error=$2" bytes_up=0
	WITH=()
	printf '#!/bin/sh\nexec lacks %s -- %s "$@"\n' "$1" "$BYTE_PROXY" \
		>"$T/with"
	BYTE_PROXY=$T/with handed_over -- --confine require \
		--map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' eof
	handler_status 71
}

serves_if_it_has_all() {
	target echo times=9 echo
	local WAY
	for WAY in socket listen-port; do
		way "$WAY" --confine require --map "0x01=${TARGETS[echo]}"
		client send:'\x01hello' expect:hello shut eof
	done
}

@test "--confine require serves nobody without all of it" {
	with_kinds refuses_without landlock 'this kernel has no Landlock'
	with_kinds refuses_without seccomp 'this kernel has no seccomp filters'
	with_kinds serves_if_it_has_all
}

@test "--confine off confines nothing" {
	needs_root
	target echo times=2 echo
	handed_over -- --confine off --map "0x01=${TARGETS[echo]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' \
		expect:hello "touch:$T/up" "await:$T/go" shut eof
	poll_until test -e "$T/up"
	shows Seccomp 0 "$(<"$T/super.pid")"
	shows NoNewPrivs 0 "$(<"$T/super.pid")"
	touch "$T/go"
	handler_status 0
}

@test "--user by name, with its group" {
	needs_root
	target echo times=9 echo
	proxy --user nobody --map "0x01=${TARGETS[echo]}"
	shows Uid '65534	65534	65534	65534' "$PROXY_PID"
	shows Gid '65534	65534	65534	65534' "$PROXY_PID"
	shows Groups ' *' "$PROXY_PID"
	client send:'\x01hello' expect:hello shut eof
}

@test "--user binds a port of root's first" {
	needs_root
	in_network '"$BYTE_PROXY" --user nobody --listen-port 80 --map "*=a:1" \
			2>"$T/said" &
		poll_until grep -q "msg=listening address=.*:80$" "$T/said"
		kill $!
		wait'
}

@test "--user that there is not, or that one cannot become, is refused" {
	needs_root
	refuses 78 '^byte-proxy: --user nosuch-user: there is no such user$' \
		"$BYTE_PROXY" --user nosuch-user --listen-port 0 --map '*=a:1'
	refuses 71 '^byte-proxy: --user 12345: Operation not permitted$' \
		"${AS_OWN[@]}" "$BYTE_PROXY" --user 12345 --listen-port 0 \
		--map '*=a:1'
	# Who is already, may stay.
	target echo echo
	WITH=("${AS_OWN[@]}")
	way socket --user "$OWN" --map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' expect:hello shut eof
}

# allowed: the calls of the table that a relaying process may make.
allowed() {
	local top=$BATS_TEST_DIRNAME/..
	sed -n "/^int confine_filter_relaying/,/^}/p" "$top/src/connection/confine_filter.c" |
		grep -oE 'CALL[A-Z_0]*\([a-z_0-9]+' | sed 's/.*(//' | sort -u |
		if [ "$(uname -m)" = x86_64 ]; then cat; else grep -vx poll; fi
}

# traced STEPS...: what a connection calls from its first echo on, while it is
# done to as $MEANWHILE says, is added to $T/trace.
traced() {
	connected "$@"
	start strace strace -qq -o "$T/one" -p "$HANDLER"
	poll_until grep -qE '^TracerPid:[[:space:]]+[1-9]' "/proc/$HANDLER/status"
	touch "$T/go"
	eval "$MEANWHILE"
	poll_until gone "$HANDLER"
	poll_until gone "$PID"
	cat "$T/one" >>"$T/trace"
}

uses_all() {
	local map MEANWHILE=
	rm -f "$T/trace"
	target echo times=99 echo
	map=(--map "0x01=${TARGETS[echo]}")
	WITH=(lacks vdso --)
	way socket "${map[@]}"
	traced both:3000000 shut eof
	WITH=()
	way pipes "${map[@]}"
	traced both:100000
	OPTIONS=(timestamps)
	way socket "${map[@]}"
	# shellcheck disable=SC2016 # expanded later
	MEANWHILE='kill -TERM "$HANDLER"'
	traced send:on expect:on send:more expect:more reset
	# shellcheck disable=SC2016
	MEANWHILE='kill -KILL "$LISTENER"'
	way listen-port --drain-timeout 100ms "${map[@]}"
	traced reset-seen
	MEANWHILE=
	OPTIONS=()
	target urgent expect:hello send:hello expect-oob:! shut rest
	way socket --map "0x01=${TARGETS[urgent]}"
	traced oob:! wait:100 shut eof

	sed -nE 's/^([a-z_0-9]+)\(.*/\1/p' "$T/trace" | sort -u >"$T/used"
	allowed >"$T/allowed"
	diff "$T/allowed" "$T/used"
	# And of those with arguments that count, each.
	local value
	for value in F_GETFL F_GETPIPE_SZ F_SETPIPE_SZ FIONBIO SIOCATMARK \
		'[ST]IOCOUTQ'; do
		grep -qE "^(fcntl|ioctl)\([0-9]+, $value" "$T/trace" ||
			{ echo "unused: $value" >&2; return 1; }
	done
}

@test "each call that a relaying process is allowed is one that it makes" {
	needs strace strace
	needs_root
	with_kinds uses_all
}
