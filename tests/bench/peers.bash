# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by rounds: how each of them is started, in front of the target on
# 127.0.0.1:$TARGET, to listen on 127.0.0.1:$PORT.
#
# A function peer_NAME sets COMMAND, and fails when there is no such program, with the
# Debian package in MISSING. BYTE is set for those that route on a first byte.
# None is told to write a log. byte-proxy writes its records, to standard error,
# which is a file, or where that is the client, to syslog.

# What is measured, in the order in which it is printed.
PEERS=(direct forked haproxy haproxy-first-byte nginx socket-proxyd socat sslh redir
	xinetd-redirect)
WAYS=(listener listener-dynamic Accept=no xinetd inetd socat-EXEC
	socket-activate)

# daemon PACKAGE PATH: where `make deps` unpacked it, or where it is installed.
daemon() {
	local file
	for file in "$BUILD/servers/$1/$2" "/$2"; do
		DAEMON=$file
		[ ! -e "$file" ] || return 0
	done
	MISSING=$1
	return 1
}

# activated OPTIONS... PROGRAM...: by systemd-socket-activate.
activated() {
	daemon systemd usr/bin/systemd-socket-activate || return
	COMMAND=("$DAEMON" -l "127.0.0.1:$PORT" "$@")
}

peer_direct() {
	PORT=$TARGET
	COMMAND=(sleep 600)
}

# Not a proxy: what a process for each connection costs.
peer_forked() {
	COMMAND=("$FORKED" "$PORT" 32)
}

haproxy_with() {
	daemon haproxy usr/sbin/haproxy || return
	cat >"$space/haproxy.cfg" <<-END
		global
		  nbthread 2
		  maxconn 4000
		defaults
		  mode tcp
		  timeout connect 5s
		  timeout client 60s
		  timeout server 60s
		frontend front
		  bind 127.0.0.1:$PORT
		  $1
		  default_backend target
		backend target
		  server target 127.0.0.1:$TARGET
	END
	COMMAND=("$DAEMON" -db -f "$space/haproxy.cfg")
}
peer_haproxy() {
	haproxy_with ''
}
peer_haproxy-first-byte() {
	BYTE=(byte)
	haproxy_with "tcp-request inspect-delay 10s
		  tcp-request content accept if { req.payload(0,1) -m bin 01 }
		  use_backend target if { req.payload(0,1) -m bin 01 }"
}

peer_nginx() {
	local module
	daemon libnginx-mod-stream usr/lib/nginx/modules/ngx_stream_module.so ||
		return
	module=$DAEMON
	daemon nginx usr/sbin/nginx || return
	mkdir -p "$space/nginx"
	cat >"$space/nginx.conf" <<-END
		load_module $module;
		daemon off;
		worker_processes 2;
		pid $space/nginx/pid;
		error_log /dev/null;
		events { worker_connections 4096; }
		stream {
			server {
				listen 127.0.0.1:$PORT;
				proxy_pass 127.0.0.1:$TARGET;
			}
		}
	END
	COMMAND=("$DAEMON" -p "$space/nginx" -c "$space/nginx.conf" -e stderr)
}

peer_socket-proxyd() {
	local program=/usr/lib/systemd/systemd-socket-proxyd
	activated "$program" --connections-max=4000 "127.0.0.1:$TARGET"
}

peer_socat() {
	daemon socat usr/bin/socat || return
	COMMAND=("$DAEMON"
		"TCP-LISTEN:$PORT,bind=127.0.0.1,fork,reuseaddr,backlog=512"
		"TCP:127.0.0.1:$TARGET")
}

peer_sslh() {
	daemon sslh usr/sbin/sslh-select || return
	COMMAND=("$DAEMON" -f -n -u root -p "127.0.0.1:$PORT"
		--anyprot "127.0.0.1:$TARGET")
}

peer_redir() {
	daemon redir usr/bin/redir || return
	COMMAND=("$DAEMON" -n -l none "127.0.0.1:$PORT" "127.0.0.1:$TARGET")
}

# xinetd_with LINES: contrib's service, with what differs here.
xinetd_with() {
	daemon xinetd usr/sbin/xinetd || return
	{
		printf 'defaults\n{\n}\n'
		sed -E "/^\s*(port|flags|user|server|server_args)\s*=/d
			s|^\{|&\n$1\n\tport = $PORT\n\tuser = root|
			s|^\}|\tbind = 127.0.0.1\n&|" \
			"$here/../../contrib/xinetd/byte-proxy"
	} >"$space/xinetd.conf"
	COMMAND=("$DAEMON" -dontfork -f "$space/xinetd.conf" -syslog daemon
		-pidfile "$space/xinetd.pid")
}
peer_xinetd-redirect() {
	xinetd_with "\tredirect = 127.0.0.1 $TARGET"
}

# byte_proxy: the program, and its route.
byte_proxy() {
	BYTE=(byte)
	PROGRAM=$space/${1:-$KIND}/byte-proxy
	ROUTE=(--map "0x01=127.0.0.1:$TARGET")
	MISSING=musl-tools
	[ -x "$PROGRAM" ]
}
listener_of() {
	byte_proxy "$1" || return
	COMMAND=("$PROGRAM" --listen-address 127.0.0.1 --listen-port "$PORT"
		"${ROUTE[@]}")
}
peer_listener() {
	listener_of "$KIND"
}
peer_listener-dynamic() {
	listener_of dynamic
}
peer_Accept-no() {
	byte_proxy && activated "$PROGRAM" "${ROUTE[@]}"
}
peer_xinetd() {
	byte_proxy || return
	xinetd_with "\tserver = $PROGRAM\n\tserver_args = ${ROUTE[*]}"
}
peer_inetd() {
	byte_proxy && daemon openbsd-inetd usr/sbin/inetd || return
	echo "127.0.0.1:$PORT stream tcp4 nowait.1000000 root" \
		"$PROGRAM byte-proxy ${ROUTE[*]}" >"$space/inetd.conf"
	COMMAND=("$DAEMON" -i "$space/inetd.conf")
}
peer_socat-EXEC() {
	byte_proxy && daemon socat usr/bin/socat || return
	# socat splits its addresses at every ":".
	COMMAND=(env "BYTE_PROXY_MAP=${ROUTE[1]}" "$DAEMON"
		"TCP-LISTEN:$PORT,bind=127.0.0.1,fork,reuseaddr,backlog=512"
		"EXEC:$PROGRAM")
}
peer_socket-activate() {
	byte_proxy && activated --accept --inetd "$PROGRAM" "${ROUTE[@]}"
}
