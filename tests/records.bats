#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is said about a connection, and where. The journal is in systemd.bats.

load helpers

@test "a line has all of it, in logfmt" {
	target echo echo
	proxy --map "0x01=${TARGETS[echo]}"
	client send:'\x01hello' expect:hello shut eof
	poll_until record_count 1
	local port=${TARGETS[echo]}
	records | grep -qE "^time=20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z level=info pid=[0-9]+ msg=connection result=closed client=127\.0\.0\.1:[0-9]+ byte=0x01 target=$port address=$port bytes_up=5 bytes_down=5 connect_us=[0-9]+ duration_us=[0-9]+\$" || {
		records >&2
		return 1
	}
}

@test "the time is this moment in UTC" {
	proxy --map '*=a:1'
	local said now
	said=$(date -u +%s -d "$(sed -nE 's/^time=([^ ]*) .*/\1/p' "$LOG")")
	now=$(date +%s)
	[ $((now - said)) -ge 0 ] && [ $((now - said)) -lt 10 ]
}

@test "bytes are counted as delivered: the stripped one is not, the kept one is" {
	target sink times=2 rest shut
	proxy --map "0x01=${TARGETS[sink]}" --map-keep "0x02=${TARGETS[sink]}"
	client send:'\x01' put:70000 shut eof
	client send:'\x02' put:70000 shut eof
	expect_record bytes_up=70000 bytes_down=0 2:bytes_up=70001
}

@test "the duration and the connect time are those of the clock" {
	target late expect:x wait:400 shut rest
	proxy --map "0x01=${TARGETS[late]}"
	client send:'\x01x' eof
	[ "$(field duration_us)" -ge 400000 ]
	soon "$(field duration_us)" 4000000
	soon "$(field connect_us)" 400000
}

@test "a client behind a unix socket is named by the super-server, if it knows" {
	needs socat socat
	local variables
	while IFS='|' read -r variables expected; do
		target echo echo
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr env $variables \
			BYTE_PROXY_MAP="0x01=${TARGETS[echo]}" bash -c \
			'printf "\1x" | "$1" 2>"$0" | cat' "$T/log" "$BYTE_PROXY"
		LOG=$T/log
		expect_record "client=$expected"
	done <<-'END'
		A=b|pipe
		REMOTE_ADDR=192.0.2.1|192.0.2.1:0
		REMOTE_ADDR=192.0.2.1 REMOTE_PORT=99|192.0.2.1:99
		TCPREMOTEIP=2001:db8::7|[2001:db8::7]:0
		SOCAT_PEERADDR=[2001:db8::7]|[2001:db8::7]:0
		REMOTE_ADDR=::ffff:192.0.2.1|192.0.2.1:0
		REMOTE_ADDR=not.an.address|pipe
		REMOTE_ADDR=0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001|pipe
		REMOTE_ADDR=$(reboot)|pipe
	END
}

@test "a client with an address of its own is never named by the environment" {
	handed_over -- --map 0x01=127.0.0.1:1
	end_all
	REMOTE_ADDR=192.0.2.66 TCPREMOTEIP=192.0.2.66 SOCAT_PEERADDR=192.0.2.66 \
		handed_over -- --map 0x01=127.0.0.1:1
	client send:x eof
	[[ $(field client) == 127.0.0.1:* ]]
}

# named_in FRONT [LIE]: by the record, and to the target, the client is who it is,
# whatever LIE's variables say where byte-proxy is started.
named_in() {
	rm -f "$T"/{syslog,front.err,sink,sink.port} "$T"/super.*
	FRONT=$1 LIE=${2:-} in_network 'start_syslog "$T/syslog"
		install_program BYTE_PROXY_MAP=0x01=127.0.0.1:9001 \
			BYTE_PROXY_PROXY_PROTOCOL=v1
		cd /usr/local/sbin
		mv byte-proxy real
		printf "#!/bin/sh\nexec env %s %s/real \"\$@\"\n" "$LIE" "$PWD" \
			>byte-proxy
		chmod 755 byte-proxy
		talk listen 127.0.0.1:9001 "$T/sink.port" print shut >"$T/sink" &
		poll_until test -s "$T/sink.port"
		front "$FRONT"
		talk connect 127.0.0.1:9092 from=127.0.0.9 send:"\x01hello" \
			shut eof
		poll_until grep -aqs "connection result=" "$T/front.err" "$T/syslog"'
	grep -q '^PROXY TCP4 127\.0\.0\.9 127\.0\.0\.1 [0-9]* 9092' "$T/sink"
	grep -ahs 'connection result=' "$T/front.err" "$T/syslog" |
		grep -q ' client=127\.0\.0\.9:'
}

@test "nor by that of any super-server, to the record or the target" {
	needs socat socat
	local front lie
	lie='REMOTE_ADDR=192.0.2.66 REMOTE_PORT=66 TCPREMOTEIP=192.0.2.66'
	lie+=' TCPREMOTEPORT=66 TCPLOCALIP=192.0.2.67 TCPLOCALPORT=67'
	for front in listen_port socket_activate socket_activate_accept \
		socket_activate_listening xinetd inetd inetd_wait socat_nofork \
		superserver; do
		named_in "$front" "$lie" || {
			echo "$front" >&2
			return 1
		}
	done
}

@test "who is behind socat's sockets and pipes is whom socat names" {
	needs socat socat
	own_pace "socat ends before, half a second after the client"
	named_in socat
	named_in socat_pipes
}

@test "what a peer chose for the name of its socket is made harmless" {
	needs socat socat
	start listen socat -d -d "UNIX-LISTEN:$T/front" \
		"EXEC:$BYTE_PROXY --map 0x01=127.0.0.1\\:1,nofork"
	LOG=$T/listen.err
	poll_until test -S "$T/front"
	printf 'x' | socat - "UNIX-CONNECT:$T/front,bind=$T/a b=c"
	expect_record "client=unix:$T/a?b=c"
}

@test "quotes and backslashes within a value are escaped" {
	proxy --map '0x01=unix:/no"such\socket'
	client send:'\x01' eof
	poll_until record_count 1
	records | grep -F ' target="unix:/no\"such\\socket" '
}

@test "where nothing can be written to standard error the connection is served" {
	target upper upper
	run -0 bash -c 'printf "\1hello" | "$@" --debug 2>/dev/full' - \
		"$BYTE_PROXY" --map "0x01=${TARGETS[upper]}"
	[ "$output" = HELLO ]
}

@test "where nobody reads standard error any more the connection is served" {
	target upper upper
	# A pipe, whose reader is gone.
	run -0 bash -c 'exec 2> >(exit); wait "$!"
		printf "\1hello" | "$@" --debug' - \
		"$BYTE_PROXY" --map "0x01=${TARGETS[upper]}"
	[ "$output" = HELLO ]
}

# with_syslog COMMAND...: with a /dev/log of its own, which socat writes to
# $T/syslog, in a private mount namespace.
with_syslog() {
	needs socat socat
	needs_root
	T=$T unshare -m bash -c 'set -e
		mount -t tmpfs none /dev/shm
		mkdir /dev/shm/dev
		mount --rbind /dev /dev/shm/dev
		mount -t tmpfs none /dev
		for node in null zero urandom tty fd shm; do
			cp -a "/proc/self/root/dev/$node" /dev/ 2>/dev/null || true
		done
		[ -e /dev/null ] || mknod -m 666 /dev/null c 1 3
		socat -u UNIX-RECV:/dev/log,mode=666 "CREATE:$T/syslog" & socat=$!
		trap "kill $socat" EXIT
		until [ -S /dev/log ]; do :; done
		"$@" || echo "status $?"
		for _ in {1..250}; do
			[ ! -s "$T/syslog" ] || break
			sleep 0.02
		done' - "$@" 3>&-
}

@test "to syslog where standard error is the client" {
	with_syslog bash -c 'superserver stderr "$0/super" -- \
			"$1" --map 0x01=127.0.0.1:1 &
		until [ -s "$0/super.port" ]; do sleep 0.02; done
		talk connect "127.0.0.1:$(<"$0/super.port")" send:x eof
		wait' "$T" "$BYTE_PROXY"
	grep -aqE '^<30>byte-proxy\[[0-9]+\]: connection result=no-route client=127.0.0.1:[0-9]+ byte=0x78 ' "$T/syslog"
}

@test "errors to syslog where standard error is the client, or closed" {
	with_syslog bash -c 'superserver stderr "$0/super" -- "$1" --bogus &
		until [ -s "$0/super.port" ]; do sleep 0.02; done
		talk connect "127.0.0.1:$(<"$0/super.port")" eof
		wait' "$T" "$BYTE_PROXY"
	grep -aqE '^<27>byte-proxy\[[0-9]+\]: --bogus: there is no such' \
		"$T/syslog"
	own_pace "nothing stays closed"
	with_syslog bash -c '"$0" --bogus 2>&-' "$BYTE_PROXY"
	grep -aqE '^<27>byte-proxy.*--bogus' "$T/syslog"
}

@test "--log=syslog goes there from everywhere" {
	with_syslog bash -c '
		printf x | "$0" --log=syslog --map 0x01=127.0.0.1:1 >"$1" 2>&1' \
		"$BYTE_PROXY" "$T/said"
	grep -aq 'connection result=no-route client=pipe' "$T/syslog"
	[ ! -s "$T/said" ]
}

@test "a target that cannot be reached is a warning with a reason" {
	proxy --map '*=127.0.0.1:1'
	client send:x eof
	expect_record level=warning result=connect-failed \
		'error=Connection refused' address= connect_us=
}

@test "debug tells the steps, and only with --debug" {
	target echo times=2 echo
	proxy --map "0x01=${TARGETS[echo]}"
	client send:'\x01x' expect:x shut eof
	poll_until record_count 1
	not grep -q level=debug "$LOG"
	end_all
	target echo times=2 echo
	proxy --map "0x01=${TARGETS[echo]}" --debug
	client send:'\x01x' expect:x shut eof
	poll_until record_count 1
	grep -q 'level=debug .*msg="waiting for the first byte"' "$LOG"
	grep -q 'level=debug .*msg=connected .*target=' "$LOG"
}

# says_clients HOW V4 V6: what the listener says with --log-address HOW of
# clients of both families; "" is no field.
says_clients() {
	target echo times=2 echo
	proxy --map "0x01=${TARGETS[echo]}" --debug --log-address "$1"
	talk connect "127.0.0.1:$PORT" from=127.9.8.7 send:'\x01v4' expect:v4 \
		shut eof
	talk connect "[::1]:$PORT" send:'\x01v6' expect:v6 shut eof
	expect_record "client=$2" "2:client=$3"
	# Nowhere else, and in no other words.
	not grep -qE '127\.9\.8\.7|\[::1\]' "$LOG"
	grep -q 'msg="waiting for the first byte"' "$LOG"
	[ "$(grep -c ' client=' "$LOG")" -eq "$4" ]
	end_all
}

@test "--log-address: a client's network, or nothing of it, in every line" {
	says_clients prefix 127.9.8.0/24 '[::]/48' 6
	says_clients none '' '' 0
}

@test "--log-address is for addresses of the environment too, and no others" {
	local how variables expected
	while IFS='|' read -r how variables expected; do
		target echo echo
		# shellcheck disable=SC2086 # words
		run -0 --separate-stderr env $variables \
			BYTE_PROXY_LOG_ADDRESS="$how" \
			BYTE_PROXY_MAP="0x01=${TARGETS[echo]}" bash -c \
			'printf "\1x" | "$1" 2>"$0" | cat' "$T/log" "$BYTE_PROXY"
		LOG=$T/log
		expect_record "client=$expected"
		end_all
	done <<-'END'
		full|REMOTE_ADDR=192.0.2.77 REMOTE_PORT=9|192.0.2.77:9
		prefix|REMOTE_ADDR=192.0.2.77 REMOTE_PORT=9|192.0.2.0/24
		prefix|REMOTE_ADDR=::ffff:192.0.2.77|192.0.2.0/24
		prefix|TCPREMOTEIP=2001:db8:1:2:3:4:5:6|[2001:db8:1::]/48
		prefix|SOCAT_PEERADDR=[fe80::1%lo]|[fe80::]/48
		prefix|A=b|pipe
		none|REMOTE_ADDR=192.0.2.77|
		none|A=b|pipe
	END
}

@test "a record waits for a syslog whose queue is full, and no client for it" {
	needs socat socat
	own_pace "the five seconds are over before all are there"
	# What is served has its log prepared, what has no route has not.
	in_network 'start_syslog "$T/syslog" 0
		syslog=$!
		talk listen 127.0.0.1:0 "$T/echo.port" times=5 echo &
		poll_until test -s "$T/echo.port"
		superserver stderr times=10 "$T/super" -- "$BYTE_PROXY" \
			--map "0x01=127.0.0.1:$(<"$T/echo.port")" &
		poll_until test -s "$T/super.port"
		kill -STOP $syslog
		talk_connect at-once=5 send:"\x01x" expect:x shut eof
		talk_connect at-once=5 send:y eof
		kill -CONT $syslog
		all_came() {
			[ "$(grep -ao "result=[a-z-]*" "$T/syslog" | sort |
				uniq -c | tr -d " \n")" = \
				5result=closed5result=no-route ]
		}
		poll_until all_came'
}

@test "a record does not wait for ever for a syslog that hangs" {
	needs socat socat
	in_network 'start_syslog "$T/syslog" 0
		syslog=$!
		superserver stderr times=3 "$T/super" -- "$BYTE_PROXY" \
			--map 0x01=127.0.0.1:1 & super=$!
		poll_until test -s "$T/super.port"
		kill -STOP $syslog
		talk_connect at-once=3 send:y eof
		# Its processes have all ended.
		poll_until gone $super
		kill -CONT $syslog
		poll_until grep -aq result=no-route "$T/syslog"'
	[ "$(grep -ac result=no-route "$T/syslog")" -lt 3 ]
}
