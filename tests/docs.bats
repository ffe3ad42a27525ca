#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# What is written about byte-proxy, against what it does.

load helpers

top() {
	echo "$BATS_TEST_DIRNAME/.."
}

# options: those of --help, a line each.
options() {
	"$BYTE_PROXY" --help | grep -oE '^  --[a-z-]+' | tr -d ' '
}

# manual: what it has entries for.
manual() {
	sed -nE 's/\\-/-/g; s/^\.It Fl -/--/p; s/^\.It //p' \
		"$(top)/src/man/byte-proxy.8" | sed 's/ , -/\n--/'
}

@test "every option is in the manual, the README, the completion and a test" {
	local option
	[ "$(options | wc -l)" -ge 17 ]
	for option in $(options); do
		manual | grep -qE -- "^$option( |\$)" ||
			{ echo "$option: manual" >&2; return 1; }
		grep -qE -- "${option}[ \`]" "$(top)/README.md" ||
			{ echo "$option: README" >&2; return 1; }
		grep -qwe "$option" "$(top)/contrib/completion/byte-proxy.bash" ||
			{ echo "$option: completion" >&2; return 1; }
		grep -qwe "$option" "$(top)"/tests/*.bats ||
			{ echo "$option: tests" >&2; return 1; }
	done
}

@test "no option is written about that there is not" {
	local option
	for option in $(
		manual | grep -oE -- '^--[a-z-]+'
		grep -ohE -- '^\| `--[a-z-]+' "$(top)/README.md" | tr -d '|` '
		grep -ohE -- '--[a-z-]+' \
			"$(top)/contrib/completion/byte-proxy.bash"
	); do
		options | grep -qxe "$option" ||
			{ echo "there is no $option" >&2; return 1; }
	done
}

@test "the help fits on a screen of 80 columns and 50 lines" {
	run -0 "$BYTE_PROXY" --help
	# A line of the screen is the next prompt's.
	[ "$(wc -l <<<"$output")" -le 49 ]
	not grep -qE '.{81}' <<<"$output"
}

@test "the defaults that are written are those that are" {
	local name default
	run -0 "$BYTE_PROXY" --map '*=a:1' --check
	while read -r name default; do
		grep -qx "$name=$default" <<<"$output"
		"$BYTE_PROXY" --help | grep -e "--$name " | grep -qF "($default"
		grep -e "\`--$name " "$(top)/README.md" | grep -qF "| $default |"
	done <<-'END'
		listen-port 9092
		max-connections 4096
		max-connections-per-source 0
		first-byte-timeout 10s
		connect-timeout 5s
		balance order
		drain-timeout 10s
		proxy-protocol off
		confine try
		log auto
		log-address full
	END
	for name in idle half-closed; do
		grep -qx "$name-timeout=0s" <<<"$output"
		grep -e "\`--$name-timeout " "$(top)/README.md" | grep -qF '| 0 |'
	done
	for name in keepalive=0s keepalive-interval=0s keepalive-probes=0 \
		user-timeout=0s; do
		grep -qx "$name" <<<"$output"
		"$BYTE_PROXY" --help | grep -e "--${name%=*} " |
			grep -qF "(0: the kernel's)"
		grep -e "\`--${name%=*} " "$(top)/README.md" |
			grep -qF "| the kernel's |"
	done
}

@test "every result is in the manual, and in a test" {
	local result
	local results
	results=$(sed -nE 's/.*\[RESULT_[A-Z_]+\] = \{"([a-z-]+)".*/\1/p' \
		"$(top)/src/record/result.c")
	[ "$(wc -w <<<"$results")" -eq 15 ]
	for result in $results; do
		manual | grep -qxF "$result"
		[ "$result" = system-error ] ||
			grep -qF "result=$result" "$(top)"/tests/*.bats
	done
}

@test "message ids are 32 hexadecimal digits, each another" {
	local ids
	ids=$(grep -oE '"[0-9a-f]{32}"' "$(top)/src/record/result.c")
	[ "$(wc -l <<<"$ids")" -eq 15 ]
	[ "$(sort -u <<<"$ids" | wc -l)" -eq 15 ]
}

@test "the manual is clean" {
	needs mandoc mandoc
	run -0 mandoc -T lint -W warning "$(top)/src/man/byte-proxy.8"
	[ -z "$output" ]
}

@test "the manual says which names a static program does not know" {
	sed -n '/^\.Sh NAMES/,/^\.Sh SEVERAL/p' "$(top)/src/man/byte-proxy.8" \
		>"$T/names"
	grep -q 'built static, with musl' "$T/names"
	grep -q 'knows nothing of' "$T/names"
	grep -q 'nsswitch.conf 5' "$T/names"
	grep -q 'make STATIC=no' "$T/names"
}

@test "the example of an environment file is one" {
	run -0 "$BYTE_PROXY" --env-file "$(top)/contrib/byte-proxy.env" --check
	grep -qx 'map 0x02=127.0.0.1:9002' <<<"$output"
	sed 's/^#\(BYTE_PROXY\)/\1/' "$(top)/contrib/byte-proxy.env" >"$T/all.env"
	run -0 "$BYTE_PROXY" --env-file "$T/all.env" --check
	grep -qx 'map-keep \*=127.0.0.1:80' <<<"$output"
}

@test "the README's commands for routes are taken as they are written" {
	local line count=0
	while read -r line; do
		run -0 bash -c "byte-proxy() { '$BYTE_PROXY' \"\$@\"; }; $line --check"
		count=$((count + 1))
	done < <(sed -zE 's/\\\n +//g' "$(top)/README.md" |
		grep -E '^    byte-proxy --(map|listen)')
	[ "$count" -ge 3 ]
}

# complete WORDS...: what bash offers for the last one.
complete_words() {
	# shellcheck source=/dev/null
	source "$(top)/contrib/completion/byte-proxy.bash"
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_byte_proxy
}

@test "the completion offers options, words and files" {
	complete_words byte-proxy --map
	[ "${COMPREPLY[*]}" = '--map --map-keep' ]
	complete_words byte-proxy --log s
	[ "${COMPREPLY[*]}" = 'syslog stderr' ]
	complete_words byte-proxy --log = j
	[ "${COMPREPLY[*]}" = journal ]
	complete_words byte-proxy --log =
	[ "${COMPREPLY[*]}" = 'auto journal syslog stderr' ]
	complete_words byte-proxy --confine ''
	[ "${COMPREPLY[*]}" = 'try require off' ]
	complete_words byte-proxy --proxy-protocol v
	[ "${COMPREPLY[*]}" = 'v1 v2' ]
	complete_words byte-proxy --log-address ''
	[ "${COMPREPLY[*]}" = 'full prefix none' ]
	complete_words byte-proxy --user roo
	[ "${COMPREPLY[*]}" = root ]
	touch "$T/some.env"
	complete_words byte-proxy --env-file "$T/so"
	[ "${COMPREPLY[*]}" = "$T/some.env" ]
	complete_words byte-proxy --idle-timeout ''
	[ "${#COMPREPLY[@]}" -eq 0 ]
}

@test "the demo shows both routes, and leaves nothing behind" {
	needs socat socat
	in_network 'DEMO_EXIT=1 TMPDIR=$T "$TESTS/demo" "$BYTE_PROXY" \
			>"$T/demo.out" 2>"$T/demo.err"
		! pgrep -x "socat|byte-proxy"'
	grep -qx 'hello from the first' "$T/demo.out"
	grep -qx 'HELLO FROM THE SECOND' "$T/demo.out"
	[ "$(grep -c result=closed "$T/demo.err")" -eq 2 ]
	not compgen -G "$T/tmp.*"
}

@test "the demo stays up until it is ended, and names a port that is taken" {
	needs socat socat
	in_network 'TMPDIR=$T "$TESTS/demo" "$BYTE_PROXY" \
			>"$T/demo.out" 2>"$T/demo.err" & demo=$!
		poll_until grep -q "Ctrl-C ends it all" "$T/demo.out"
		talk connect 127.0.0.1:9092 send:"\x01by hand" expect:"by hand" shut eof
		! TMPDIR=$T "$TESTS/demo" "$BYTE_PROXY" 2>"$T/second.err"
		grep -q "listen-port 9092: Address.* in use" "$T/second.err"
		kill -TERM $demo
		wait $demo'
	not compgen -G "$T/tmp.*"
}

# installed PREFIX: make install into $T/root.
installed() {
	local kind=static
	[[ $BYTE_PROXY == */static/* ]] || kind=dynamic
	make -s -C "$(top)" "$2" DESTDIR="$T/root" PREFIX="$1" \
		STATIC="$([ "$kind" = static ] && echo yes || echo no)" >/dev/null
}

@test "make install places everything, and make uninstall leaves nothing" {
	needs make make
	local prefix file below
	for prefix in /usr /usr/local /opt/byte-proxy; do
		installed "$prefix" install
		below=$prefix
		# Where Debian 12's systemd.pc says that its units are.
		[ "$prefix" != /usr ] || below=$(pkg-config \
			--variable=rootprefix systemd)
		for file in "$prefix"/sbin/byte-proxy \
			"$prefix"/bin/byte-proxy-stats \
			"$prefix"/share/man/man8/byte-proxy.8 \
			"$prefix"/share/man/man1/byte-proxy-stats.1 \
			"$prefix"/share/bash-completion/completions/byte-proxy \
			"$prefix"/share/bash-completion/completions/byte-proxy-stats \
			"$below"/lib/systemd/system/byte-proxy.socket \
			"$below"/lib/systemd/system/byte-proxy@.service \
			"$below"/lib/systemd/system/byte-proxy-listener.socket \
			"$below"/lib/systemd/system/byte-proxy-listener.service \
			"$below"/lib/systemd/system/byteproxy.slice \
			"$prefix"/lib/sysusers.d/byte-proxy.conf \
			"$prefix"/lib/systemd/catalog/byte-proxy.catalog \
			"$prefix"/share/doc/byte-proxy/hardened.conf \
			"$prefix"/share/doc/byte-proxy/byte-proxy.env \
			"$prefix"/share/doc/byte-proxy/scale-out/haproxy.cfg \
			"$prefix"/share/doc/byte-proxy/scale-out/README.md \
			"$prefix"/share/doc/byte-proxy/xinetd/byte-proxy; do
			test -s "$T/root$file" || { echo "$file" >&2; return 1; }
		done
		grep -q "^ExecStart=$prefix/sbin/byte-proxy " \
			"$T/root$below/lib/systemd/system/byte-proxy@.service"
		grep -q "server *= $prefix/sbin/byte-proxy\$" \
			"$T/root$prefix/share/doc/byte-proxy/xinetd/byte-proxy"
		grep -q "server *= $prefix/sbin/byte-proxy\$" \
			"$T/root$prefix/share/man/man8/byte-proxy.8"
		"$T/root$prefix/sbin/byte-proxy" --version
		installed "$prefix" uninstall
		[ -z "$(find "$T/root" -type f)" ]
	done
}

@test "without libsystemd make builds byte-proxy alone, and says so" {
	needs make make
	run -0 make -n -C "$(top)" all STATS=no
	[[ $output == *'Without byte-proxy-stats: '* ]]
	not grep -q stats-objects <<<"$output"
	run -0 make -n -C "$(top)" all PKG_CONFIG=false
	[[ $output == *'Without byte-proxy-stats: '* ]]
	not grep -q stats-objects <<<"$output"
}

@test "the catalog explains every kind of record, and no other" {
	local ids
	ids=$(grep -oE '"[0-9a-f]{32}"' "$(top)/src/record/result.c" | tr -d '"')
	[ "$(sed -n 's/^-- //p' "$(top)/systemd/byte-proxy.catalog" | sort)" = \
		"$(sort <<<"$ids")" ]
	[ "$(grep -c '^Subject: .' "$(top)/systemd/byte-proxy.catalog")" -eq 15 ]
}
