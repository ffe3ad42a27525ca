#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The PROXY protocol: the header for a target, and the one from the client's
# side, against haproxy, nginx and byte for byte.

load helpers

SIGNATURE='\r\n\r\n\x00\r\nQUIT\n'

# hex BYTES...: as talk's escapes.
hex() {
	printf '\\x%02x' "${@/#/0x}"
}

# padded TEXT [BYTES]: escapes of it, which is so long, and of as many NULs as
# make it 108 bytes.
padded() {
	local i
	printf '%s' "$1"
	for ((i = ${2:-${#1}}; i < 108; i++)); do printf '\\x00'; done
}

# receivers: haproxy at 81 and nginx at 82 take either version, and answer with
# the ends that they were told of. haproxy at 9001 and nginx at 9003 go to 9093,
# by v1, haproxy at 9005 to 9094, by v2.
receivers() {
	cat >"$T/haproxy.cfg" <<-END
		global
		  nbthread 1
		  maxconn 100
		  fd-hard-limit 1000
		defaults
		  mode tcp
		  timeout connect 5s
		  timeout client 9s
		  timeout server 9s
		frontend receiver
		  mode http
		  bind 127.0.0.1:81 accept-proxy
		  http-request return status 200 content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]\n"
		listen v1
		  bind *:9001,[::1]:9001
		  server next 127.0.0.1:9093 send-proxy check inter 50ms fall 99
		listen v2
		  bind *:9005,[::1]:9005
		  server next 127.0.0.1:9094 send-proxy-v2 check inter 50ms fall 99
	END
	mkdir -p "$T/nginx"
	cat >"$T/nginx.conf" <<-END
		load_module $BUILD/servers/libnginx-mod-stream/usr/lib/nginx/modules/ngx_stream_module.so;
		daemon off;
		master_process off;
		user root;
		pid $T/nginx/pid;
		error_log stderr;
		events { worker_connections 64; }
		stream {
			server {
				listen 9003;
				listen [::1]:9003;
				proxy_pass 127.0.0.1:9093;
				proxy_protocol on;
			}
		}
		http {
			access_log off;
			client_body_temp_path $T/nginx/body;
			proxy_temp_path $T/nginx/proxy;
			fastcgi_temp_path $T/nginx/fastcgi;
			uwsgi_temp_path $T/nginx/uwsgi;
			scgi_temp_path $T/nginx/scgi;
			server {
				listen 127.0.0.1:82 proxy_protocol;
				location / {
					return 200 "\$proxy_protocol_addr \$proxy_protocol_port \$proxy_protocol_server_addr \$proxy_protocol_server_port\n";
				}
			}
		}
	END
	"$BUILD/servers/haproxy/usr/sbin/haproxy" -db -f "$T/haproxy.cfg" \
		>"$T/haproxy.err" 2>&1 &
	"$BUILD/servers/nginx/usr/sbin/nginx" -p "$T/nginx" \
		-c "$T/nginx.conf" -e stderr 2>"$T/nginx.err" &
	poll_until listens 81
	poll_until listens 82
}

# between PORT VERSION ARGUMENTS...: byte-proxy with HTTP's GET for haproxy, and
# POST for nginx.
between() {
	"$BYTE_PROXY" --listen-port "$1" --proxy-protocol "$2" "${@:3}" \
		--map-keep 0x47=127.0.0.1:81 --map-keep 0x50=127.0.0.1:82 \
		2>"$T/front.$1" &
	poll_until listens "$1"
}

# told PORT: what both receivers are told of clients of that port, by IPv4 and
# IPv6, is what is true.
told() {
	local method ends expected=() all=()
	for method in GET POST; do
		for ends in '127.0.0.2 127.0.0.3' '::1 ::1'; do
			SOURCE_PORT=$((SOURCE_PORT + 1))
			expected+=("${ends% *} $SOURCE_PORT ${ends#* } $1")
			ends=${ends/ ::1/ [::1]}
			all+=(${all:+--next} -sS --fail -X "$method"
				--interface "${ends% *}"
				--local-port "$SOURCE_PORT"
				"http://${ends#* }:$1/")
		done
	done
	curl "${all[@]}" >"$T/said"
	diff "$T/said" <(printf '%s\n' "${expected[@]}") >&2
}
export -f receivers between told

@test "haproxy and nginx are told who the client is, by v1 and v2, IPv4 and IPv6" {
	needs curl curl
	in_network 'SOURCE_PORT=5000
		receivers
		between 9091 v1
		between 9092 v2
		told 9091
		told 9092'
}

@test "behind haproxy and nginx: they name the client, and the next one is told" {
	needs curl curl
	own_pace "haproxy's checks, 20 in a second, leave no room for others"
	# First byte-proxy: haproxy takes one failed check at its start for down.
	in_network 'SOURCE_PORT=5000
		between 9093 v2 --accept-proxy
		between 9094 v1 --accept-proxy
		receivers
		for port in 9001 9003 9005; do told "$port"; done
		checked() { grep -q "result=\(no-byte\|client-reset\)" "$T/front.$1"; }
		poll_until checked 9093
		poll_until checked 9094'
	grep -q 'result=closed client=127.0.0.2:5001 peer=127.0.0.1:.*:81' \
		"$T/front.9093"
	grep -q 'result=closed client=\[::1\]:5008 peer=127.0.0.1:.*:82' \
		"$T/front.9093"
	# What haproxy does to see whether it is there is nothing to warn of.
	not grep -v level=info "$T/front.9093" "$T/front.9094"
}

# V1 and V2: a header of each; CLIENT is whom they name.
V1='PROXY TCP4 192.0.2.7 198.51.100.9 56324 443\r\n'
V2=$SIGNATURE$(hex 21 11 00 0c c0 00 02 07 c6 33 64 09 dc 04 01 bb)
CLIENT=192.0.2.7:56324

@test "a header that comes in two parts, wherever it is cut, and byte by byte" {
	local header parts i steps first rest count=0
	target echo times=120 echo
	proxy --accept-proxy --map "0x01=${TARGETS[echo]}"
	for header in "$V1" "$V2"; do
		mapfile -t parts < <(grep -oE '\\x..|\\.|.' \
			<<<"$header"'\x01hi')
		steps=()
		for ((i = 1; i < ${#parts[@]}; i++)); do
			printf -v first %s "${parts[@]:0:i}"
			printf -v rest %s "${parts[@]:i}"
			client "send:$first" wait:1 "send:$rest" expect:hi shut eof
			count=$((count + 1))
		done
		steps=()
		for i in "${parts[@]}"; do steps+=("send:$i" wait:1); done
		client "${steps[@]}" expect:hi shut eof
		count=$((count + 1))
	done
	poll_until record_count "$count"
	[ "$(records | grep -c "result=closed client=$CLIENT peer=127.0.0.1:.* byte=0x01 .* bytes_up=2 ")" -eq "$count" ]
}

@test "the steps that debug tells are those of the client that is named" {
	target echo echo
	proxy --accept-proxy --debug --map "0x01=${TARGETS[echo]}"
	client "send:$V1\x01hi" expect:hi shut eof
	poll_until record_count 1
	grep -q "level=debug .*msg=connected client=$CLIENT target=" "$LOG"
}

@test "header, byte and data in one segment; TLVs; nothing is lost behind it" {
	local large
	target get times=3 get:100000@3 send:done shut rest
	proxy --accept-proxy --map "0x01=${TARGETS[get]}"
	client "send:$V1\\x01" put:100000@3 expect:done eof shut
	client "send:$V2" put:0 send:'\x01' put:100000@3 expect:done eof shut
	# The longest: 16 bytes, 12 of addresses, and the rest is skipped.
	large=$(hex 21 11 3f f0 c0 00 02 07 c6 33 64 09 dc 04 01 bb)
	client "send:$SIGNATURE$large" put:16356@9 send:'\x01' put:100000@3 \
		expect:done eof shut
	expect_record bytes_up=100000 "2:client=$CLIENT" 3:bytes_up=100000
}

@test "what is in a header: its kinds of client, and the real one for none" {
	local header client expected=()
	target echo times=40 echo
	proxy --accept-proxy --map "0x01=${TARGETS[echo]}"
	while read -r header client; do
		client "send:${header//_/ }\\x01x" expect:x shut eof
		expected+=("result=closed client=$client peer=127.0.0.1:")
		[ "$client" != 127.0.0.1: ] || expected[-1]=${expected[-1]% peer=*}
		poll_until record_count "${#expected[@]}"
	done <<-END
		PROXY_TCP6_2001:db8::7_2001:DB8:0:0::9_0_65535\r\n [2001:db8::7]:0
		PROXY_TCP6_::ffff:192.0.2.7_::1_1_2\r\n 192.0.2.7:1
		PROXY_UNKNOWN\r\n 127.0.0.1:
		PROXY_UNKNOWN_what_ever\x01\x00_1\r\n 127.0.0.1:
		$SIGNATURE$(hex 20 00 00 00) 127.0.0.1:
		$SIGNATURE$(hex 20 77 00 03 01 02 03) 127.0.0.1:
		$SIGNATURE$(hex 20 11 00 0c 1 2 3 4 5 6 7 8 9 a b c) 127.0.0.1:
		$SIGNATURE$(hex 21 00 00 00) 127.0.0.1:
		$SIGNATURE$(hex 21 01 00 00) 127.0.0.1:
		$SIGNATURE$(hex 21 12 00 0c 1 2 3 4 5 6 7 8 9 a b c) 127.0.0.1:
		$SIGNATURE$(hex 21 21 00 24 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 07 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 09 00 50 00 51) [2001:db8::7]:80
		$SIGNATURE$(hex 21 31 00 d8)$(padded /run/a)$(padded /run/b) unix:/run/a
		$SIGNATURE$(hex 21 31 00 d8)$(padded '\x00a' 2)$(padded /run/b) unix:@a
		$SIGNATURE$(hex 21 31 00 d8)$(padded '')$(padded /run/b) unix
	END
	printf '%s\n' "${expected[@]}" >"$T/expected"
	records | sed -E 's/.*(result=[a-z]+ client=127\.0\.0\.1:).*|.*(result=[a-z]+ client=\S+ peer=127\.0\.0\.1:).*/\1\2/' |
		diff - "$T/expected"
}

@test "what is no header, or not a right one, ends the connection cleanly" {
	local header why zeros
	zeros=$(printf '0%.0s' {1..110})
	proxy --accept-proxy --map '*=127.0.0.1:1'
	while read -r header why; do
		client "send:${header//_/ }" eof
		echo "level=warning result=bad-proxy-header error=\"$why\"" \
			>>"$T/expected"
	done <<-END
		\x01hello not a PROXY header
		GET_/_HTTP/1.0\r\n not a PROXY header
		PROXZ not a PROXY header
		proxy_TCP4_1.2.3.4_1.2.3.4_1_2\r\n not a PROXY header
		\r\n\r\n\x00\r\nQUIX not a PROXY header
		PROXY_\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.7_192.0.2.9_1_2\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.7_192.0.2.9_1\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.7_192.0.2.9_1_2_3\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.7_192.0.2.9_1_2_\r\n a PROXY header that is wrong
		PROXY__TCP4_192.0.2.7_192.0.2.9_1_2\r\n a PROXY header that is wrong
		PROXY_TCP4__192.0.2.7_192.0.2.9_1_2\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.7_192.0.2.9_1_65536\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.7_192.0.2.9_01_2\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.7_192.0.2.9_+1_2\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.7_192.0.2.9_1_-2\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.256_192.0.2.9_1_2\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.07_192.0.2.9_1_2\r\n a PROXY header that is wrong
		PROXY_TCP4_2001:db8::7_2001:db8::9_1_2\r\n a PROXY header that is wrong
		PROXY_TCP4_192.0.2.7\x00_192.0.2.9_1_2\r\n a PROXY header that is wrong
		PROXY_TCP6_192.0.2.7_192.0.2.9_1_2\r\n a PROXY header that is wrong
		PROXY_TCP6_fe80::1%lo_::1_1_2\r\n a PROXY header that is wrong
		PROXY_UDP4_192.0.2.7_192.0.2.9_1_2\r\n a PROXY header that is wrong
		PROXY_UNKNOWNS\r\n a PROXY header that is wrong
		PROXY_UNKNOWN\r_\n a PROXY header that is wrong
		PROXY_UNKNOWN_$zeros a PROXY header that is too long
		$SIGNATURE$(hex 31 11 00 0c) a PROXY header that is wrong
		$SIGNATURE$(hex 11 11 00 0c) a PROXY header that is wrong
		$SIGNATURE$(hex 22 11 00 0c) a PROXY header that is wrong
		$SIGNATURE$(hex 21 41 00 0c) a PROXY header that is wrong
		$SIGNATURE$(hex 21 13 00 0c) a PROXY header that is wrong
		$SIGNATURE$(hex 21 11 00 0b) a PROXY header that is wrong
		$SIGNATURE$(hex 21 21 00 23) a PROXY header that is wrong
		$SIGNATURE$(hex 21 31 00 d7) a PROXY header that is wrong
		$SIGNATURE$(hex 20 00 3f f1) a PROXY header that is too long
		$SIGNATURE$(hex 21 11 ff ff) a PROXY header that is too long
	END
	poll_until record_count "$(wc -l <"$T/expected")"
	records | sort | sed -E 's/.* (level=\S+) .* (result=\S+) .* (error=.*)/\1 \2 \3/' |
		diff - "$T/expected"
}

@test "a header of 107 bytes is taken, one of 108 is not" {
	local rest
	target echo echo
	proxy --accept-proxy --map "0x01=${TARGETS[echo]}"
	printf -v rest '%091d' 0
	client "send:PROXY UNKNOWN $rest\r\n\x01hi" expect:hi shut eof
	client "send:PROXY UNKNOWN ${rest}0\r\n\x01hi" eof
	expect_record result=closed 2:result=bad-proxy-header \
		'2:error=a PROXY header that is too long'
}

@test "without --accept-proxy what looks like a header is data" {
	target echo times=2 echo
	proxy --map-keep "0x50=${TARGETS[echo]}" --map-keep "0x0d=${TARGETS[echo]}" \
		--map 0x01=127.0.0.1:1
	client "send:$V1\x01hi" "expect:$V1\x01hi" shut eof
	client "send:$V2\x01hi" "expect:$V2\x01hi" shut eof
	expect_record result=closed byte=0x50 2:result=closed 2:byte=0x0d
	[[ $(field client) == 127.0.0.1:* ]]
	[ -z "$(field peer 2)" ]
}

@test "an end in front of, within and behind a header; silence within one" {
	proxy --accept-proxy --map '*=127.0.0.1:1' --first-byte-timeout 300ms
	client shut eof
	client "send:$SIGNATURE$(hex 20 00 00 00)" shut eof
	client "send:$V1" shut eof
	expect_record result=no-byte level=info 2:result=no-byte 2:level=info \
		3:result=no-byte "3:client=$CLIENT"
	client "send:${V1:0:20}" shut eof
	client "send:$SIGNATURE" shut eof
	expect_record 4:result=bad-proxy-header '5:error=a PROXY header that is cut off'
	# The time is one for all of it.
	client "send:${V1:0:20}" wait:150 "send:${V1:20:9}" wait:50 eof
	client "send:$V2" eof
	expect_record 6:result=first-byte-timeout 7:result=first-byte-timeout
	soon "$(field duration_us 6)" 450000
	# Who began badly, or with nothing, is no failure of ours.
	handed_over -- --accept-proxy --map '*=127.0.0.1:1'
	client send:nonsense eof
	handler_status 0
}

@test "version 2 byte for byte: the ends, and the byte that it was routed by" {
	local header
	header=$SIGNATURE$(hex 21 11 00 10 c0 00 02 07 c6 33 64 09 dc 04 01 bb e0 00 01)
	target strip expect:"$header\\x01hello" shut eof
	target keep expect:"$header\\x02\\x02hello" shut eof
	proxy --accept-proxy --proxy-protocol v2 --map "0x01=${TARGETS[strip]}" \
		--map-keep "0x02=${TARGETS[keep]}"
	client "send:$V1\\x01hello" eof shut
	client "send:$V2\\x02hello" eof shut
	expect_record bytes_up=5 2:bytes_up=6
}

@test "the header goes with the first bytes, or alone where there are none" {
	needs strace strace
	target none expect:"$V1" send:hello shut eof
	target sink rest shut
	proxy --accept-proxy --proxy-protocol v1 --map "0x01=${TARGETS[none]}"
	client "send:$V1\\x01" expect:hello eof shut
	end_all
	target sink rest shut
	start super superserver "$T/super" -- strace -o "$T/strace" -e \
		trace=network -s 99 "$BYTE_PROXY" --proxy-protocol v1 \
		--map "0x01=${TARGETS[sink]}"
	poll_until test -s "$T/super.port"
	PORT=$(<"$T/super.port")
	client send:'\x01hello' shut eof
	grep -qE '^sendto\([0-9]+, "PROXY TCP4 127.0.0.1 127.0.0.1 [0-9]+ '"$PORT"'\\r\\nhello", ' "$T/strace"
}

# told_by_v1: what the target, which prints, was told; with no port as N.
told_by_v1() {
	poll_until grep -q hello "$T/sink.out"
	tr -d '\r' <"$T/sink.out"
}

@test "through the ways in: handed over, accepted, pipes, unix sockets" {
	needs socat socat
	local options=(--proxy-protocol v1)
	target sink print shut
	handed_over -- "${options[@]}" --map "0x01=${TARGETS[sink]}"
	client send:'\x01hello' shut eof
	[[ $(told_by_v1) == "PROXY TCP4 127.0.0.1 127.0.0.1 ${CLIENT_PORT:=$(field client | sed 's/.*://')} $PORT"* ]]
	end_all

	target sink print shut
	proxy "${options[@]}" --map "0x01=${TARGETS[sink]}" --confine try
	client send:'\x01hello' shut eof
	[[ $(told_by_v1) == "PROXY TCP4 127.0.0.1 127.0.0.1 $(field client | sed 's/.*://') $PORT"* ]]
	end_all

	# socat tells of both ends; else nobody knows who is behind a pipe.
	own_pace "socat ends before, half a second after the client"
	target sink print shut
	export BYTE_PROXY_MAP="0x01=${TARGETS[sink]}" BYTE_PROXY_PROXY_PROTOCOL=v1
	start socat socat -d -d TCP-LISTEN:0,bind=127.0.0.1 \
		"EXEC:$BYTE_PROXY,pipes"
	poll_until grep -q 'listening on' "$T/socat.err"
	PORT=$(sed -n 's/.*listening on.*:\([0-9]*\)$/\1/p' "$T/socat.err")
	client send:'\x01hello' shut eof
	LOG=$T/socat.err
	[[ $(told_by_v1) == "PROXY TCP4 127.0.0.1 127.0.0.1 $(field client | sed 's/.*://') $PORT"* ]]
	end_all
	target sink print shut
	BYTE_PROXY_MAP="0x01=${TARGETS[sink]}" REMOTE_ADDR=192.0.2.1 \
		REMOTE_PORT=9 bash -c 'printf "\1hello" | "$@" 2>"$0" | cat' \
		"$T/log" "$BYTE_PROXY"
	[[ $(told_by_v1) == "PROXY UNKNOWN"$'\n'hello ]]
}

@test "what only the environment knows, byte for byte" {
	local header
	header=$SIGNATURE$(hex 21 21 00 28 20 01 0d b8 00 00 00 00 00 00 00 00 00 00 00 07 00 00 00 00 00 00 00 00 00 00 ff ff c0 00 02 09 00 50 00 51 e0 00 01 01)
	target sink expect:"$header"hello shut eof
	TCPREMOTEIP=2001:db8::7 TCPREMOTEPORT=80 TCPLOCALIP=192.0.2.9 \
		TCPLOCALPORT=81 bash -c 'printf "\1hello" | "$@" | cat' - \
		"$BYTE_PROXY" --proxy-protocol v2 --map "0x01=${TARGETS[sink]}"
	ended "$TARGET_PID" 0
	target sink expect:"$SIGNATURE$(hex 21 00 00 04 e0 00 01 01)hello" shut eof
	TCPREMOTEIP=2001:db8::7 TCPREMOTEPORT=80 TCPLOCALIP=192.0.2.9 \
		bash -c 'printf "\1hello" | "$@" | cat' - \
		"$BYTE_PROXY" --proxy-protocol v2 --map "0x01=${TARGETS[sink]}"
	ended "$TARGET_PID" 0
	# In a line an IPv4 address beside an IPv6 one is one of those too.
	target sink expect:'PROXY TCP6 2001:db8::7 ::ffff:192.0.2.9 80 81\r\nhello' \
		shut eof
	TCPREMOTEIP=2001:db8::7 TCPREMOTEPORT=80 TCPLOCALIP=192.0.2.9 \
		TCPLOCALPORT=81 bash -c 'printf "\1hello" | "$@" | cat' - \
		"$BYTE_PROXY" --proxy-protocol v1 --map "0x01=${TARGETS[sink]}"
	ended "$TARGET_PID" 0
}

@test "a client of a unix socket: its names by v2, UNKNOWN by v1" {
	needs socat socat
	local header front="$T/front"
	header=$SIGNATURE$(hex 21 31 00 dc)$(padded "$T/client")$(padded "$front")
	target names expect:"$header$(hex e0 00 01 01)hello" shut eof
	start listen socat -d -d "UNIX-LISTEN:$front" \
		"EXEC:$BYTE_PROXY --proxy-protocol v2 --map 0x01=${TARGETS[names]/:/\\:},nofork"
	poll_until test -S "$front"
	printf '\1hello' | socat - "UNIX-CONNECT:$front,bind=$T/client"
	ended "$TARGET_PID" 0
	rm "$front"
	target unknown expect:'PROXY UNKNOWN\r\nhello' shut eof
	start activate systemd-socket-activate -l "$front" "$BYTE_PROXY" \
		--proxy-protocol v1 --map "0x01=${TARGETS[unknown]}"
	poll_until test -S "$front"
	printf '\1hello' | socat - "UNIX-CONNECT:$front"
	ended "$TARGET_PID" 0
}

@test "a client that has reset the connection is still named" {
	local version named
	while read -r version named; do
		unix_target sink "unix:$T/sink.$version" print
		proxy --proxy-protocol "$version" --map "0x01=${TARGETS[sink]}"
		# Nobody has read anything when the reset is there.
		stop_spares
		client from=127.0.0.2 send:'\x01hello' reset
		kill -CONT "${SPARES[@]}"
		poll_until grep -q hello "$T/sink.out"
		grep -aqF "$named" "$T/sink.out"
		end_all
	done <<-END
		v1 PROXY TCP4 127.0.0.2 127.0.0.1
		v2 $(printf '\x21\x11')
	END
}

@test "with --confine require, too" {
	# With sanitizers nothing is confined: then it is one without them.
	not_instrumented || BYTE_PROXY=$BUILD/dynamic/byte-proxy
	target echo expect:"$V1"hello send:hello shut eof
	proxy --confine require --accept-proxy --proxy-protocol v1 \
		--map "0x01=${TARGETS[echo]}"
	client "send:$V2\\x01hello" expect:hello eof shut
	expect_record result=closed
}

@test "what a header says of the client is said as far as it may be" {
	target echo times=2 echo
	proxy --accept-proxy --log-address prefix --debug \
		--map "0x01=${TARGETS[echo]}"
	client "send:$V1\\x01hello" expect:hello shut eof
	expect_record client=192.0.2.0/24 peer=127.0.0.0/24
	end_all
	target echo echo
	proxy --accept-proxy --log-address none --debug --map "0x01=${TARGETS[echo]}"
	client "send:$V1\\x01hello" expect:hello shut eof
	poll_until record_count 1
	not grep -E 'client=|peer=|192\.0\.2\.' "$LOG"
}

@test "a route can have a version of its own" {
	target one expect:"$V1"hello send:hello shut eof
	target two expect:hello send:hello shut eof
	proxy --accept-proxy --proxy-protocol v1 --map "0x01=${TARGETS[one]}" \
		--map "0x02=proxy-protocol=off,${TARGETS[two]}"
	client "send:$V1\\x01hello" expect:hello eof shut
	client "send:$V1\\x02hello" expect:hello eof shut
}
