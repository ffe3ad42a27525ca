# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of byte-proxy's options for bash: `make install` puts it where
# bash-completion looks.

_byte_proxy() {
	local current=${COMP_WORDS[COMP_CWORD]}
	local previous=${COMP_WORDS[COMP_CWORD - 1]}

	# "--log=auto" is three words to readline.
	if [ "$current" = = ]; then
		current=
	elif [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $previous in
	--env-file)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--log)
		mapfile -t COMPREPLY < <(compgen -W \
			'auto journal syslog stderr' -- "$current")
		return
		;;
	--balance)
		mapfile -t COMPREPLY < <(compgen -W 'order random' -- "$current")
		return
		;;
	--confine)
		mapfile -t COMPREPLY < <(compgen -W 'try require off' -- "$current")
		return
		;;
	--proxy-protocol)
		mapfile -t COMPREPLY < <(compgen -W 'off v1 v2' -- "$current")
		return
		;;
	--log-address)
		mapfile -t COMPREPLY < <(compgen -W 'full prefix none' -- "$current")
		return
		;;
	--user)
		mapfile -t COMPREPLY < <(compgen -u -- "$current")
		return
		;;
	--map | --map-keep | --listen-port | --listen-address | \
		--max-connections | --max-connections-per-source | \
		 --first-byte-timeout | --connect-timeout | \
		--idle-timeout | --half-closed-timeout | --keepalive | \
		--keepalive-interval | --keepalive-probes | --user-timeout | \
		--drain-timeout | --source | --mark)
		COMPREPLY=()
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '--map --map-keep --env-file
		--listen-port --listen-address --max-connections
		--max-connections-per-source --first-byte-timeout
		--accept-proxy --connect-timeout --connect-retry
		--balance --source --transparent --mark
		--proxy-protocol --idle-timeout
		--half-closed-timeout --keepalive --keepalive-interval
		--keepalive-probes --user-timeout
		--drain-timeout --user --confine --log --log-address --debug --check --help
		--version' -- "$current")
}
complete -o filenames -F _byte_proxy byte-proxy
