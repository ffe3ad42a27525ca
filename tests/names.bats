#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Names: hosts file and DNS, dead addresses, resolvers that never answer. Each
# in a network and with files of its own.

load helpers

# served SCRIPT-BEFORE ARGUMENTS...: one connection in the network, whose
# target is an echo on 127.0.0.1, port $port in SCRIPT and arguments.
served() {
	local before=$1
	shift
	LOG=$T/super.err
	ARGUMENTS="$*" in_network "$before"'
		talk listen "${HOST:-127.0.0.1}:0" "$T/echo.port" echo &
		poll_until test -s "$T/echo.port"
		port=$(<"$T/echo.port")
		superserver "$T/super" -- "$BYTE_PROXY" ${ARGUMENTS//PORT/$port} \
			2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01hello" expect:hello shut eof
		poll_until grep -q msg=connection "$T/super.err"'
}

# connected_within MS
connected_within() {
	local took
	took=$(field connect_us)
	soon "$took" $(($1 * 1000)) || {
		echo "connected after $took us" >&2
		return 1
	}
}

# programs: of both C libraries; with sanitizers there is one.
programs() {
	if not_instrumented; then
		# shellcheck disable=SC2086 # words
		printf "$BUILD/%s/byte-proxy\n" $KINDS
	else
		echo "$BYTE_PROXY"
	fi
}

@test "a name of the hosts file" {
	echo '127.0.0.1 some.name' >"$T/hosts"
	for BYTE_PROXY in $(programs); do
		rm -f "$T"/super.* "$T/echo.port"
		served '' --map 0x01=some.name:PORT
		expect_record result=closed "address=127.0.0.1:$(<"$T/echo.port")"
	done
}

@test "a name with IPv6 alone" {
	echo '::1 six' >"$T/hosts"
	HOST='[::1]' served '' --map 0x01=six:PORT
	expect_record result=closed "address=[::1]:$(<"$T/echo.port")"
}

@test "the first address refuses: the next one is tried at once" {
	printf '%s\n' '::1 both' '127.0.0.1 both' >"$T/hosts"
	served '' --map 0x01=both:PORT
	expect_record result=closed "address=127.0.0.1:$(<"$T/echo.port")"
	connected_within 250
}

@test "the first address never answers: the next one is tried after 250 ms" {
	printf '%s\n' '2001:db8::2 both' '127.0.0.1 both' >"$T/hosts"
	served '' --map 0x01=both:PORT
	expect_record result=closed "address=127.0.0.1:$(<"$T/echo.port")"
	connected_within 400
	# It was tried first, or this would not have been a test.
	[ "$(field connect_us)" -ge 250000 ]
}

@test "the second address refuses while the first is waited for: the third at once" {
	# The families take turns, and the first one's queue has no place left.
	printf '%s three\n' ::1 127.0.0.1 2001:db8::1 >"$T/hosts"
	HOST='[2001:db8::1]' served 'full() {
			poll_until test -s "$T/echo.port"
			exec talk listen "[::1]:$(<"$T/echo.port")" "$T/full.port" full
		}
		full &
		superserver() {
			poll_until test -s "$T/full.port"
			command superserver "$@"
		}' --map 0x01=three:PORT
	expect_record result=closed "address=[2001:db8::1]:$(<"$T/echo.port")"
	connected_within 400
	[ "$(field connect_us)" -ge 250000 ]
}

@test "an address that cannot be tried at all is passed over at once" {
	printf '%s\n' '::1 both' '127.0.0.1 both' >"$T/hosts"
	served '' --map 0x01=both:PORT --source 127.0.0.9
	expect_record result=closed "address=127.0.0.1:$(<"$T/echo.port")"
	connected_within 250
}

@test "the first to answer wins, and of the others nothing is left" {
	needs ss iproute2
	printf '%s\n' '2001:db8:1::1 both' '198.51.100.2 both' >"$T/hosts"
	LOG=$T/super.err
	in_network 'host late 1
		ip -6 address add 2001:db8:1::254/64 dev switch nodad
		ip -n late -6 address add 2001:db8:1::1/64 dev eth0 nodad
		on late talk listen "[2001:db8:1::1]:9001" "$T/late.port" \
			expect:hello send:world "await:$T/go" shut eof &
		poll_until test -s "$T/late.port"
		# What is sent there is lost, and not for want of its address.
		ip neighbour add 2001:db8:1::1 dev switch lladdr \
			"$(on late cat /sys/class/net/eth0/address)"
		unplug late
		superserver "$T/super" -- "$BYTE_PROXY" --map 0x01=both:9001 \
			2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01hello" expect:world "touch:$T/up" \
			"await:$T/go" shut eof & client=$!
		attempts() { [ "$(ss -Htn state syn-sent | wc -l)" -eq "$1" ]; }
		poll_until attempts 2
		plug late
		poll_until test -e "$T/up"
		attempts 0
		# The client on 0 and 1, and the target.
		[ "$(find "/proc/$(<"$T/super.pid")/fd" -lname "socket:*" |
			wc -l)" -eq 3 ]
		touch "$T/go"
		wait $client
		poll_until grep -q msg=connection "$T/super.err"'
	expect_record result=closed 'address=[2001:db8:1::1]:9001'
}

# With TCP_FASTOPEN_CONNECT a connect() succeeds before anything was sent, where
# the kernel needs no cookie for that, and no other address is tried any more.
@test "fast open: an address is connected when it has answered" {
	local fast='echo 5 >/proc/sys/net/ipv4/tcp_fastopen'
	printf '%s\n' '::1 refuses' '127.0.0.1 refuses' '2001:db8::2 silent' \
		'127.0.0.1 silent' >"$T/hosts"
	for name in refuses silent; do
		rm -f "$T"/super.* "$T"/echo.port
		served "$fast" --map "0x01=$name:PORT"
		expect_record result=closed \
			"address=127.0.0.1:$(<"$T/echo.port")"
		connected_within 400
	done
	rm -f "$T"/super.* "$T"/echo.port
	served "$fast" --map 0x01=127.0.0.1:1,127.0.0.1:PORT
	expect_record result=closed "target=127.0.0.1:$(<"$T/echo.port")"
}

@test "a name from DNS" {
	needs dnsmasq dnsmasq-base
	echo 'nameserver 127.0.0.1' >"$T/resolv.conf"
	echo '127.0.0.1 localhost' >"$T/hosts"
	for BYTE_PROXY in $(programs); do
		rm -f "$T"/super.* "$T/echo.port"
		served 'dnsmasq --no-daemon --no-hosts --no-resolv --port=53 \
				--listen-address=127.0.0.1 --user=root --pid-file= \
				--local=/by.dns/ --host-record=host.by.dns,127.0.0.1 \
				2>"$T/dnsmasq.err" &
			poll_until grep -q started "$T/dnsmasq.err"' \
			--map 0x01=host.by.dns:PORT
		expect_record result=closed \
			target="host.by.dns:$(<"$T/echo.port")" \
			"address=127.0.0.1:$(<"$T/echo.port")"
	done
}

# unresolved ARGUMENTS...: a connection whose name server never answers; the
# client's steps are in STEPS.
unresolved() {
	# 198.51.100.2 takes questions and answers none.
	echo 'nameserver 198.51.100.2' >"$T/resolv.conf"
	echo '127.0.0.1 localhost' >"$T/hosts"
	LOG=$T/super.err
	ARGUMENTS="$*" in_network 'superserver "$T/super" -- "$BYTE_PROXY" \
			--map 0x01=some.name:80 $ARGUMENTS 2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		'"$STEPS"'
		wait'
}

@test "a resolver that never answers is bounded by the connect timeout" {
	STEPS='talk_connect send:"\x01" eof' \
		unresolved --connect-timeout 300ms
	handler_status 69
	expect_record result=connect-timeout target=some.name:80
	soon "$(field duration_us)" 3000000
}

@test "a client that hangs up meanwhile is no reason to end, or to spin" {
	needs socat socat
	# In hundredths of a second, what children have used.
	STEPS='used() { awk "{ print \$16 + \$17 }" /proc/$$/stat; }
		talk_connect send:x eof
		before=$(used)
		export BYTE_PROXY_MAP=0x01=some.name:80 \
			BYTE_PROXY_CONNECT_TIMEOUT=2s
		socat "UNIX-LISTEN:$T/front" "EXEC:$BYTE_PROXY,nofork" \
			2>"$T/front.err" & front=$!
		poll_until test -S "$T/front"
		talk connect "unix:$T/front" send:"\x01" wait:300 close
		wait $front || echo "$? $(($(used) - before))" >"$T/status"' \
		unresolved
	local status ticks
	read -r status ticks <"$T/status"
	[ "$status" -eq 69 ]
	LOG=$T/front.err
	expect_record result=connect-timeout
	is_under_valgrind || [ "$ticks" -lt 70 ]
}

@test "SIGTERM while resolving ends at once" {
	STEPS='talk_connect send:"\x01" eof & client=$!
		poll_until test -s "$T/super.pid"
		read -r pid <"$T/super.pid"
		poll_until eval "[ -n \"\$(cat /proc/$pid/task/$pid/children)\" ]"
		kill -TERM "$pid"
		wait $client' unresolved --connect-timeout 8s
	handler_status 0
	expect_record result=terminated
	soon "$(field duration_us)" 3000000
}

@test "a client that resets while its target is resolved or connected" {
	STEPS='talk_connect send:"\x01" await:"$T/super.pid" wait:100 reset' \
		unresolved --connect-timeout 8s
	handler_status 0
	expect_record result=client-reset
	# Under valgrind it begins after the reset.
	is_under_valgrind || expect_record 'error=Connection reset by peer'
	soon "$(field duration_us)" 3000000

	rm -f "$T"/super.*
	in_network 'superserver "$T/super" -- "$BYTE_PROXY" \
			--map 0x01=198.51.100.2:80 2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01" await:"$T/super.pid" wait:100 reset
		wait'
	handler_status 0
	expect_record result=client-reset
	is_under_valgrind || expect_record 'error=Connection reset by peer'
	soon "$(field duration_us)" 3000000
}

@test "no resolver process outlives the connection that it was for" {
	STEPS='talk_connect send:"\x01" eof
		poll_until test -s "$T/super.status"
		pgrep -cx byte-proxy >"$T/left" || true' \
		unresolved --connect-timeout 300ms
	[ "$(<"$T/left")" -eq 0 ]
}

@test "nor one that is killed while it waits for it" {
	# It would go on asking for long.
	printf '%s\n' 'nameserver 198.51.100.2' 'options timeout:30' \
		>"$T/resolv.conf"
	echo '127.0.0.1 localhost' >"$T/hosts"
	in_network 'superserver "$T/super" -- "$BYTE_PROXY" --map 0x01=some.name:80 \
			--connect-timeout 1min 2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01" end-seen & client=$!
		poll_until test -s "$T/super.pid"
		read -r pid <"$T/super.pid"
		poll_until eval "[ -n \"\$(cat /proc/$pid/task/$pid/children)\" ]"
		child=$(<"/proc/$pid/task/$pid/children")
		kill -KILL "$pid"
		POLL_SECONDS=10 poll_until gone "${child% }"
		wait $client'
}

@test "nor is it there while another target serves in its place" {
	printf '%s\n' 'nameserver 198.51.100.2' 'options timeout:30' \
		>"$T/resolv.conf"
	echo '127.0.0.1 localhost' >"$T/hosts"
	in_network 'talk listen 127.0.0.1:0 "$T/echo.port" echo &
		poll_until test -s "$T/echo.port"
		superserver "$T/super" -- "$BYTE_PROXY" --connect-timeout 1s \
			--map "0x01=some.name:80,127.0.0.1:$(<"$T/echo.port")" \
			2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01x" expect:x "touch:$T/up" "await:$T/go" \
			shut eof & client=$!
		poll_until test -e "$T/up"
		read -r pid <"$T/super.pid"
		[ -z "$(<"/proc/$pid/task/$pid/children")" ]
		touch "$T/go"
		wait $client'
}

@test "the connect timeout is one for the name and the connection" {
	needs ss iproute2
	needs dnsmasq dnsmasq-base
	needs socat socat
	echo 'nameserver 127.0.0.1' >"$T/resolv.conf"
	echo '127.0.0.1 localhost' >"$T/hosts"
	LOG=$T/super.err
	# The answer comes late, and nobody is at the address.
	in_network 'dnsmasq --no-daemon --no-hosts --no-resolv --port=5353 \
			--listen-address=127.0.0.1 --user=root --pid-file= -q \
			--local=/by.dns/ --host-record=hole.by.dns,198.51.100.2 \
			2>"$T/dnsmasq.err" &
		poll_until grep -q started "$T/dnsmasq.err"
		socat -d -d -t 9 UDP-RECVFROM:53,bind=127.0.0.1,fork \
			"SYSTEM:sleep 1.2; exec socat -t 1 - UDP\:127.0.0.1\:5353" \
			2>"$T/late.err" &
		poll_until grep -q "receiving on" "$T/late.err"
		superserver "$T/super" -- "$BYTE_PROXY" --map 0x01=hole.by.dns:80 \
			--connect-timeout 2s 2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01" eof & client=$!
		connecting() { ss -Htn state syn-sent | grep -q 198.51.100.2:80; }
		poll_until connecting
		wait $client
		poll_until test -s "$T/super.status"'
	handler_status 69
	expect_record result=connect-timeout target=hole.by.dns:80
	[ "$(field duration_us)" -ge 1990000 ]
	soon "$(field duration_us)" 2900000
}

@test "a name that does not exist: connect-failed, and why" {
	needs dnsmasq dnsmasq-base
	echo 'nameserver 127.0.0.1' >"$T/resolv.conf"
	echo '127.0.0.1 localhost' >"$T/hosts"
	LOG=$T/super.err
	in_network 'dnsmasq --no-daemon --no-hosts --no-resolv --port=53 \
			--listen-address=127.0.0.1 --user=root --pid-file= \
			--local=/invalid/ 2>"$T/dnsmasq.err" &
		poll_until grep -q started "$T/dnsmasq.err"
		superserver "$T/super" -- "$BYTE_PROXY" \
			--map 0x01=no.such.invalid:80 2>"$T/super.err" &
		poll_until test -s "$T/super.port"
		talk_connect send:"\x01" eof
		poll_until test -s "$T/super.status"'
	handler_status 69
	expect_record result=connect-failed target=no.such.invalid:80
	[ -n "$(field error)" ]
}
