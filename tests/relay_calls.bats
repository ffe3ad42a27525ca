#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The relay where one of its calls fails, or something comes between two of them.

load helpers

HELD=(keep)

# handed_over_traced OPTIONS... -- ARGUMENTS...: as handed_over does it, under
# strace with these options, which writes to $T/trace; HELD has options of the
# super-server.
handed_over_traced() {
	local options=()
	needs strace strace
	own_pace "calls are valgrind's too"
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	start super superserver "${HELD[@]}" "$T/super" -- strace -f -o "$T/trace" \
		"${options[@]}" "$BYTE_PROXY" "$@"
	SUPER_PID=$PID
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port")
}

# The flags of the sockets that the super-server holds; 04000 is O_NONBLOCK.
held_flags() {
	find "/proc/$SUPER_PID/fd" -lname 'socket:*' -printf '%f\n' |
		while read -r fd; do
			sed -n 's/^flags:[[:space:]]*//p' \
				"/proc/$SUPER_PID/fdinfo/$fd"
		done
}

@test "a client is left as it was where only one end could be made non-blocking" {
	target sink get:3000000 eof
	handed_over_traced -e trace=fcntl,ioctl -e inject=fcntl:error=ENOMEM:when=3 \
		-- --map "0x01=${TARGETS[sink]}" --idle-timeout 5s
	start client talk connect "127.0.0.1:$PORT" send:'\x01' put:3000000 eof \
		"await:$T/go"
	CLIENT=$PID
	expect_record result=idle-timeout bytes_up=3000000
	grep -q 'ioctl(0, FIONBIO, \[1\]) *= 0' "$T/trace"
	grep -q 'fcntl(3, F_GETFL.*INJECTED' "$T/trace"
	[ "$(held_flags | wc -l)" -eq 2 ]
	not grep -qE '4...$' <(held_flags)
	touch "$T/go"
	ended "$CLIENT" 0
}

@test "nothing is written to a pipe of which it is not known whether it has room" {
	needs strace strace
	own_pace "calls are valgrind's too"
	# Elsewhere poll() is ppoll(2), with which the relay waits as well.
	[ "$(uname -m)" = x86_64 ] || skip "poll(2) is a call of this machine only"
	target source put:1000000 rest
	mkfifo "$T/fifo"
	exec 8<>"$T/fifo" # that nobody reads
	start proxy bash -c 'printf "\1" | "$@" >"$0"' "$T/fifo" \
		strace -f -o "$T/trace" -e trace=poll,write \
		-e inject=poll:error=ENOMEM:when=4+ \
		"$BYTE_PROXY" --map "0x01=${TARGETS[source]}" 8>&-
	LOG=$T/proxy.err
	expect_record result=system-error bytes_down=12288 client=pipe
	exec 8>&-
}

@test "urgent data and a reset that come between two calls" {
	# Each call of splice takes so long that the client is quicker.
	target oob inline get:65536@2 get:20000@3 "touch:$T/there" expect:! \
		get:1000@4 reset-seen
	handed_over_traced -e trace=splice -e inject=splice:delay_exit=500000 \
		-- --map "0x01=${TARGETS[oob]}"
	client send:'\x01' put:65536@2 acked put:20000@3 "await:$T/there" oob:! \
		put:1000@4 acked reset
	ended "$TARGET_PID" 0
	expect_record result=client-reset bytes_up=86537
}

@test "urgent data that come while it stands at the mark of others, in bulk" {
	target oob inline get:65536@2 "touch:$T/there" expect:a get:1000@3 \
		expect:b get:1000@4 shut eof
	handed_over_traced -e trace=splice -e inject=splice:delay_exit=500000 \
		-- --map "0x01=${TARGETS[oob]}"
	client send:'\x01' put:65536@2 "await:$T/there" oob:a put:1000@3 oob:b \
		put:1000@4 shut eof
	ended "$TARGET_PID" 0
	expect_record result=closed bytes_up=67538
}

@test "urgent data of a unix socket that come between two calls" {
	unix_target oob "unix:$T/socket" put:65536@2 "await:$T/there" oob:! \
		put:1000@3 shut rest
	handed_over_traced -e trace=splice -e inject=splice:delay_exit=500000 \
		-- --map "0x01=unix:$T/socket"
	client inline send:'\x01' get:65536@2 "touch:$T/there" expect:! \
		get:1000@3 eof
	expect_record result=closed bytes_down=66537
}

@test "urgent data that come while poll() reports the error queue" {
	# It reports that what was sent has been, and what comes then is later.
	target oob inline send:hello expect:!abc shut eof
	HELD=(timestamps)
	handed_over_traced -e trace=ppoll,recvmsg \
		-e inject=ppoll:delay_exit=500000 \
		-- --map "0x01=${TARGETS[oob]}"
	client send:'\x01' expect:hello wait:200 oob:! send:abc \
		shut eof
	ended "$TARGET_PID" 0
	expect_record result=closed bytes_up=4 bytes_down=5
}

@test "urgent data and a reset that come while something is held" {
	# What is held is, since the target seems to take nothing at first.
	target oob inline "touch:$T/there" expect:hello! get:1000@4 reset-seen
	handed_over_traced -e trace=sendto \
		-e inject=sendto:error=EAGAIN:delay_exit=1000000:when=1 \
		-- --map "0x01=${TARGETS[oob]}"
	client send:'\x01hello' "await:$T/there" oob:! put:1000@4 acked reset
	ended "$TARGET_PID" 0
	expect_record result=client-reset bytes_up=1006
}
