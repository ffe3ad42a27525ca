#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# OpenSSH, HTTP and HTTPS through every way in, with unmodified clients.

load helpers

# One at a time: a flood of 2,000 starts leaves no time for others.
setup_file() {
	export BATS_NO_PARALLELIZE_WITHIN_FILE=true
}

# all_through FRONT: ssh, http and https at the same time, three times each,
# through one port.
all_through() {
	needs ssh openssh-client
	needs curl curl
	in_network 'install_program \
			"BYTE_PROXY_MAP_KEEP=\"0x53=127.0.0.1:22 0x47=127.0.0.1:80 \\" \
			"0x50=127.0.0.1:80 0x48=127.0.0.1:80 0x16=127.0.0.1:443\""
		start_sshd
		start_nginx
		front '"$1"'
		all=()
		for i in 1 2 3; do
			curl -sS --fail "http://127.0.0.1:9092/page" >"$T/http.$i" &
			all+=($!)
			curl -sS --fail --cacert "$T/tls.crt" --resolve \
				localhost:9092:127.0.0.1 \
				"https://localhost:9092/page" >"$T/https.$i" &
			all+=($!)
			echo "over SSH" | ssh_to -p 9092 127.0.0.1 cat >"$T/ssh.$i" &
			all+=($!)
		done
		for one in "${all[@]}"; do wait "$one"; done
		curl -sS --fail -X POST http://127.0.0.1:9092/page -o /dev/null || [ $? = 22 ]
		curl -sS --fail -I http://127.0.0.1:9092/page >/dev/null'
	local i
	for i in 1 2 3; do
		[ "$(<"$T/http.$i")" = 'over HTTP' ]
		[ "$(<"$T/https.$i")" = 'over HTTP' ]
		[ "$(<"$T/ssh.$i")" = 'over SSH' ]
	done
}

@test "ssh, http and https by systemd-socket-activate, a process each" {
	all_through socket_activate
}

@test "ssh, http and https by systemd-socket-activate, listening" {
	all_through socket_activate_listening
}

@test "ssh, http and https by xinetd" {
	all_through xinetd
}

@test "ssh, http and https by inetd" {
	all_through inetd
}

@test "ssh, http and https by inetd, wait" {
	all_through inetd_wait
}

@test "ssh, http and https by socat" {
	all_through socat
}

@test "ssh, http and https by --listen-port" {
	all_through listen_port
}

@test "ssh and a git clone with a byte that is stripped" {
	needs git git
	in_network 'install_program "BYTE_PROXY_MAP=0x01=127.0.0.1:22"
		start_sshd
		front listen_port
		cat >"$T/by-byte" <<-"END"
			#!/bin/sh
			(printf "\001"; exec cat) | exec socat - TCP:127.0.0.1:9092
		END
		chmod +x "$T/by-byte"
		[ "$(ssh_to -o ProxyCommand="$T/by-byte" any.name echo through)" = through ]

		export HOME=$T
		git config --global safe.directory "*"
		git init -q "$T/origin"
		openssl rand 3000000 >"$T/origin/file"
		git -C "$T/origin" add file
		git -C "$T/origin" -c user.name=a -c user.email=b commit -q -m c
		export GIT_SSH_COMMAND="ssh -F none -i $T/key -o BatchMode=yes \
			-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null \
			-o ProxyCommand=$T/by-byte"
		git clone -q "ssh://$(id -un)@any.name$T/origin" "$T/clone"
		cmp "$T/origin/file" "$T/clone/file"'
}

@test "200 MB by HTTP, with the byte kept and with it stripped" {
	needs curl curl
	in_network 'install_program "BYTE_PROXY_MAP=0x02=127.0.0.1:80" \
			"BYTE_PROXY_MAP_KEEP=0x47=127.0.0.1:80"
		start_nginx
		front xinetd
		openssl enc -aes-128-ctr -pass pass:x -pbkdf2 -iter 1 </dev/zero \
			2>/dev/null | head -c 200000000 >"$T/www/large" || true
		sum=$(sha1sum <"$T/www/large")
		[ "$(curl -sS --fail http://127.0.0.1:9092/large | sha1sum)" = "$sum" ]
		# Without a half-close, which nginx takes for an abort.
		talk connect 127.0.0.1:9092 "send:\x02GET /large HTTP/1.0\r\n\r\n" \
			print >"$T/answer"
		[ "$(tail -c 200000000 "$T/answer" | sha1sum)" = "$sum" ]
		rm "$T/www/large" "$T/answer"'
}

@test "a record of each goes to syslog under xinetd and inetd, none to the client" {
	local front
	for front in xinetd inetd; do
		rm -rf "$T"/syslog
		in_network 'start_syslog "$T/syslog"
			install_program "BYTE_PROXY_MAP=0x01=127.0.0.1:1"
			front '"$front"'
			talk connect 127.0.0.1:9092 send:"\x01" eof
			talk connect 127.0.0.1:9092 send:"\x02" eof
			install_program "BYTE_PROXY_MAP=0x01=nonsense"
			talk connect 127.0.0.1:9092 send:"\x01" end-seen
			poll_until grep -aq "byte-proxy.env:1: BYTE_PROXY_MAP" "$T/syslog"'
		grep -aq 'connection result=connect-failed client=127.0.0.1:' \
			"$T/syslog"
		grep -aq 'connection result=no-route client=127.0.0.1:' "$T/syslog"
	done
}

@test "2,000 connections, as fast as they can be made, shut no port" {
	local front each=200
	# With sanitizers a start takes a hundred times as long; what counts is
	# more than a default limit: 256 a minute, 50 a second.
	not_instrumented || each=30
	for front in xinetd inetd; do
		in_network 'install_program "BYTE_PROXY_MAP=0x01=127.0.0.1:9001"
			talk listen 127.0.0.1:9001 "$T/echo.port" times='"$((each * 10 + 1))"' echo &
			poll_until listens 9001
			front '"$front"'
			for i in {1..10}; do
				talk connect 127.0.0.1:9092 times='"$each"' \
					send:"\x01x" expect:x shut eof &
				all+=($!)
			done
			for one in "${all[@]}"; do wait "$one"; done
			talk connect 127.0.0.1:9092 send:"\x01x" expect:x shut eof'
	done
}

@test "the one-liners of contrib/socat, as they are written" {
	own_pace "no answer comes in the half second that socat waits for one"
	local lines
	mapfile -t lines < <(sed -n 's/^    //p' \
		"$BATS_TEST_DIRNAME/../contrib/socat/README.md")
	[ "${#lines[@]}" -eq 6 ]
	local i
	for i in 0 1 2 3 4; do
		ONE_LINER=${lines[i]} in_network 'install_program
			cd "$T"
			openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj \
				/CN=localhost -keyout key.pem -out crt.pem 2>/dev/null
			cat key.pem crt.pem >server.pem
			talk listen 127.0.0.1:9001 "$T/upper.port" upper &
			poll_until listens 9001
			bash -c "$ONE_LINER" 2>"$T/socat.err" &
			poll_until listens 9092
			# It has room for a burst.
			[ "$(ss -Hltn "sport = :9092" | awk "{ print \$3 }")" -eq 4096 ]
			if [[ $ONE_LINER == *OPENSSL* ]]; then
				[ "$(printf "\001hello" | socat -t 2 - \
					OPENSSL:127.0.0.1:9092,verify=0)" = HELLO ]
			else
				[ "$(echo -n hello | bash -c "'"${lines[5]//\"/\\\"}"'")" = HELLO ]
			fi'
	done
}
