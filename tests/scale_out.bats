#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Several machines: contrib/scale-out's haproxy in front of two hosts that run
# byte-proxy, one and two.

load helpers

# byte_proxy_on HOST: with the listener's process id in PROXY[HOST]. Not by on():
# that would be one process more.
byte_proxy_on() {
	ip netns exec "$1" "$BYTE_PROXY" --listen-port 9092 --accept-proxy \
		--map 0x01=192.0.2.3:9001 2>"$T/$1.err" &
	PROXY[$1]=$!
	poll_until grep -q msg=listening "$T/$1.err"
}

# machines: haproxy is here, 192.0.2.254, as the example has it.
machines() {
	declare -gA PROXY
	host one 1
	host two 2
	host server 3
	host client 4
	on server talk listen 192.0.2.3:9001 "$T/server.port" times=100 echo &
	poll_until test -s "$T/server.port"
	byte_proxy_on one
	byte_proxy_on two
	echo 'haproxy:x:64998:64998::/:/usr/sbin/nologin' >>/etc/passwd
	echo 'haproxy:x:64998:' >>/etc/group
	mkdir /run/haproxy
	sed 's/192\.0\.2\.1\([12]\):/192.0.2.\1:/' \
		"$TESTS/../contrib/scale-out/haproxy.cfg" >"$T/haproxy.cfg"
	"$BUILD/servers/haproxy/usr/sbin/haproxy" -db -f "$T/haproxy.cfg" \
		>"$T/haproxy.err" 2>&1 &
	poll_until listens 9092
}

# connection STEPS...: a client's, through it all.
connection() {
	on client talk connect 192.0.2.254:9092 send:'\x01hello' expect:hello \
		"$@"
}

# connections N: one after the other.
connections() {
	local i
	for ((i = 0; i < $1; i++)); do connection shut eof; done
}

# closed HOST N: so many have ended there as they should.
closed() {
	[ "$(grep -c result=closed "$T/$1.err")" -eq "$2" ]
}

# haproxy_told COMMAND: on its stats socket; it has nothing to say.
haproxy_told() {
	[ -z "$(socat - UNIX:/run/haproxy/admin.sock <<<"$1" | tr -d '\n')" ]
}

# carries HOST N: of so many connections it is the way, as haproxy has it.
carries() {
	[ "$(socat - UNIX:/run/haproxy/admin.sock <<<'show stat' |
		awk -F, -v "host=$1" '$2 == host { print $5 }')" -eq "$2" ]
}
export -f byte_proxy_on machines connection connections closed haproxy_told \
	carries

@test "hosts share the connections, and each knows the client" {
	needs socat socat
	in_network 'machines
		connection touch:"$T/up" await:"$T/go" shut eof & first=$!
		poll_until test -e "$T/up"
		connections 1
		touch "$T/go"
		wait $first
		poll_until closed one 1
		poll_until closed two 1
		checked() { grep -E "result=(no-byte|client-reset)" \
			"$T/$1.err" | grep -v peer= |
			grep -q "client=192\.0\.2\.254:"; }
		poll_until checked one
		poll_until checked two'
	local host
	for host in one two; do
		grep 'result=closed' "$T/$host.err" |
			grep -q 'client=192\.0\.2\.4:.* peer=192\.0\.2\.254:'
		# What a check looks like is nothing to warn of.
		not grep -v level=info "$T/$host.err"
	done
}

@test "a host that dies takes its own connections along, and no others" {
	own_pace "haproxy takes what is late for what is dead"
	needs socat socat
	in_network 'machines
		connection touch:"$T/dies.up" both:4000000000 & dies=$!
		poll_until test -e "$T/dies.up"
		connection both:3000000 touch:"$T/stays.up" await:"$T/dead" \
			both:3000000 shut eof & stays=$!
		poll_until test -e "$T/stays.up"
		carries one 1
		carries two 1
		kill -KILL ${PROXY[one]} \
			$(</proc/${PROXY[one]}/task/${PROXY[one]}/children)
		# Who connects before the port is gone has a reset, not a refusal.
		refuses() { ! on "$1" ss -Hltn "sport = :9092" | grep -q .; }
		poll_until refuses one
		begin=${EPOCHREALTIME/./}
		# haproxy has not noticed yet, and takes it for the idle one.
		connections 10
		[ $((${EPOCHREALTIME/./} - begin)) -lt 5000000 ]
		closed two 10
		! wait $dies
		touch "$T/dead"
		wait $stays
		poll_until closed two 11'
	not grep -q result=closed "$T/one.err"
}

@test "a host is drained, and is stopped, and nobody notices" {
	needs socat socat
	in_network 'machines
		haproxy_told "set server byte-proxy/two state drain"
		for name in before after; do
			connection touch:"$T/$name.up" await:"$T/$name" \
				both:3000000 shut eof &
			poll_until test -e "$T/$name.up"
			declare $name=$!
		done
		carries one 2
		haproxy_told "set server byte-proxy/two state ready"
		haproxy_told "set server byte-proxy/one state drain"
		connections 5
		poll_until closed two 5
		closed one 0
		touch "$T/before"
		wait $before
		poll_until closed one 1
		# The other one would be waited for.
		kill -TERM ${PROXY[one]}
		poll_until grep -q msg=draining "$T/one.err"
		connections 5
		poll_until closed two 10
		touch "$T/after"
		wait $after
		wait ${PROXY[one]}
		closed one 2
		poll_until carries one 0'
}

# as_written REGEX: the commands of the README that match, a line each.
as_written() {
	sed -n 's/^    //p' "$TESTS/../contrib/scale-out/README.md" | grep "$1"
}
# held NAME: a connection that stays until there is a file of that name.
held() {
	connection touch:"$T/$1.up" await:"$T/$1" shut eof &
	poll_until test -e "$T/$1.up"
}
export -f as_written held

@test "the commands of contrib/scale-out, as they are written" {
	needs socat socat
	in_network 'machines
		install_program BYTE_PROXY_MAP=0x01=192.0.2.3:9001
		host three 5
		on three bash -c "$(as_written "^byte-proxy ")" 2>"$T/three.err" &
		poll_until grep -q "msg=listening address=\[::\]:9092" "$T/three.err"
		on client talk connect 192.0.2.5:9092 \
			send:"PROXY UNKNOWN\r\n\x01hello" expect:hello shut eof
		# Behind the first "&&" is what changes the machine.
		check=$(as_written "^haproxy ")
		cd "$TESTS/../contrib/scale-out"
		PATH=$BUILD/servers/haproxy/usr/sbin:$PATH bash -c "${check%% &&*}"
		cd /
		eval "$(as_written "^tell()")"
		mapfile -t commands < <(as_written "^tell ")
		[ ${#commands[@]} -eq 3 ]
		haproxy_told "set server byte-proxy/two state drain"
		held first
		haproxy_told "set server byte-proxy/two state ready"
		# Drain it.
		[ -z "$(eval "${commands[0]}")" ]
		for i in 1 2 3; do held others$i; done
		carries two 3
		# So many are left.
		[ "$(eval "${commands[1]}")" -eq 1 ]
		touch "$T/first"
		none_left() { [ "$(eval "${commands[1]}")" -eq 0 ]; }
		poll_until none_left
		# It is back.
		[ -z "$(eval "${commands[2]}")" ]
		held last
		carries one 1
		touch "$T"/others{1,2,3} "$T/last"
		poll_until closed two 3
		poll_until closed one 2'
}
