# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by rounds: a control group of its own for what is measured. It says
# what all of its processes have used, those that are gone too, and what the
# kernel keeps for them; and it ends them, and no other.

# groups_begin: in a mount namespace of our own; named $GROUP_NAME.
groups_begin() {
	CGROUP=/sys/fs/cgroup
	if [ "$(stat -fc %T $CGROUP)" != cgroup2fs ]; then
		umount -R -l $CGROUP
		mount -t cgroup2 none $CGROUP
	fi
	GROUP=$CGROUP/$GROUP_NAME
	MEMORY=$GROUP MEMORY_NOW=memory.current MEMORY_FILES=file
	if ! grep -qw memory "$CGROUP/cgroup.controllers"; then
		# Version 1 has it. There, too, the kernel's is included.
		mkdir "$space/memory"
		mount -t cgroup -o memory none "$space/memory"
		MEMORY=$space/memory/$GROUP_NAME
		MEMORY_NOW=memory.usage_in_bytes MEMORY_FILES=cache
	elif ! grep -qw memory "$CGROUP/cgroup.subtree_control"; then
		echo +memory >"$CGROUP/cgroup.subtree_control"
		MEMORY_WAS_OFF=yes
	fi
}

groups_end() {
	group_end
	[ -z "${MEMORY_WAS_OFF:-}" ] ||
		echo -memory >"$CGROUP/cgroup.subtree_control"
}

group_begin() {
	mkdir -p "$GROUP" "$MEMORY"
}

# group_run COMMAND...: in the group, in place of this process.
group_run() {
	echo "$BASHPID" >"$GROUP/cgroup.procs"
	[ "$MEMORY" = "$GROUP" ] || echo "$BASHPID" >"$MEMORY/cgroup.procs"
	exec "$@"
}

group_end() {
	local try
	[ -d "$GROUP" ] || return 0
	echo 1 >"$GROUP/cgroup.kill"
	for ((try = 0; try < 200; try++)); do
		rmdir "$GROUP" 2>/dev/null && break
		sleep 0.01
	done
	[ "$MEMORY" = "$GROUP" ] || rmdir "$MEMORY" 2>/dev/null || true
}

# group_cpu: CPU_US, what it has used so far, once that has come to rest.
group_cpu() {
	local key before=-1000 try
	for ((try = 0; try < 20; try++)); do
		read -r key CPU_US <"$GROUP/cpu.stat"
		((CPU_US - before >= 300)) || break
		before=$CPU_US
		sleep 0.05
	done
}

# group_memory: MEMORY_BYTES, without the files' pages, which are everyone's.
group_memory() {
	local key value files=0 shared=0
	sleep 0.1
	MEMORY_BYTES=$(<"$MEMORY/$MEMORY_NOW")
	while read -r key value; do
		case $key in
		"$MEMORY_FILES") files=$value ;;
		shmem) shared=$value ;;
		esac
	done <"$MEMORY/memory.stat"
	MEMORY_BYTES=$((MEMORY_BYTES - files + shared))
}
