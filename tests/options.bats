#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# Options, variables, the file, and which of them wins.

load helpers

check() {
	run --separate-stderr "$BYTE_PROXY" "$@" --check </dev/null
	# shellcheck disable=SC2154 # stderr is set by run
	[ "$status" -eq 0 ] || { echo "$stderr" >&2; return 1; }
}

# printed LINE...: --check printed each of these lines.
printed() {
	local line
	for line; do
		grep -qxF -- "$line" <<<"$output" || {
			printf 'missing: %s\nin:\n%s\n' "$line" "$output" >&2
			return 1
		}
	done
}

@test "a byte is 0x and one or two hexadecimal digits, in either case" {
	check --map 0x1=a:1 --map 0x0a=b:1 --map 0xfF=c:1
	printed 'map 0x01=a:1' 'map 0x0a=b:1' 'map 0xff=c:1'
}

@test "a byte is nothing else" {
	local byte
	for byte in 0x01zz '0x 01' 0x0_1 0x 0x123 1 01 x01 0X01 '' 0x-1 +0x01 \
		' 0x01' '0x01 ' 0x01- 0x01-0x 0x01-0x02-0x03 -0x01 '**' 0x01,0x02 a; do
		refuses 64 '^byte-proxy: --map .*: expected BYTE=TARGET' \
			"$BYTE_PROXY" --map "$byte=a:1"
		[[ $stderr == "byte-proxy: --map $byte=a:1: "* ]]
	done
}

@test "a range and * route each byte that they name" {
	check --map 0x00-0x1f=a:1 --map-keep '*=b:2' --map 0x20=c:3
	printed 'map 0x00-0x1f=a:1' 'map-keep *=b:2' 'map 0x20=c:3'
}

@test "a range from high to low is refused" {
	refuses 64 '--map 0x05-0x03=a:1: expected a range' \
		"$BYTE_PROXY" --map 0x05-0x03=a:1
}

@test "a byte that is mapped twice is refused, however it was mapped" {
	refuses 64 '--map 0x01=b:1: this byte has a route already' \
		"$BYTE_PROXY" --map 0x01=a:1 --map 0x01=b:1
	refuses 64 '--map-keep 0x1=b:1: this byte has a route already' \
		"$BYTE_PROXY" --map 0x01=a:1 --map-keep 0x1=b:1
	refuses 64 '--map 0x0f-0x20=b:1: a byte of this range has a route' \
		"$BYTE_PROXY" --map 0x00-0x0f=a:1 --map 0x0f-0x20=b:1
	refuses 64 '--map \*=b:1: \* has a route already' \
		"$BYTE_PROXY" --map-keep '*=a:1' --map '*=b:1'
}

@test "a list of targets is taken, and what is wrong in one is said" {
	local list many=a:1
	check --map '0x01=a:1,[::1]:2,unix:/run/x,balance=random' \
		--map '*=b:2,proxy-protocol=off,balance=order,c:3'
	printed 'map 0x01=a:1,[::1]:2,unix:/run/x,balance=random' \
		'map *=b:2,c:3,balance=order,proxy-protocol=off'
	# The one of several that is wrong is named.
	for list in b proxy-protocol=v3 b:0 balance=fast; do
		refuses 64 "^byte-proxy: --map 0x01=$list: expected " \
			"$BYTE_PROXY" --map "0x01=a:1,$list,c:1"
	done
	for list in a:1,,b:1 ,a:1 'a:1,' ',' balance=random; do
		refuses 64 "^byte-proxy: --map 0x01=$list: expected " \
			"$BYTE_PROXY" --map "0x01=$list"
	done
	for _ in $(seq 15); do many+=,a:1; done
	check --map "0x01=$many"
	refuses 64 'expected at most 16 targets' "$BYTE_PROXY" --map "0x01=$many,a:1"
	# However long the list is.
	many=$(printf 'server-%070d.example:9094,' {1..15})
	refuses 64 '^byte-proxy: --map 0x01=wrong: expected host:port' \
		"$BYTE_PROXY" --map "0x01=${many}wrong"
	BYTE_PROXY_MAP='0x01=a:1 0x02=b:1,c' refuses 78 \
		'^byte-proxy: BYTE_PROXY_MAP 0x02=c: expected host:port' "$BYTE_PROXY"
}

@test "how connections to targets are made" {
	check --map '*=a:1' --source '[2001:db8::1]' --mark 0xfF --transparent \
		--connect-retry --balance random
	printed 'source=[2001:db8::1]' mark=255 transparent=yes connect-retry=yes \
		balance=random
	refuses 64 '--mark 0x: expected a number' "$BYTE_PROXY" --mark 0x
	refuses 64 '--mark 0x100000000: expected a number' "$BYTE_PROXY" \
		--mark 0x100000000
	refuses 64 '--mark 0xfg: expected a number' "$BYTE_PROXY" --mark 0xfg
	# More than a number has room for.
	refuses 64 '--mark 0x10000000000000001: expected a number' \
		"$BYTE_PROXY" --mark 0x10000000000000001
	refuses 64 '--mark -1: expected a number' "$BYTE_PROXY" --mark -1
	refuses 64 '--source server1: expected an IPv4 or IPv6' "$BYTE_PROXY" \
		--source server1
	refuses 64 '--balance fast: expected order or random' "$BYTE_PROXY" \
		--balance fast
}

@test "targets of every kind are taken, and printed as configured" {
	local i=0 t args=() lines=()
	for t in host:1 a.b-c_d.example:65535 127.0.0.1:80 '[::1]:80' \
		'[2001:db8::1]:http' '[fe80::1%lo]:22' a.b.:2 unix:/run/x.sock unix:@abstract \
		localhost:ssh; do
		args+=(--map "0x0$i=$t")
		lines+=("map 0x0$i=$t")
		i=$((i + 1))
	done
	check "${args[@]}"
	printed "${lines[@]}"
}

@test "a bad target is refused with the argument and what was expected" {
	local line target expected
	while IFS='|' read -r target expected; do
		refuses 64 "expected $expected" "$BYTE_PROXY" --map "0x01=$target"
		[[ $stderr == "byte-proxy: --map 0x01=$target: "* ]]
	done <<-'END'
		|host:port
		host|host:port
		:80|a host
		host:|a port
		host:0|a port from 1
		host:65536|a port from 1
		host:99999999999999999999999|a port from 1
		0x7f000001:80|an IPv4 address
		example.0x10:80|an IPv4 address
		a..b:80|a host name
		.a:80|a host name
		-a:80|a host name
		a-.b:80|a host name
		host:80x|a port number or
		host: 80|a target without blanks
		host:+80|a port number or
		host:-1|a port number or
		host:nosuchservice|a port number or the name
		ho st:80|a target without blanks
		host:80 |a target without blanks
		::1:80|one host:port
		a:b:80|one host:port
		[::1]|\[IPv6 address\]:port
		[::1]80|\[IPv6 address\]:port
		[::1:80|\[IPv6 address\]:port
		[::1]:|a port after
		[]:80|an IPv6 address within
		[127.0.0.1]:80|an IPv6 address within
		[::g]:80|an IPv6 address within
		[::1%nosuchinterface]:80|an IPv6 address within
		256.0.0.1:80|an IPv4 address
		1.2.3:80|an IPv4 address
		127.1:80|an IPv4 address
		ho/st:80|a host name
		unix:|unix:/path
		unix:relative|unix:/path
		unix:@|unix:/path
		http://host:80|one host:port
	END
}

@test "a unix path or a host name that is too long is refused" {
	local long
	long=$(printf 'a%.0s' {1..108})
	refuses 64 'at most 107 bytes' "$BYTE_PROXY" --map "0x01=unix:/$long"
	refuses 64 'at most 253 characters' \
		"$BYTE_PROXY" --map "0x01=$long$long$long:80"
}

@test "numbers, times and words are taken strictly, from arguments and variables" {
	local option value expected variable
	while IFS='|' read -r option value expected; do
		refuses 64 "^byte-proxy: --$option .*: expected $expected" \
			"$BYTE_PROXY" --map '*=a:1' "--$option=$value"
		[[ $stderr == "byte-proxy: --$option $value: "* ]]
		variable=BYTE_PROXY_${option^^}
		variable=${variable//-/_}
		refuses 78 "^byte-proxy: $variable .*: expected $expected" \
			env "$variable=$value" "$BYTE_PROXY" --map '*=a:1'
		[[ $stderr == "byte-proxy: $variable $value: "* ]]
	done <<-'END'
		listen-port|65536|a port
		listen-port|-1|a port
		listen-port|http|a port
		listen-port|1 |a port
		listen-address|localhost|an IPv4 or IPv6
		listen-address|1.2.3|an IPv4 or IPv6
		listen-address|[::1|an IPv4 or IPv6
		listen-address|[1.2.3.4]|an IPv4 or IPv6
		listen-address|0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001|an IPv4 or IPv6
		max-connections|0|a number from 1
		max-connections|65536|a number from 1
		max-connections|many|a number from 1
		max-connections-per-source|65536|a number from 1 to 65535, or 0
		max-connections-per-source|-1|a number from 1 to 65535, or 0
		max-connections-per-source|few|a number from 1 to 65535, or 0
		confine|yes|try, require or off
		confine|Try|try, require or off
		proxy-protocol|v3|off, v1 or v2
		proxy-protocol|V1|off, v1 or v2
		proxy-protocol|1|off, v1 or v2
		first-byte-timeout|soon|a time
		connect-timeout|5 s|a time
		connect-timeout|1.5|a time
		idle-timeout|-1|a time
		idle-timeout|25d|a time
		idle-timeout|s|a time
		idle-timeout|1000h|a time
		half-closed-timeout|-1s|a time
		keepalive|500ms|a time of whole seconds
		keepalive|1500ms|a time of whole seconds
		keepalive|32768|a time of whole seconds
		keepalive|never|a time of whole seconds
		keepalive-interval|1ms|a time of whole seconds
		keepalive-interval|10h|a time of whole seconds
		keepalive-probes|128|a number from 1 to 127
		keepalive-probes|-1|a number from 1 to 127
		keepalive-probes|2s|a number from 1 to 127
		user-timeout|1.5s|a time
		user-timeout|25d|a time
		drain-timeout|99999999999999999999|a time
		drain-timeout|10ss|a time
		log|nowhere|auto
		log|Journal|auto
		log-address|half|full, prefix or none
		log-address|24|full, prefix or none
	END
	refuses 78 'BYTE_PROXY_ACCEPT_PROXY v1: expected yes or no' \
		env BYTE_PROXY_ACCEPT_PROXY=v1 "$BYTE_PROXY" --map '*=a:1'
	refuses 78 'BYTE_PROXY_DEBUG maybe: expected yes or no' \
		env BYTE_PROXY_DEBUG=maybe "$BYTE_PROXY" --map '*=a:1'
}

@test "a switch of the environment is off by any word for it" {
	local word
	for word in no 0 false off; do
		BYTE_PROXY_DEBUG=$word check --map '*=a:1'
		printed debug=no
	done
	refuses 64 'user : expected the name or the number of a user' \
		"$BYTE_PROXY" --map '*=a:1' --user ''
	refuses 64 '0x01: expected BYTE=TARGET' "$BYTE_PROXY" --map 0x01
}

@test "an interface by its number" {
	check --map '*=[fe80::1%987654]:22' --source 'fe80::1%987654'
	printed 'map *=[fe80::1%987654]:22' 'source=[fe80::1%987654]'
	refuses 64 'expected an IPv6 address' "$BYTE_PROXY" \
		--map '*=[fe80::1%0]:22'
}

@test "more routes than there is room for are refused" {
	local i list route
	list=$(printf 'unix:/%080d,' {1..16})
	local routes=()
	for ((i = 0; i < 100; i++)); do
		printf -v route '0x%02x=%s' "$i" "${list%,}"
		routes+=(--map "$route")
	done
	refuses 64 'too many routes to hold' "$BYTE_PROXY" "${routes[@]}"
}

@test "what cannot be printed is an error" {
	[ -e /dev/full ]
	run -71 --separate-stderr bash -c '"$0" --help >/dev/full' "$BYTE_PROXY"
	# shellcheck disable=SC2154 # stderr is set by run
	[ "$stderr" = 'byte-proxy: standard output: No space left on device' ]
}

@test "times have units, and 0 is one" {
	check --map '*=a:1' --first-byte-timeout 90 --connect-timeout 500ms \
		--idle-timeout 2h --drain-timeout 0
	printed first-byte-timeout=90s connect-timeout=500ms idle-timeout=2h \
		drain-timeout=0s
	check --map '*=a:1' --idle-timeout 3min --connect-timeout=120s
	printed idle-timeout=3min connect-timeout=2min
	check --map '*=a:1' --keepalive 32767 --keepalive-interval 2000ms \
		--keepalive-probes 127 --user-timeout 90500ms \
		--half-closed-timeout 5min
	printed keepalive=32767s keepalive-interval=2s keepalive-probes=127 \
		user-timeout=90500ms half-closed-timeout=5min
}

@test "every setting can be an argument, a variable, and a line of the file" {
	local expected=(max-connections=7 max-connections-per-source=3 first-byte-timeout=1s connect-timeout=2s
		idle-timeout=3s drain-timeout=4s listen-port=5000
		half-closed-timeout=6s keepalive=7s keepalive-interval=8s
		keepalive-probes=9 user-timeout=10s
		'listen-address=[::1]' log=stderr log-address=none debug=yes accept-proxy=yes
		proxy-protocol=v2 'map 0x01=a:1'
		'map-keep 0x02=b:2')
	check --max-connections 7 --max-connections-per-source 3 --first-byte-timeout 1s --connect-timeout 2s \
		--idle-timeout 3s --drain-timeout 4s --listen-port 5000 \
		--half-closed-timeout 6s --keepalive 7s --keepalive-interval 8s \
		--keepalive-probes 9 --user-timeout 10s \
		--listen-address ::1 --log stderr --log-address none --debug --accept-proxy \
		--proxy-protocol v2 --map 0x01=a:1 \
		--map-keep=0x02=b:2
	printed "${expected[@]}"

	cat >"$T/all.env" <<-'END'
		BYTE_PROXY_MAX_CONNECTIONS=7
		BYTE_PROXY_MAX_CONNECTIONS_PER_SOURCE=3
		BYTE_PROXY_FIRST_BYTE_TIMEOUT=1s
		BYTE_PROXY_CONNECT_TIMEOUT=2s
		BYTE_PROXY_IDLE_TIMEOUT=3s
		BYTE_PROXY_DRAIN_TIMEOUT=4s
		BYTE_PROXY_HALF_CLOSED_TIMEOUT=6s
		BYTE_PROXY_KEEPALIVE=7s
		BYTE_PROXY_KEEPALIVE_INTERVAL=8s
		BYTE_PROXY_KEEPALIVE_PROBES=9
		BYTE_PROXY_USER_TIMEOUT=10s
		BYTE_PROXY_LISTEN_PORT=5000
		BYTE_PROXY_LISTEN_ADDRESS=[::1]
		BYTE_PROXY_LOG=stderr
		BYTE_PROXY_LOG_ADDRESS=none
		BYTE_PROXY_DEBUG=yes
		BYTE_PROXY_ACCEPT_PROXY=yes
		BYTE_PROXY_PROXY_PROTOCOL=v2
		BYTE_PROXY_MAP=0x01=a:1
		BYTE_PROXY_MAP_KEEP=0x02=b:2
	END
	check --env-file "$T/all.env"
	printed "${expected[@]}" "env-file=$T/all.env"

	local variables
	mapfile -t variables <"$T/all.env"
	run --separate-stderr env "${variables[@]}" "$BYTE_PROXY" --check
	printed "${expected[@]}"
}

@test "arguments win over the environment, and the environment over the file" {
	cat >"$T/file.env" <<-'END'
		BYTE_PROXY_CONNECT_TIMEOUT=1s
		BYTE_PROXY_IDLE_TIMEOUT=1s
		BYTE_PROXY_DRAIN_TIMEOUT=1s
		BYTE_PROXY_MAP="0x01=file:1"
	END
	export BYTE_PROXY_IDLE_TIMEOUT=2s BYTE_PROXY_DRAIN_TIMEOUT=2s
	check --drain-timeout 3s --env-file "$T/file.env"
	printed connect-timeout=1s idle-timeout=2s drain-timeout=3s \
		'map 0x01=file:1'
}

@test "the routes of a stronger source replace those of a weaker as a whole" {
	cat >"$T/file.env" <<-'END'
		BYTE_PROXY_MAP="0x01=file:1 0x02=file:2"
		BYTE_PROXY_MAP_KEEP="0x03=file:3"
	END
	export BYTE_PROXY_MAP_KEEP="0x01=variable:1"
	check --env-file "$T/file.env"
	printed 'map-keep 0x01=variable:1'
	not grep -q file: <<<"$output"
	check --env-file "$T/file.env" --map 0x09=argument:9
	printed 'map 0x09=argument:9'
	not grep -qE 'file:|variable:' <<<"$output"
}

@test "an empty variable is one that is not set" {
	cat >"$T/file.env" <<-'END'
		BYTE_PROXY_MAP="0x01=file:1"
		BYTE_PROXY_IDLE_TIMEOUT=7s
	END
	export BYTE_PROXY_MAP="" BYTE_PROXY_IDLE_TIMEOUT=""
	check --env-file "$T/file.env"
	printed 'map 0x01=file:1' idle-timeout=7s
}

@test "BYTE_PROXY_ENV_FILE names the file, and a file cannot name another" {
	echo 'BYTE_PROXY_MAP=0x01=file:1' >"$T/file.env"
	export BYTE_PROXY_ENV_FILE=$T/file.env
	check
	printed 'map 0x01=file:1'
	echo 'BYTE_PROXY_ENV_FILE=/other' >>"$T/file.env"
	refuses 78 "file.env:2: BYTE_PROXY_ENV_FILE /other: a file cannot" \
		"$BYTE_PROXY"
}

@test "many routes in one variable, between any blanks" {
	export BYTE_PROXY_MAP=$'  0x01=a:1 \t 0x02=b:2\n0x03=c:3  '
	check
	printed 'map 0x01=a:1' 'map 0x02=b:2' 'map 0x03=c:3'
	export BYTE_PROXY_MAP="0x01=a:1 0x02=b:x 0x03=c:3"
	refuses 78 'BYTE_PROXY_MAP 0x02=b:x: expected a port' "$BYTE_PROXY"
}

@test "a variable of ours that there is not is refused; others do not matter" {
	refuses 78 'BYTE_PROXY_IDEL_TIMEOUT: there is no such setting' \
		env BYTE_PROXY_IDEL_TIMEOUT=1s "$BYTE_PROXY" --map '*=a:1'
	refuses 78 'BYTE_PROXY_CHECK: there is no such setting' \
		env BYTE_PROXY_CHECK=yes "$BYTE_PROXY" --map '*=a:1'
	BYTE_PROXIES=1 check --map '*=a:1'
	BYTE_PROXY_IDEL_TIMEOUT='' check --map '*=a:1'
}

@test "what Kubernetes says of a service named byte-proxy is not for us" {
	BYTE_PROXY_PORT=tcp://10.0.0.1:9092 BYTE_PROXY_SERVICE_HOST=10.0.0.1 \
		BYTE_PROXY_SERVICE_PORT=9092 BYTE_PROXY_PORT_9092_TCP_PROTO=tcp \
		check --map '*=a:1'
	refuses 78 'BYTE_PROXY_PORT: there is no such setting' \
		env BYTE_PROXY_PORT=9092 "$BYTE_PROXY" --map '*=a:1'
}

@test "no route at all is refused" {
	refuses 78 'no route: expected --map' "$BYTE_PROXY"
	refuses 78 'no route: expected --map' "$BYTE_PROXY" --check
}

@test "an argument that is none is refused" {
	refuses 64 '--bogus: there is no such option' "$BYTE_PROXY" --bogus
	refuses 64 '--ma: there is no such option' "$BYTE_PROXY" --ma '*=a:1'
	refuses 64 'stray: expected an option' "$BYTE_PROXY" stray
	refuses 64 '-d: expected an option' "$BYTE_PROXY" -d
	refuses 64 '--: expected an option' "$BYTE_PROXY" --
	refuses 64 '--map: expected a value' "$BYTE_PROXY" --map
	refuses 64 '--debug=yes: this option takes no value' \
		"$BYTE_PROXY" --debug=yes
}

@test "--check exits 78 for whatever is bad" {
	refuses 78 '--map 0x01=a: expected host:port' \
		"$BYTE_PROXY" --check --map 0x01=a
	refuses 78 'no-such-file: No such file or directory' \
		"$BYTE_PROXY" --map '*=a:1' --env-file "$T/no-such-file" --check
}

@test "--check exits 78 wherever it stands" {
	refuses 78 '--bogus: there is no such option' "$BYTE_PROXY" --bogus --check
	refuses 78 '--bogus: there is no such option' "$BYTE_PROXY" --check --bogus
}

@test "--help and --version need nothing else and look at nothing else" {
	local variable=BYTE_PROXY_MAP=bad
	run -0 env "$variable" "$BYTE_PROXY" --help
	[[ ${lines[0]} == "Usage: byte-proxy "* ]]
	run -0 env "$variable" "$BYTE_PROXY" --version
	[[ $output =~ ^byte-proxy\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
}

@test "256 routes by arguments and one more for the rest" {
	local byte args=(--map '*=rest:1')
	for byte in $(printf '%02x ' {0..255}); do
		args+=(--map "0x$byte=host$((16#$byte)):$((16#$byte + 1))")
	done
	check "${args[@]}"
	[ "$(grep -c '^map ' <<<"$output")" -eq 257 ]
	printed 'map 0xff=host255:256' 'map *=rest:1'
}

@test "what is refused at great length is said in one line of bounded length" {
	local long
	printf -v long 'a%.0s' {1..5000}
	refuses 64 '^byte-proxy: --map aaaa' "$BYTE_PROXY" --map "$long"
	[ ${#stderr} -lt 2000 ]
}

@test "control characters of a bad value are not printed" {
	refuses 64 '--map 0x01=a\?b:1' "$BYTE_PROXY" --map $'0x01=a\eb:1'
}

@test "IPv6 addresses are written as RFC 5952 says" {
	local given written
	while read -r given written; do
		run -0 "$BYTE_PROXY" --map '*=a:1' --listen-address "$given" --check
		grep -qxF "listen-address=$written" <<<"$output" || {
			echo "$given: $output" >&2
			return 1
		}
	done <<-'END'
		2001:DB8:0:0:1:0:0:1 [2001:db8::1:0:0:1]
		2001:db8:0:1:0:0:0:1 [2001:db8:0:1::1]
		2001:db8:0:1:1:1:1:1 [2001:db8:0:1:1:1:1:1]
		2001:0db8:0:0:0:0:0:0 [2001:db8::]
		0:0:0:0:0:0:0:1 [::1]
		0:0:0:0:0:0:0:0 [::]
		1:0:0:0:0:0:0:0 [1::]
		0:0:1:0:0:0:0:0 [0:0:1::]
		fe80::abcd:ef01:10:100 [fe80::abcd:ef01:10:100]
		0:a:b:c:d:e:f:0 [0:a:b:c:d:e:f:0]
		::ffff:192.0.2.1 192.0.2.1
		255.0.10.100 255.0.10.100
	END
}

@test "a program with sanitizers says that it is not confined" {
	is_instrumented || return 0
	refuses 71 '^byte-proxy: --confine require: built with sanitizers or' \
		"$BYTE_PROXY" --confine require --listen-port 0 --map '*=a:1'
}
