# SPDX-License-Identifier: MIT
# chart: the picture, from the same lines as the tables: bars of the medians,
# those of byte-proxy in another colour.

{
	if ($1 == "missing" || $1 == "broken")
		next
	count[$1, $2]++
	values[$1, $2, count[$1, $2]] = $3 + 0
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

function is_way(name) {
	return index(" " ways " ", " " name " ") > 0
}

function digits(v) {
	return sprintf(v >= 100 ? "%.0f" : v >= 10 ? "%.1f" : "%.2f", v)
}

function text(x, y, class, words) {
	gsub(/&/, "\\&amp;", words)
	gsub(/</, "\\&lt;", words)
	printf "<text x=\"%d\" y=\"%d\" class=\"%s\">%s</text>\n", x, y, class, words
}

# Where the two longest bars would leave the others too short to be compared,
# they are cut off, and a gap says so.
function scale(metric,   i, j, n, v, sorted) {
	for (i = 1; i <= name_count; i++) {
		v = shown(names[i], metric)
		if (v == "")
			continue
		for (j = n++; j >= 1 && sorted[j] > v; j--)
			sorted[j + 1] = sorted[j]
		sorted[j + 1] = v
	}
	v = 1.3 * sorted[n > 2 ? n - 2 : n]
	return sorted[n] < v ? sorted[n] : v
}

# What costs nothing, since there is no proxy, has no bar.
function shown(name, metric) {
	return name == "direct" && metric ~ /cpu|kib/ ? "" : median(name, metric)
}

function panel(x, y, metric, title, unit,   i, v, most, width, cut, row) {
	text(x, y, "title", title)
	text(x, y + 14, "unit", unit)
	most = scale(metric)
	row = y + 24
	for (i = 1; i <= name_count; i++) {
		v = shown(names[i], metric)
		if (v == "")
			continue
		if (is_way(names[i]) && !is_way(names[i - 1]))
			row += 4
		width = most ? BARS * v / most : 0
		cut = (width > BARS + 0.5)
		if (cut)
			width = BARS
		if (width < 1)
			width = 1
		text(x + LABELS - 6, row + 9,
			is_way(names[i]) ? "label way" : "label", names[i])
		printf "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" class=\"%s\"/>\n",
			x + LABELS, row, width, BAR, is_way(names[i]) ? "ours" : names[i] ~ /^(direct|forked)$/ ? \
			"none" : "peer"
		if (cut)
			printf "<path d=\"M%d %d l4 %d h4 l-4 -%d z\" class=\"gap\"/>\n",
				x + LABELS + BARS - 18, row - 1, BAR + 2, BAR + 2
		text(x + LABELS + width + 4, row + 9, "value", digits(v))
		row += STEP
	}
	return row
}

END {
	BARS = 210
	LABELS = 118
	BAR = 11
	STEP = 15
	height = 66 + 3 * (24 + STEP * name_count + 38)
	printf "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 %d\" " \
		"width=\"800\" height=\"%d\" role=\"img\" " \
		"aria-label=\"byte-proxy beside its peers\">\n", height, height
	print "<style>"
	print "text { font: 11px sans-serif; fill: #24292f }"
	print ".head { font-size: 17px; font-weight: bold }"
	print ".title { font-size: 13px; font-weight: bold }"
	print ".unit, .value { fill: #57606a } .label { text-anchor: end }"
	print ".way { font-weight: bold } .ours { fill: #0969da }"
	print ".peer { fill: #afb8c1 } .none { fill: #dde2e7 } .gap { fill: #fff }"
	print "</style>"
	printf "<rect width=\"800\" height=\"%d\" fill=\"#fff\"/>\n", height
	text(16, 26, "head", "byte-proxy beside its peers")
	printf "<rect x=\"560\" y=\"17\" width=\"11\" height=\"11\" class=\"ours\"/>\n"
	text(576, 26, "", "byte-proxy, by way in")
	printf "<rect x=\"706\" y=\"17\" width=\"11\" height=\"11\" class=\"peer\"/>\n"
	text(722, 26, "", "peers")
	text(16, 44, "unit", machine)
	y = 74
	rows = 24 + STEP * name_count + 38
	panel(16, y, "conns8_rate", "Short connections, 8 clients",
		"connections/s: more is better")
	panel(416, y, "conns1_p50_us", "From connect to the first byte back",
		"median, µs: less is better")
	panel(16, y + rows, "rtt_p50_us", "Round trip, 64 bytes",
		"median, µs: less is better")
	panel(416, y + rows, "idle_kib", "Memory per idle connection",
		"KiB, the kernel's included: less is better")
	panel(16, y + 2 * rows, "up1_gb_s", "Bulk, one stream",
		"GB/s: more is better")
	panel(416, y + 2 * rows, "up1_cpu", "CPU time for bulk, one stream",
		"seconds per GB: less is better")
	print "</svg>"
}
