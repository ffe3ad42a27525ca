#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Several targets for a byte, targets that start up, and where a connection to a
# target comes from.

load helpers

# refusing NAME: a port that nobody has.
refusing() {
	PORTS[$1]=$(free_port)
	TARGETS[$1]=127.0.0.1:${PORTS[$1]}
}

# took_ms MIN MAX: for the connect.
took_ms() {
	local us
	us=$(field connect_us)
	if [ "$us" -lt $(($1 * 1000)) ] || ! soon "$us" $(($2 * 1000)); then
		echo "connected after $us us" >&2
		return 1
	fi
}

@test "a target that refuses: the next one serves, and the record says so" {
	refusing first
	refusing second
	target third expect:hello send:world shut eof
	handed_over -- --map \
		"0x01=${TARGETS[first]},${TARGETS[second]},${TARGETS[third]}" --debug
	client send:'\x01hello' expect:world eof shut
	handler_status 0
	expect_record result=closed "target=${TARGETS[third]}" \
		"address=${TARGETS[third]}"
	[ -z "$(field error)" ]
	took_ms 0 500
	grep -q "msg=\"target failed\" target=${TARGETS[second]} error=\"Conn" \
		"$LOG"
}

@test "the first target serves as long as it can" {
	target first times=5 echo
	target second echo
	proxy --map "0x01=${TARGETS[first]},${TARGETS[second]}"
	for _ in 1 2 3 4 5; do
		client send:'\x01x' expect:x shut eof
	done
	poll_until record_count 5
	[ "$(grep -c "target=${TARGETS[first]}" "$LOG")" -eq 5 ]
}

@test "all targets fail: the record names the last one, and what it failed of" {
	refusing first
	refusing second
	handed_over -- --map "0x01=${TARGETS[first]},${TARGETS[second]}"
	client send:'\x01' eof
	handler_status 69
	expect_record result=connect-failed "target=${TARGETS[second]}" \
		error='Connection refused'
}

@test "a target that never answers has its share of the time" {
	LOG=$T/super.err in_network '
		talk listen 127.0.0.1:0 "$T/echo.port" echo &
		poll_until test -s "$T/echo.port"
		superserver "$T/super" -- "$BYTE_PROXY" --connect-timeout 900ms --map \
			"0x01=198.51.100.2:80,127.0.0.1:$(<"$T/echo.port"),127.0.0.1:1" \
			2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01hello" expect:hello shut eof
		poll_until grep -q msg=connection "$T/super.err"'
	LOG=$T/super.err
	expect_record result=closed "target=127.0.0.1:$(<"$T/echo.port")"
	took_ms 300 800
}

@test "the connect timeout is one for all targets" {
	in_network 'superserver "$T/super" -- "$BYTE_PROXY" \
			--connect-timeout 600ms --map \
			"0x01=198.51.100.2:80,[2001:db8::2]:80,198.51.100.2:81" \
			2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01" eof
		poll_until test -s "$T/super.status"'
	LOG=$T/super.err
	handler_status 69
	expect_record result=connect-timeout target=198.51.100.2:81
	[ "$(field duration_us)" -ge 590000 ]
	soon "$(field duration_us)" 3000000
}

# spread: 40 connections to two targets; fewer than 5 for one of them happens by
# chance once in ten million runs.
spread() {
	local name
	target one times=40 echo
	target two times=40 echo
	proxy "$@" --map "0x01=${TARGETS[one]},${TARGETS[two]}$PART"
	for _ in $(seq 40); do
		client send:'\x01x' expect:x shut eof
	done
	poll_until record_count 40
	for name in one two; do
		echo "$name: $(grep -c "target=${TARGETS[$name]}" "$LOG")"
		[ "$(grep -c "target=${TARGETS[$name]}" "$LOG")" -ge 5 ]
	done
}

@test "--balance random spreads connections over the targets" {
	PART='' spread --balance random
}

@test "a route spreads its connections by a setting of its own" {
	PART=,balance=random spread
}

@test "a route goes in order where the others are spread" {
	target one times=12 echo
	target two echo
	proxy --balance random --map \
		"0x01=${TARGETS[one]},${TARGETS[two]},balance=order"
	for _ in $(seq 12); do
		client send:'\x01x' expect:x shut eof
	done
	poll_until record_count 12
	[ "$(grep -c "target=${TARGETS[one]}" "$LOG")" -eq 12 ]
}

@test "in whatever order: one that is up serves" {
	refusing one
	refusing two
	target three times=8 echo
	proxy --balance=random --map \
		"0x01=${TARGETS[one]},${TARGETS[two]},${TARGETS[three]}"
	for _ in $(seq 8); do
		client send:'\x01x' expect:x shut eof
	done
	poll_until record_count 8
	[ "$(grep -c 'result=closed' "$LOG")" -eq 8 ]
}

@test "--connect-retry waits for a target that starts up" {
	refusing late
	proxy --debug --connect-retry --map "0x01=${TARGETS[late]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' \
		expect:world eof shut
	CLIENT=$PID
	poll_until failed_times 2
	start late talk listen "${TARGETS[late]}" "$T/late.port" expect:hello \
		send:world shut eof
	ended "$CLIENT" 0
	expect_record result=closed "target=${TARGETS[late]}"
}
failed_times() {
	[ "$(grep -c 'msg="target failed"' "$LOG")" -ge "$1" ]
}

@test "--connect-retry waits for a unix socket that is not there yet" {
	proxy --debug --connect-retry --map "0x01=unix:$T/late.sock"
	start client talk connect "127.0.0.1:$PORT" send:'\x01hello' \
		expect:world eof shut
	CLIENT=$PID
	poll_until failed_times 2
	start late talk listen "unix:$T/late.sock" "$T/late.port" expect:hello \
		send:world shut eof
	ended "$CLIENT" 0
	expect_record result=closed "target=unix:$T/late.sock"
}

@test "--connect-retry waits for a name, whatever else its addresses fail of" {
	# The last one that is tried is in a network that cannot be reached.
	printf '%s late\n' 127.0.0.1 2001:db8:9::1 >"$T/hosts"
	in_network '
		"$BYTE_PROXY" --listen-port 9092 --debug --connect-retry \
			--map 0x01=late:9001 2>"$T/proxy.err" &
		poll_until listens 9092
		talk connect 127.0.0.1:9092 send:"\x01hello" expect:world eof shut &
		client=$!
		poll_until grep -q "target failed" "$T/proxy.err"
		talk listen 127.0.0.1:9001 "$T/late.port" expect:hello \
			send:world shut eof &
		wait $client'
	grep 'target failed' "$T/proxy.err" | grep -q unreachable
}

@test "--connect-retry ends with the connect timeout, and says what failed" {
	refusing never
	handed_over -- --connect-retry --connect-timeout 500ms \
		--map "0x01=${TARGETS[never]}"
	client send:'\x01' eof
	handler_status 69
	expect_record result=connect-failed error='Connection refused'
	[ "$(field duration_us)" -ge 350000 ]
	soon "$(field duration_us)" 3000000
}

@test "a client that has said all, and hung up, is connected all the same" {
	needs socat socat
	refusing late
	LOG=$T/front.err
	BYTE_PROXY_DEBUG=yes BYTE_PROXY_CONNECT_RETRY=yes \
		BYTE_PROXY_MAP=0x01=${TARGETS[late]} start front \
		socat "UNIX-LISTEN:$T/front" "EXEC:$BYTE_PROXY,nofork"
	FRONT=$PID
	poll_until listens_unix "$T/front"
	start client talk connect "unix:$T/front" send:'\x01hello' \
		"await:$T/go" close
	poll_until failed_times 2
	touch "$T/go"
	ended "$PID" 0
	poll_until failed_times 4
	start late talk listen "${TARGETS[late]}" "$T/late.port" expect:hello \
		end-seen
	ended "$PID" 0
	ended "$FRONT" 0
}

@test "without --connect-retry a target that refuses has failed" {
	refusing never
	handed_over -- --map "0x01=${TARGETS[never]}"
	client send:'\x01' eof
	handler_status 69
	soon "$(field duration_us)" 350000
}

@test "SIGTERM and a client that resets end the wait for a target" {
	refusing never
	handed_over -- --debug --connect-retry --connect-timeout 1min \
		--map "0x01=${TARGETS[never]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01' eof
	poll_until failed_times 2
	kill -TERM "$(<"$T/super.pid")"
	handler_status 0
	expect_record result=terminated
	end_all

	handed_over -- --debug --connect-retry --connect-timeout 1min \
		--map "0x01=${TARGETS[never]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01' \
		"await:$T/go" reset
	poll_until failed_times 2
	touch "$T/go"
	handler_status 0
	expect_record result=client-reset 'error=Connection reset by peer'
}

# peer_of PORT: the other end of a connection to it, without the port.
peer_of() {
	ss -Htn "sport = :$1" | awk '{ sub(/:[0-9]*$/, "", $5); print $5 }'
}

# comes_from ADDRESS HOST OPTIONS...: as a target on HOST sees it.
comes_from() {
	local address=$1 host=$2
	shift 2
	target_at held "$host" send:hello shut eof
	proxy "$@" --map "0x01=${TARGETS[held]}"
	start client talk connect "127.0.0.1:$PORT" send:'\x01' expect:hello \
		"touch:$T/there" "await:$T/go" shut eof
	CLIENT=$PID
	poll_until test -e "$T/there"
	[ "$(peer_of "${PORTS[held]}")" = "$address" ] ||
		{ peer_of "${PORTS[held]}" >&2; return 1; }
	touch "$T/go"
	ended "$CLIENT" 0
	expect_record result=closed
	rm "$T/there" "$T/go"
	end_all
}

@test "--source is where connections come from" {
	needs ss iproute2
	comes_from 127.0.0.9 127.0.0.1 --source 127.0.0.9
	# What --check prints of it is that address too.
	comes_from 127.0.0.9 127.0.0.1 --source ::ffff:127.0.0.9 \
		--listen-address ::ffff:127.0.0.1
	comes_from '[::1]' '[::1]' --source ::1
	comes_from 127.0.0.1 127.0.0.1
}

@test "--source leaves unix sockets alone" {
	start unix talk listen "unix:$T/there.sock" "$T/unix.port" expect:x shut eof
	poll_until test -s "$T/unix.port"
	proxy --source 127.0.0.9 --map "0x01=unix:$T/there.sock"
	client send:'\x01x' shut eof
	expect_record result=closed
}

@test "--source of another family, or of another machine" {
	target echo echo
	handed_over -- --source ::1 --map "0x01=${TARGETS[echo]}"
	client send:'\x01' eof
	handler_status 69
	expect_record result=connect-failed \
		error='Address family not supported by protocol'
	end_all
	target echo echo
	handed_over -- --source 192.0.2.1 --map "0x01=${TARGETS[echo]}"
	client send:'\x01' eof
	handler_status 69
	[[ $(field error) =~ ^"Cannot assign"|^"Address not available" ]]
}

# three_hosts: network namespaces "client" (198.18.1.2) and "target"
# (198.18.2.2), with this one between them. What comes back from the target goes
# to a socket of ours where there is one, whatever its address is.
three_hosts='
	for name in client target; do
		ip netns add $name
		ip -n $name link set lo up
	done
	connect() {
		ip link add to_$1 type veth peer name eth0 netns $1
		ip address add 198.18.$2.1/24 dev to_$1
		ip -6 address add fd00:$2::1/64 dev to_$1 nodad
		ip link set to_$1 up
		ip -n $1 address add 198.18.$2.2/24 dev eth0
		ip -n $1 -6 address add fd00:$2::2/64 dev eth0 nodad
		ip -n $1 link set eth0 up
		ip -n $1 route add default via 198.18.$2.1
		ip -n $1 -6 route add default via fd00:$2::1
	}
	connect client 1
	connect target 2
	for family in -4 -6; do
		ip $family rule add iif to_target lookup 100
		ip $family route add local default dev lo table 100
	done
	on_target() {
		ip netns exec target talk listen "$@" &
	}
	of_client() {
		ip netns exec client talk connect "$@"
	}
	peer() {
		ip netns exec target ss -Htn "sport = :$1" |
			sed -nE "s/.* \[?(::ffff:)?([^ ]*[^]])\]?:[0-9]+ *$/\2/p"
	}
	rm -f "$T"/*.port "$T/there" "$T/go"
'

# transparently ADDRESS CLIENT LISTEN...: what the target sees, with options.
transparently() {
	local client=$1 target=$2
	shift 2
	CLIENT=$client TARGET=$target OPTIONS="$*" in_network "$three_hosts"'
		on_target "$TARGET:0" "$T/target.port" send:hello shut eof
		poll_until test -s "$T/target.port"
		port=$(<"$T/target.port")
		"$BYTE_PROXY" --listen-port 9092 $OPTIONS \
			--map "0x01=$TARGET:$port" 2>"$T/proxy.err" &
		proxy=$!
		poll_until listens 9092
		of_client "$CLIENT:9092" send:"\x01" expect:hello "touch:$T/there" \
			"await:$T/go" shut eof &
		client=$!
		poll_until test -e "$T/there" || { cat "$T/proxy.err"; exit 1; }
		peer "$port" >"$T/peer"
		grep -h ^Cap "/proc/$proxy/status" >"$T/listener.caps"
		for child in $(<"/proc/$proxy/task/$proxy/children"); do
			ss -Htnp "dport = :$port" | grep -q "pid=$child," || continue
			grep -h ^Cap "/proc/$child/status" >"$T/handler.caps"
		done
		touch "$T/go"
		wait $client
		kill $proxy
		wait $proxy'
}

@test "--transparent: the target sees the client's address" {
	needs ss iproute2
	transparently 198.18.1.1 198.18.2.2 --transparent
	[ "$(<"$T/peer")" = 198.18.1.2 ]
	transparently '[fd00:1::1]' '[fd00:2::2]' --transparent
	[ "$(<"$T/peer")" = fd00:1::2 ]
	# Without it, ours.
	transparently 198.18.1.1 198.18.2.2 --source 198.18.2.1
	[ "$(<"$T/peer")" = 198.18.2.1 ]
}

@test "--transparent with --user: two capabilities up to the relay, then none" {
	needs ss iproute2
	# With sanitizers nothing is confined: then it is one without them.
	not_instrumented || BYTE_PROXY=$BUILD/dynamic/byte-proxy
	transparently 198.18.1.1 198.18.2.2 --transparent --mark 7 --user 65534
	[ "$(<"$T/peer")" = 198.18.1.2 ]
	cat "$T"/*.caps
	grep -qx 'CapEff:[[:space:]]*0000000000003000' "$T/listener.caps"
	grep -qx 'CapPrm:[[:space:]]*0000000000003000' "$T/listener.caps"
	[ "$(grep -c ':[[:space:]]*0000000000000000$' "$T/handler.caps")" -ge 4 ]
	grep -qx 'CapEff:[[:space:]]*0000000000000000' "$T/handler.caps"
}

@test "--transparent with --user, not confined: none in the relay either" {
	needs ss iproute2
	transparently 198.18.1.1 198.18.2.2 --transparent --user 65534 \
		--confine off
	[ "$(<"$T/peer")" = 198.18.1.2 ]
	cat "$T"/*.caps
	grep -qx 'CapEff:[[:space:]]*0000000000003000' "$T/listener.caps"
	grep -qx 'CapPrm:[[:space:]]*0000000000000000' "$T/handler.caps"
}

@test "a reload without --transparent: no capability in the relay either" {
	needs_root
	local how
	for how in try off; do
		rm -f "$T/up" "$T/go"
		target echo echo
		echo BYTE_PROXY_TRANSPARENT=yes >"$T/env"
		proxy --map "0x01=${TARGETS[echo]}" --env-file "$T/env" \
			--confine "$how"
		: >"$T/env"
		kill -HUP "$PROXY_PID"
		poll_until grep -q msg=reloaded "$LOG"
		start client talk connect "127.0.0.1:$PORT" send:'\x01x' expect:x \
			"touch:$T/up" "await:$T/go" shut eof
		poll_until test -e "$T/up"
		poll_until grep -qx 'CapPrm:[[:space:]]*0000000000000000' \
			"/proc/$(handler_of "$PROXY_PID")/status"
		touch "$T/go"
		expect_record result=closed
		end_all
	done
}

@test "where it cannot be given up: no relay under --confine require" {
	needs_root
	# With sanitizers nothing is confined: then it is one without them.
	[[ $BYTE_PROXY != */asan/* ]] || BYTE_PROXY=$BUILD/dynamic/byte-proxy
	target echo echo
	start super superserver "$T/super" -- lacks capset -- "$BYTE_PROXY" \
		--transparent --confine require --map "0x01=${TARGETS[echo]}"
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client send:'\x01x' eof
	handler_status 71
	expect_record result=system-error bytes_up=0 \
		error='capabilities cannot be given up'
	end_all
	rm -f "$T"/super.*
	target echo echo
	start super superserver "$T/super" -- lacks capset -- "$BYTE_PROXY" \
		--transparent --debug --map "0x01=${TARGETS[echo]}"
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client send:'\x01x' expect:x shut eof
	poll_until grep -q 'msg="not confined" since="capabilities cannot' "$LOG"
}

@test "--transparent without the capability: connect-failed, and why" {
	needs_root
	target echo echo
	install -m 755 "$BYTE_PROXY" "$T/program"
	chmod 711 "$T" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" \
		"$(dirname "$T")" "$BATS_SUITE_TMPDIR"
	start super superserver "$T/super" -- "${AS_OWN[@]}" \
		"$T/program" --transparent \
		--map "0x01=${TARGETS[echo]}"
	LOG=$T/super.err
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port") client send:'\x01' eof
	handler_status 69
	expect_record result=connect-failed error='Operation not permitted'
}

@test "--mark is on the packets that go to the target" {
	# Packets with that mark, and no others, are refused.
	in_network '
		ip rule add fwmark 0x1f prohibit
		talk listen 127.0.0.1:0 "$T/echo.port" times=2 echo &
		poll_until test -s "$T/echo.port"
		port=$(<"$T/echo.port")
		for mark in 0x1f 30; do
			rm -f "$T"/super.port
			superserver "$T/super" -- "$BYTE_PROXY" --mark $mark \
				--map "0x01=198.51.100.2:80,127.0.0.1:$port" \
				--connect-timeout 600ms --debug 2>>"$T/super.err" &
			poll_until test -s "$T/super.port"
			talk_connect send:"\x01hello" shut end-seen
			wait $!
		done'
	LOG=$T/super.err
	grep 'target failed' "$LOG" | sed -n 1p | grep -q 'Permission denied'
	grep 'target failed' "$LOG" | sed -n '$p' | grep -qi 'timed out'
}
