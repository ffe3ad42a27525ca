# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion of byte-proxy-stats' options for bash: `make install` puts it
# where bash-completion looks.

_byte_proxy_stats() {
	local current=${COMP_WORDS[COMP_CWORD]}
	local previous=${COMP_WORDS[COMP_CWORD - 1]}

	# "--since=today" is three words to readline.
	if [ "$current" = = ]; then
		current=
	elif [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $previous in
	--directory)
		mapfile -t COMPREPLY < <(compgen -d -- "$current")
		return
		;;
	--file)
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
		;;
	--since | --until)
		mapfile -t COMPREPLY < <(compgen -W \
			'now today yesterday' -- "$current")
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '--since --until --follow --json
		--directory --file --help --version' -- "$current")
}
complete -o filenames -F _byte_proxy_stats byte-proxy-stats
