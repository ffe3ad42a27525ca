#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# The file's syntax, that of systemd's EnvironmentFile=; systemd.bats compares
# it with the real one.

load helpers

# file: standard input as the file.
file() {
	cat >"$T/file.env"
}

# routes LINE...: --check prints just these routes.
routes() {
	local expected
	expected=$(printf '%s\n' "$@")
	run --separate-stderr "$BYTE_PROXY" --env-file "$T/file.env" --check
	# shellcheck disable=SC2154 # stderr is set by run
	[ "$status" -eq 0 ] || { echo "$stderr" >&2; return 1; }
	[ "$(grep '^map' <<<"$output")" = "$expected" ] || {
		echo "$output" >&2
		return 1
	}
}

refused() {
	refuses 78 "$1" "$BYTE_PROXY" --env-file "$T/file.env"
}

@test "comments, empty lines, and lines without = are skipped" {
	file <<-'END'
		# comment
		; comment BYTE_PROXY_MAP=0x09=no:9

		   # indented comment
		no assignment here
		BYTE_PROXY_MAP=0x01=a:1
		# BYTE_PROXY_MAP=0x09=no:9 \
		BYTE_PROXY_MAP_KEEP=0x02=b:2
	END
	routes 'map 0x01=a:1' 'map-keep 0x02=b:2'
}

@test "quotes of both kinds, blanks around, and quotes one after the other" {
	file <<-'END'
		  BYTE_PROXY_MAP  =  "0x01=a:1 0x02=b:2"
		BYTE_PROXY_MAP_KEEP='0x03=c:3'" 0x04=d:4"
	END
	routes 'map 0x01=a:1' 'map 0x02=b:2' 'map-keep 0x03=c:3' \
		'map-keep 0x04=d:4'
}

@test "a backslash joins lines, outside of quotes and in double ones" {
	file <<-'END'
		BYTE_PROXY_MAP=0x01=a:1 \
		0x02=b:2
		BYTE_PROXY_MAP_KEEP="0x03=c:3 \
		0x04=d:4"
	END
	routes 'map 0x01=a:1' 'map 0x02=b:2' 'map-keep 0x03=c:3' \
		'map-keep 0x04=d:4'
}

@test "quotes go over lines" {
	file <<-'END'
		BYTE_PROXY_MAP='0x01=a:1
		0x02=b:2'
	END
	routes 'map 0x01=a:1' 'map 0x02=b:2'
}

@test "escapes: any character outside of quotes, four in double, none in single" {
	file <<-'END'
		BYTE_PROXY_MAP=0x01=unix:/a\b\\c\"d
		BYTE_PROXY_MAP_KEEP="0x02=unix:/a\b\\c\"d"' 0x03=unix:/a\b\\c'
	END
	routes 'map 0x01=unix:/ab\c"d' 'map-keep 0x02=unix:/a\b\c"d' \
		'map-keep 0x03=unix:/a\b\\c'
}

@test "quotes within a bare value are characters" {
	file <<-'END'
		BYTE_PROXY_MAP=0x01=unix:/a"b'c
	END
	routes "map 0x01=unix:/a\"b'c"
}

@test "lines end in CR LF or LF, and the last need not end" {
	printf 'BYTE_PROXY_IDLE_TIMEOUT=5s\r\n%s' 'BYTE_PROXY_MAP=0x01=a:1' |
		file
	routes 'map 0x01=a:1'
	grep -qx idle-timeout=5s <<<"$output"
	# Also where a backslash says that the line goes on.
	printf '%s' "BYTE_PROXY_MAP=0x01=unix:/a\\" | file
	routes 'map 0x01=unix:/a'
}

@test "the last assignment of a variable wins, routes included" {
	file <<-'END'
		BYTE_PROXY_MAP=0x01=a:1
		BYTE_PROXY_IDLE_TIMEOUT=1s
		BYTE_PROXY_IDLE_TIMEOUT=2s
	END
	run "$BYTE_PROXY" --env-file "$T/file.env" --check
	grep -qx 'idle-timeout=2s' <<<"$output"
	file <<-'END'
		BYTE_PROXY_MAP="0x01=first:1 0x02=first:2"
		BYTE_PROXY_MAP="0x01=last:1"
	END
	routes 'map 0x01=last:1'
}

@test "variables of others are skipped, whatever they hold" {
	file <<-'END'
		PATH=/bin
		OTHER="0x01=nonsense
		over lines"
		BYTE_PROXY_MAP=0x01=a:1
	END
	routes 'map 0x01=a:1'
}

@test "an error names the file and the line in which it begins" {
	file <<-'END'
		# one
		OTHER="two
		three"
		BYTE_PROXY_MAP=0x01=a:1 \
		  0x02=b:99999
	END
	refused "^byte-proxy: $T/file.env:4: BYTE_PROXY_MAP 0x02=b:99999: expected a port"
	file <<-'END'
		BYTE_PROXY_MAP=0x01=a:1

		BYTE_PROXY_MAPP=0x02=b:1
	END
	refused "file.env:3: BYTE_PROXY_MAPP: there is no such setting"
}

@test "what systemd lets pass and would lose routes is refused" {
	file <<-'END'
		BYTE_PROXY_MAP="0x01=a:1
		BYTE_PROXY_MAP_KEEP=0x02=b:2
	END
	refused "file.env:1: BYTE_PROXY_MAP: expected a closing quote"
	file <<<'0x01=a:1'
	refused "file.env:1: 0x01: expected NAME=value"
	file <<<'=x'
	refused "file.env:1: no name: expected NAME=value"
}

@test "a file that cannot be read is named" {
	refuses 78 "^byte-proxy: $T/missing: No such file" \
		"$BYTE_PROXY" --env-file "$T/missing" --map '*=a:1'
	refuses 78 "^byte-proxy: $T: Is a directory" \
		"$BYTE_PROXY" --env-file "$T" --map '*=a:1'
	refuses 64 'expected the path of a file' \
		"$BYTE_PROXY" --env-file= --map '*=a:1'
}

@test "what is no file is refused, and not waited for" {
	mkfifo "$T/fifo"
	refuses 78 "^byte-proxy: $T/fifo: expected a regular file" \
		"$BYTE_PROXY" --env-file "$T/fifo"
}

@test "a file without permission is named" {
	needs_root
	echo 'BYTE_PROXY_MAP=0x01=a:1' >"$T/file.env"
	chmod 600 "$T/file.env"
	chmod 711 "$T" "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" \
		"$(dirname "$T")" "$BATS_SUITE_TMPDIR"
	# The program may stand where a stranger cannot go.
	install -m 755 "$BYTE_PROXY" "$T/program"
	refuses 78 "file.env: Permission denied" \
		"${AS_OWN[@]}" "$T/program" --env-file "$T/file.env"
}

@test "a file that is too large or has a NUL is refused" {
	head -c 131072 /dev/zero | tr '\0' '#' | file
	refused 'file.env: expected a file of under 128 KiB'
	printf 'BYTE_PROXY_MAP=0x01=a:1\0\n' | file
	refused 'file.env: expected a text file without NUL'
}
