#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# --max-connections-per-source.

load helpers

# held NAME N IP: N connections from there that stay until $T/NAME.go is there.
held() {
	local i
	for ((i = 1; i <= $2; i++)); do
		start "$1$i" talk connect "127.0.0.1:$PORT" "from=$3" \
			send:'\x01x' expect:x touch:"$T/$1$i.up" \
			await:"$T/$1.go" shut eof
		CLIENT=$PID
	done
	for ((i = 1; i <= $2; i++)); do
		poll_until test -e "$T/$1$i.up"
	done
}

refused() {
	talk connect "127.0.0.1:$PORT" "from=$1" nothing
}

served() {
	talk connect "127.0.0.1:$PORT" "from=$1" send:'\x01y' expect:y shut eof
}

@test "one more of a source is refused, another source is served, an end gives back" {
	target echo times=9 echo
	proxy --map "0x01=${TARGETS[echo]}" --max-connections-per-source 2
	held a 2 127.0.0.2
	refused 127.0.0.2
	expect_record result=source-limit
	# Also where nobody is left to be refused.
	talk connect "127.0.0.1:$PORT" from=127.0.0.2 reset
	expect_record 2:result=source-limit
	served 127.0.0.3
	touch "$T/a.go"
	ended "$CLIENT" 0
	poll_until record_count 5
	poll_until served 127.0.0.2
}

one_is_gone() {
	gone "$1" || gone "$2"
}

@test "who is refused sees an end, and no reset for what it sent before" {
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}" --max-connections-per-source 1
	held a 1 127.0.0.2
	# All of it is there before anybody looks.
	stop_spares
	start refused talk connect "127.0.0.1:$PORT" from=127.0.0.2 put:30000 \
		acked "touch:$T/sent" "await:$T/refused" eof \
		send:x
	REFUSED=$PID
	poll_until test -e "$T/sent"
	kill -CONT "${SPARES[@]}"
	# A reset would come when the process ends, behind the end: who has seen it
	# can send no more.
	poll_until one_is_gone "${SPARES[@]}"
	touch "$T/refused"
	ended "$REFUSED" 0
	expect_record result=source-limit
	touch "$T/a.go"
	ended "$CLIENT" 0
}

@test "a handler that is killed gives its place back" {
	target echo times=9 echo
	proxy --map "0x01=${TARGETS[echo]}" --max-connections-per-source 1
	local listener=$PROXY_PID
	start k talk connect "127.0.0.1:$PORT" from=127.0.0.2 \
		send:'\x01x' expect:x touch:"$T/k.up" end-seen
	poll_until test -e "$T/k.up"
	refused 127.0.0.2
	# A refused one may be one for a moment.
	local handler
	for handler in $(handlers "$listener"); do
		kill -KILL "$handler" || true
	done
	poll_until served 127.0.0.2
}

@test "in a burst there are never more" {
	target echo times=99 echo
	proxy --map "0x01=${TARGETS[echo]}" --max-connections-per-source 5
	local i up
	for ((i = 0; i < 60; i++)); do
		start "b$i" talk connect "127.0.0.1:$PORT" from=127.0.0.2 \
			send:'\x01x' expect:x touch:"$T/b$i.up" \
			await:"$T/b.go" shut eof
	done
	limited() {
		[ "$(records | grep -c result=source-limit)" -eq 55 ]
	}
	poll_until limited
	all_up() {
		up=("$T"/b*.up)
		[ "${#up[@]}" -eq 5 ]
	}
	poll_until all_up
	touch "$T/b.go"
}

# The listener finds that one has ended before it has looked at its second
# report: its reaping is held up, so that those that waited end meanwhile.
@test "who waited to be counted gives back, however soon it ends" {
	needs strace strace
	own_pace "none ends that soon"
	target echo times=99 echo
	start proxy strace -qq -o "$T/trace" -e trace=wait4 \
		-e inject=wait4:delay_enter=60ms "$BYTE_PROXY" --listen-port 0 \
		--map "0x01=${TARGETS[echo]}" --max-connections-per-source 1
	traced_proxy
	# At once again, so that one waits when the one before is reaped.
	local i end=$((SECONDS + 20))
	for ((i = 0; i < 20; )); do
		if served 127.0.0.2; then ((++i)); fi
		((SECONDS < end)) || return 1
	done
}

# Each that waited for it would have a place, which others have no more.
@test "who is refused does not wait for a log that does not keep up" {
	needs socat socat
	in_network 'start_syslog "$T/syslog" 0
		syslog=$!
		export TALK_SECONDS=60
		talk listen 127.0.0.1:0 "$T/echo.port" times=2 echo &
		poll_until test -s "$T/echo.port"
		"$BYTE_PROXY" --listen-port 9092 --max-connections 5 --log syslog \
			--map "0x01=127.0.0.1:$(<"$T/echo.port")" \
			--max-connections-per-source 1 &
		proxy=$!
		poll_until listens 9092
		talk connect 127.0.0.1:9092 from=127.0.0.2 send:"\x01x" expect:x \
			"touch:$T/up" "await:$T/go" shut eof &
		held=$!
		poll_until test -e "$T/up"
		kill -STOP $syslog
		start_ms=$(now_ms)
		for ((i = 0; i < 20; i++)); do
			talk connect 127.0.0.1:9092 from=127.0.0.2 nothing
		done
		echo $(($(now_ms) - start_ms)) >"$T/took"
		talk connect 127.0.0.1:9092 from=127.0.0.3 send:"\x01y" expect:y \
			shut eof
		kill -CONT $syslog
		touch "$T/go"
		wait $held
		kill $proxy
		wait $proxy'
	soon "$(<"$T/took")" 10000
}

@test "of IPv6 it is the network that counts, of IPv4 the address" {
	in_network '
		for address in 2001:db8:0:1::5 2001:db8:0:1::6 2001:db8:0:2::5; do
			ip -6 address add $address/128 dev lo nodad
		done
		talk listen 127.0.0.1:0 "$T/echo.port" times=9 echo &
		poll_until test -s "$T/echo.port"
		"$BYTE_PROXY" --listen-port 9092 --max-connections-per-source 1 \
			--map "0x01=127.0.0.1:$(<"$T/echo.port")" 2>"$T/proxy.err" &
		proxy=$!
		poll_until listens 9092
		talk connect "[::1]:9092" "from=[2001:db8:0:1::5]" send:"\x01x" expect:x \
			"touch:$T/up" "await:$T/go" shut eof &
		held=$!
		poll_until test -e "$T/up"
		talk connect "[::1]:9092" "from=[2001:db8:0:1::6]" nothing
		talk connect "[::1]:9092" "from=[2001:db8:0:2::5]" send:"\x01y" expect:y \
			shut eof
		talk connect 127.0.0.1:9092 from=127.0.0.2 send:"\x01y" expect:y \
			"touch:$T/up4" "await:$T/go" shut eof &
		held4=$!
		poll_until test -e "$T/up4"
		talk connect 127.0.0.1:9092 from=127.0.0.3 send:"\x01y" expect:y \
			shut eof
		talk connect 127.0.0.1:9092 from=127.0.0.2 nothing
		touch "$T/go"
		wait $held $held4
		kill $proxy
		wait $proxy'
	[ "$(grep -c result=source-limit "$T/proxy.err")" -eq 2 ]
	grep -q 'msg=stopped served=4 refused=2' "$T/proxy.err"
}

@test "a reload turns it on, changes it and turns it off" {
	target echo times=9 echo
	echo >"$T/env"
	proxy --map "0x01=${TARGETS[echo]}" --env-file "$T/env"
	local listener=$PROXY_PID reloads=0
	reloaded() {
		[ "$(grep -c 'msg=reloaded' "$LOG")" -ge "$1" ]
	}
	limit() {
		echo "BYTE_PROXY_MAX_CONNECTIONS_PER_SOURCE=$1" >"$T/env"
		kill -HUP "$listener"
		reloads=$((reloads + 1))
		poll_until reloaded "$reloads"
	}
	held a 2 127.0.0.2
	# Those that are there already count.
	limit 2
	poll_until refused 127.0.0.2
	limit 3
	poll_until served 127.0.0.2
	limit 0
	held c 3 127.0.0.2
	touch "$T/a.go" "$T/c.go"
}
