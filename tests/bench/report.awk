# SPDX-License-Identifier: MIT
# report: the tables, from lines "NAME METRIC VALUE", of which there is one for
# each round. What is shown is the median.

{
	if ($1 == "missing" || $1 == "broken") {
		if (!(($1, $2) in noted))
			notes[++note_count] = $0
		noted[$1, $2] = 1
		next
	}
	count[$1, $2]++
	values[$1, $2, count[$1, $2]] = $3 + 0
	if ($2 ~ /failures/)
		failures[$1] += $3
	if (!($1 in seen) && $2 ~ /^conns/) {
		seen[$1] = 1
		names[++name_count] = $1
	}
}

function median(name, metric,   n, i, j, v, sorted) {
	n = count[name, metric]
	for (i = 1; i <= n; i++) {
		v = values[name, metric, i]
		for (j = i - 1; j >= 1 && sorted[j] > v; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
	return n ? sorted[int((n + 1) / 2)] : ""
}

# three digits or so
function digits(v) {
	if (v == "")
		return "-"
	return sprintf(v >= 100 ? "%.0f" : v >= 10 ? "%.1f" : "%.2f", v)
}

function is_way(name) {
	return index(" " ways " ", " " name " ") > 0
}

# table(TITLE, COLUMNS): "metric=HEAD metric=HEAD ..."
function table(title, columns,   n, i, j, part, head, was_way) {
	n = split(columns, head, " ")
	printf "\n%s\n\n%-20s", title, ""
	for (i = 1; i <= n; i++) {
		split(head[i], part, "=")
		metric[i] = part[1]
		printf "%10s", part[2]
	}
	printf "\n"
	for (j = 1; j <= name_count; j++) {
		if (is_way(names[j]) && !was_way)
			print "byte-proxy by"
		was_way = is_way(names[j])
		printf "%s%-*s", was_way ? "  " : "", was_way ? 18 : 20, names[j]
		for (i = 1; i <= n; i++)
			printf "%10s", metric[i] == "failures" ? failures[names[j]] + 0 : \
				names[j] == "direct" && metric[i] ~ /cpu|kib/ ? "-" : \
				digits(median(names[j], metric[i]))
		printf "\n"
	}
}

function start_line(name, text) {
	if (count["start-" name, "min"])
		printf "%-44s%10s%10s%10s\n", text, digits(median("start-" name, "min")),
			digits(median("start-" name, "median")),
			median("start-" name, "faults")
}

# goal(TEXT, VALUE, LIMIT): what is at least a limit has it with a ">".
function goal(text, value, limit,   least, met) {
	least = sub(/^>/, "", limit)
	if (value == "")
		met = "not measured"
	else
		met = (least ? value >= limit + 0 : value <= limit + 0) ? "yes" : "NO"
	printf "%-54s%5s %-6s%10s  %s\n", text, least ? ">=" : "<=", limit,
		value == "" ? "-" : sprintf(value >= 100 ? "%.0f" : "%.2f", value), met
}

function ratio(a, am, b, bm,   x, y) {
	x = median(a, am)
	y = median(b, bm)
	return x == "" || y == "" || y == 0 ? "" : x / y
}

# the best of the peers that are proxies; least or most
function best(metric, most,   i, v, found) {
	found = ""
	for (i = 1; i <= name_count; i++) {
		v = median(names[i], metric)
		if (names[i] ~ /^(direct|forked)$/ || is_way(names[i]) || v == "")
			continue
		if (found == "" || (most ? v > found : v < found))
			found = v
	}
	return found
}

function of_best(metric, most,   b) {
	b = best(metric, most)
	return b == "" || !count["listener", metric] ? "" : \
		median("listener", metric) / b
}

function goals(   i, n, p, way, proxy, counts) {
	printf "\n%-54s%12s%10s  %s\n\n", "Goals (of the listener, where no way is named)",
		"goal", "measured", "met"
	goal("start, static: of a program without libc",
		ratio("start-byte-proxy-static", "min", "start-floor", "min"), 1.2)
	goal("start, dynamic: of an empty main()",
		ratio("start-byte-proxy-dynamic", "min", "start-empty-dynamic", "min"),
		1.1)
	counts = "count-" kind
	goal("system calls to the first byte forwarded, " kind,
		median(counts, "syscalls_to_first_byte"), 20)
	goal("page faults of a process, " kind, median(counts, "page_faults"), 32)
	for (i = 1; i <= 8; i += 7)
		goal("connections/s through xinetd, " i " clients: of its redirect",
			ratio("xinetd", "conns" i "_rate", "xinetd-redirect",
			"conns" i "_rate"), ">1.35")
	n = split("haproxy nginx", proxy, " ")
	for (p = 1; p <= n; p++) {
		for (i = 1; i <= 8; i += 7)
			goal("connections/s, " i " clients: of " proxy[p],
				ratio("listener", "conns" i "_rate", proxy[p],
				"conns" i "_rate"), ">1.00")
		goal("connect to first byte, p50: of " proxy[p],
			ratio("listener", "conns1_p50_us", proxy[p], "conns1_p50_us"),
			1)
	}
	goal("round trip, p50: of the best peer", of_best("rtt_p50_us"), 1)
	n = split("up1 down1 up8 down8", way, " ")
	for (i = 1; i <= n; i++)
		goal("CPU per GB, " way[i] ": of socket-proxyd", ratio("listener",
			way[i] "_cpu", "socket-proxyd", way[i] "_cpu"), 0.62)
	for (i = 1; i <= n; i++)
		goal("CPU per GB, " way[i] ": of haproxy", ratio("listener",
			way[i] "_cpu", "haproxy", way[i] "_cpu"), 0.3)
	for (i = 1; i <= n; i++)
		goal("CPU per GB, " way[i] ": of nginx", ratio("listener",
			way[i] "_cpu", "nginx", way[i] "_cpu"), 0.3)
	goal("CPU per GB, 200 streams, a user's: of root's",
		ratio("as-user", "many_cpu", "as-root", "many_cpu"), 1.3)
	for (i = 1; i <= 2; i++) {
		goal("GB/s, " way[i] ": of the best peer",
			of_best(way[i] "_gb_s", 1), ">1.15")
		goal("GB/s, " way[i] ": of no proxy", ratio("listener",
			way[i] "_gb_s", "direct", way[i] "_gb_s"), ">0.55")
	}
	for (i = 1; i <= 8; i += 7)
		goal("connections/s, " i " clients: of processes that do nothing else",
			ratio("listener", "conns" i "_rate", "forked",
			"conns" i "_rate"), ">0.5")
	goal("KiB per idle connection", median("listener", "idle_kib"), 48)
}

END {
	print "byte-proxy beside its peers"
	print machine
	print "Medians of " rounds " rounds in turn, each program started anew, alone, on"
	print "loopback; CPU is that of the proxy's processes alone. Compare within a"
	print "table only."
	table("Short connections: connect, 16 bytes there and back, close",
		"conns1_rate=conn/s conns1_p50_us=p50_us conns1_p99_us=p99_us " \
		"conns1_cpu=cpu_us/c conns8_rate=conn/s_x8 conns8_p50_us=p50_us_x8 " \
		"conns8_p99_us=p99_us_x8 conns8_cpu=cpu_us/c8 failures=failures")
	print "\n(x8: with eight clients at once. p50, p99: from connect() to the first"
	print "byte that comes back. failures: in all that is measured here, all rounds."
	print "forked: no proxy, but processes forked ahead, each of which answers one"
	print "connection by itself; what this shape costs on this machine.)"
	table("Established connections: 64 bytes there and back; memory when idle, " \
		"the\nkernel's included",
		"rtt_p50_us=p50_us rtt_p99_us=p99_us rtt_cpu=cpu_us/rt idle_kib=KiB/idle")
	table("Bulk: GB/s, and CPU seconds per GB; one stream, and eight",
		"up1_gb_s=up_GB/s up1_cpu=s/GB down1_gb_s=down_GB/s down1_cpu=s/GB " \
		"up8_gb_s=up8_GB/s up8_cpu=s/GB down8_gb_s=down8GB/s down8_cpu=s/GB")
	printf "\n%-44s%10s%10s%10s\n\n",
		"Start, with standard input at its end, to exit", "min_us", "p50_us",
		"faults"
	start_line("floor", "a static program without libc")
	start_line("empty-static", "an empty main(), static")
	start_line("byte-proxy-static", "byte-proxy, static")
	start_line("empty-dynamic", "an empty main(), dynamic")
	start_line("byte-proxy-dynamic", "byte-proxy, dynamic")
	printf "\n%-44s%10s%10s\n\n", "200 streams, pipes limited for a user",
		"GB/s", "s/GB"
	printf "%-44s%10s%10s\n", "as root", digits(median("as-root", "many_gb_s")),
		digits(median("as-root", "many_cpu"))
	printf "%-44s%10s%10s\n", "as a user", digits(median("as-user", "many_gb_s")),
		digits(median("as-user", "many_cpu"))
	printf "\n%-44s%10s%10s\n\n", "Counts, the same on every run", "static",
		"dynamic"
	n = split("syscalls_to_first_byte syscalls page_faults instructions " \
		"bytes relocations constructors", counted, " ")
	for (i = 1; i <= n; i++)
		printf "%-44s%10s%10s\n", counted[i],
			median("count-static", counted[i]) "",
			median("count-dynamic", counted[i]) ""
	goals()
	if (note_count)
		printf "\n"
	for (i = 1; i <= note_count; i++) {
		split(notes[i], word, " ")
		if (word[1] == "missing")
			print word[2] " is missing: it is in the Debian package " word[3] \
				" (make deps)"
		else
			print word[2] " did not serve:" substr(notes[i],
				length(word[1] word[2]) + 2)
	}
}
