# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by what in_network() runs: a network, a mount and a process namespace
# of their own. So ports can be the real ones, files can be where the examples
# expect them, and nothing is left when it ends.

set -e

# shellcheck source=tests/look.bash
source "$TESTS/look.bash"
# shellcheck source=tests/hosts.bash
source "$TESTS/hosts.bash"

ip link set lo up
# 198.51.100.2 and 2001:db8::2 never answer: frames to them go nowhere.
ip link add hole type veth peer name nowhere
ip link set hole up
ip link set nowhere up
ip address add 198.51.100.1/24 dev hole
ip -6 address add 2001:db8::1/64 dev hole nodad
ip neighbour add 198.51.100.2 lladdr 02:00:00:00:00:02 dev hole
ip neighbour add 2001:db8::2 lladdr 02:00:00:00:00:02 dev hole

# /etc and /usr/local can be written to; it is thrown away.
mount -t tmpfs none /mnt
for place in etc usr/local; do
	mkdir -p "/mnt/upper/$place" "/mnt/aside/$place"
	mount -t overlay none "/$place" -o \
		"lowerdir=/$place,upperdir=/mnt/upper/$place,workdir=/mnt/aside/$place"
done
mount -t tmpfs -o mode=755 none /run
for file in hosts resolv.conf; do
	[ ! -e "$T/$file" ] || {
		rm -f "/etc/$file"
		cp "$T/$file" "/etc/$file"
	}
done

talk_connect() {
	talk connect "127.0.0.1:$(<"$T/super.port")" "$@"
}

listens() {
	ss -Hltn "sport = :$1" | grep -q .
}

# install_program: byte-proxy and its routes, where contrib/ expects them.
install_program() {
	mkdir -p /usr/local/sbin /etc/byte-proxy
	install -m 755 "$BYTE_PROXY" /usr/local/sbin/byte-proxy
	printf '%s\n' "$@" >/etc/byte-proxy/byte-proxy.env
}

# start_syslog FILE [PLACES]: what is said to syslog goes there. Its queue has as
# many places as systemd gives it at boot, or so many.
start_syslog() {
	echo "${2:-512}" >/proc/sys/net/unix/max_dgram_qlen
	mkdir /mnt/dev
	cp -a /dev/null /dev/zero /dev/urandom /dev/random /mnt/dev/
	ln -s /proc/self/fd /mnt/dev/fd
	mount --bind /mnt/dev /dev
	socat -u UNIX-RECV:/dev/log,mode=666 "CREATE:$1" &
	poll_until test -S /dev/log
}

# The services behind it: OpenSSH on 22, HTTP on 80, HTTPS on 443.
start_sshd() {
	mkdir -m 755 /run/sshd
	echo 'sshd:x:64999:64999::/run/sshd:/usr/sbin/nologin' >>/etc/passwd
	ssh-keygen -q -t ed25519 -N '' -f "$T/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$T/key"
	cat >"$T/sshd_config" <<-END
		ListenAddress 127.0.0.1:22
		HostKey $T/host_key
		AuthorizedKeysFile $T/key.pub
		PermitRootLogin yes
		StrictModes no
		UsePAM no
		PidFile none
	END
	"$BUILD/servers/openssh-server/usr/sbin/sshd" -D -e -f "$T/sshd_config" \
		2>"$T/sshd.err" &
	poll_until listens 22
}

start_nginx() {
	mkdir -p "$T/www" "$T/nginx"
	echo 'over HTTP' >"$T/www/page"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
		-keyout "$T/tls.key" -out "$T/tls.crt" 2>/dev/null
	cat >"$T/nginx.conf" <<-END
		daemon off;
		user root;
		pid $T/nginx/pid;
		error_log stderr;
		events { worker_connections 256; }
		http {
			access_log off;
			client_body_temp_path $T/nginx/body;
			proxy_temp_path $T/nginx/proxy;
			fastcgi_temp_path $T/nginx/fastcgi;
			uwsgi_temp_path $T/nginx/uwsgi;
			scgi_temp_path $T/nginx/scgi;
			server { listen 127.0.0.1:80; root $T/www; }
			server {
				listen 127.0.0.1:443 ssl;
				ssl_certificate $T/tls.crt;
				ssl_certificate_key $T/tls.key;
				root $T/www;
			}
		}
	END
	"$BUILD/servers/nginx/usr/sbin/nginx" -p "$T/nginx" -c "$T/nginx.conf" \
		-e stderr 2>"$T/nginx.err" &
	poll_until listens 443
}

# The fronts, on port 9092.
front_listen_port() {
	byte-proxy --env-file /etc/byte-proxy/byte-proxy.env \
		--listen-port 9092 2>"$T/front.err" &
}
front_socket_activate() {
	systemd-socket-activate --accept --inetd -l 9092 \
		/usr/local/sbin/byte-proxy \
		--env-file /etc/byte-proxy/byte-proxy.env 2>"$T/front.err" &
}
front_socket_activate_accept() {
	systemd-socket-activate --accept -l 9092 /usr/local/sbin/byte-proxy \
		--env-file /etc/byte-proxy/byte-proxy.env 2>"$T/front.err" &
}
front_socket_activate_listening() {
	systemd-socket-activate -l 9092 /usr/local/sbin/byte-proxy \
		--env-file /etc/byte-proxy/byte-proxy.env 2>"$T/front.err" &
}
front_xinetd() {
	# As the example has it: its queue is short.
	echo 0 >/proc/sys/net/ipv4/tcp_syncookies
	{
		printf 'defaults\n{\n}\n'
		cat "$TESTS/../contrib/xinetd/byte-proxy"
	} >"$T/xinetd.conf"
	"$BUILD/servers/xinetd/usr/sbin/xinetd" -dontfork -f "$T/xinetd.conf" \
		-syslog daemon -pidfile "$T/xinetd.pid" \
		2>"$T/front.err" &
}
front_inetd() {
	"$BUILD/servers/openbsd-inetd/usr/sbin/inetd" -i -q 4096 \
		"$TESTS/../contrib/inetd/inetd.conf" 2>"$T/front.err" &
}
front_inetd_wait() {
	sed 's/ nowait\S* / wait /' "$TESTS/../contrib/inetd/inetd.conf" \
		>"$T/inetd.conf"
	"$BUILD/servers/openbsd-inetd/usr/sbin/inetd" -i -q 4096 "$T/inetd.conf" \
		2>"$T/front.err" &
}
# socat_exec OPTIONS [OPTION-OF-EXEC]
socat_exec() {
	# shellcheck disable=SC2086 # words
	BYTE_PROXY_ENV_FILE=/etc/byte-proxy/byte-proxy.env \
		socat $1 TCP-LISTEN:9092,fork,reuseaddr,backlog=4096 \
		"EXEC:byte-proxy${2:-}" \
		2>"$T/front.err" &
}
front_socat() {
	socat_exec '-t 86400'
}
front_socat_pipes() {
	socat_exec '-t 1' ,pipes
}
front_socat_nofork() {
	socat_exec '' ,nofork
}
# As PID 1 does it, and worse: duplicates of the client's socket are kept.
front_superserver() {
	superserver keep signals stray port=9092 times=100000 "$T/super" -- \
		/usr/local/sbin/byte-proxy \
		--env-file /etc/byte-proxy/byte-proxy.env 2>"$T/front.err" &
}

# front NAME: starts it, and waits for its port.
front() {
	"front_$1"
	poll_until listens 9092
}

# ssh_to OPTIONS... COMMAND: a client of the test's own.
ssh_to() {
	ssh -F none -i "$T/key" -o BatchMode=yes -o StrictHostKeyChecking=no \
		-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o \
		ConnectTimeout=60 "$@"
}
