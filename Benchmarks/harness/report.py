"""Results.md, and the same table for the terminal."""

from harness import course, results


def rows(found, socket):
    """The keys of all rows that were measured over this kind of socket, in their order."""
    seen = []
    for series in found["series"]:
        wanted = results.key(series)
        if wanted[2] == socket and wanted not in seen:
            seen.append(wanted)
    return seen


def table(found, socket):
    """The table of rates and ratios, as Markdown that also reads well as text."""
    peers = [peer for peer in results.PEERS if peer in found["stores"]]
    titles = [found["stores"][peer]["title"] for peer in peers]
    lines = [
        ["operation", "Holdfast", "p50 / p99 / p99.9 µs", *titles,
         *[f"÷ {title}" for title in titles], "target met", "missed of the design's figures"]]
    for wanted in rows(found, socket):
        own = results.find(found, "holdfast", wanted)
        others = [results.find(found, peer, wanted) for peer in peers]
        over = results.ratios(found, wanted)
        least = results.least_ratios(found, wanted)
        lines.append([
            results.name(wanted),
            _rate(own), _latencies(own), *[_rate(other) for other in others],
            *[_ratio(own, over[peer], least[peer]) if peer in over else "–" for peer in peers],
            results.verdict(found, wanted) or "–", results.misses(found, wanted) or "–"])
    return align(lines)


def _rate(series):
    if series is None:
        return "–"
    text = f"{results.median(series):,.0f}"
    return text + (f" ±{results.spread(series) / 2:.0%}" if len(series["rounds"]) > 1 else "")


def _ratio(own, median, least):
    """The ratio of the medians, and that of the worst round if there were several."""
    return f"{median:.2f}" + (f" (≥ {least:.2f})" if len(own["rounds"]) > 1 else "")


def _latencies(series):
    if series is None:
        return "–"
    return " / ".join(
        f"{results.median(series, field):,.0f}" for field in ("p50_us", "p99_us", "p999_us"))


def align(lines):
    """Lines of cells as a table, Markdown that also reads well as text; the first is the head."""
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |"
        for line in lines]
    text.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(text)


def costs(found):
    """Processor time and bytes to disk an operation, and the load program's share."""
    lines = [[
        "operation", "store", "primary µs", "replica µs", "load program µs", "load program cores",
        "primary bytes to disk", "errors"]]
    for wanted in rows(found, "unix"):
        for store in found["stores"]:
            series = results.find(found, store, wanted)
            if series is None:
                continue
            lines.append([
                results.name(wanted), found["stores"][store]["title"],
                *[f"{results.cost(series, group):.1f}" for group in ("primary", "replica", "load")],
                f"{results.share(series, 'load'):.2f}",
                f"{results.written(series, 'primary'):,.0f}",
                str(sum(report["errors"] for report in series["rounds"]))])
    return align(lines)


def latency(found):
    """Open loops: latency at parts of each store's own maximum."""
    lines = [["kind", "store", "offered", "part of its maximum", "p50 µs", "p99 µs", "p99.9 µs"]]
    for point in found["latency"]:
        report = point["report"]
        lines.append([
            point["kind"], found["stores"][point["store"]]["title"],
            f"{report['offered']:,.0f}/s", f"{point['fraction']:.0%}", f"{report['p50_us']:,.0f}",
            f"{report['p99_us']:,.0f}", f"{report['p999_us']:,.0f}"])
    return align(lines)


def half_load(found):
    """Whether our p99.9 at half of our maximum is below the best peer's p99 at half of its own."""
    sentences = []
    for kind in sorted({point["kind"] for point in found["latency"]}):
        half = {
            point["store"]: point["report"] for point in found["latency"]
            if point["kind"] == kind and point["fraction"] == 0.5}
        others = {store: one["p99_us"] for store, one in half.items() if store != "holdfast"}
        if "holdfast" not in half or not others:
            continue
        best = min(others, key=others.get)
        own = half["holdfast"]["p999_us"]
        lacking = [f"no {peer}" for peer in results.PEERS if peer not in others]
        lacking += [f"wrong answers of {store}" for store, one in half.items() if one["errors"]]
        word = "not judged, " + ", ".join(lacking) if lacking else (
            "met" if own < others[best] else "not met")
        sentences.append(
            f"- {kind}: p99.9 at half of our maximum {own:,.0f} µs, the best peer's p99 at half of "
            f"its own {others[best]:,.0f} µs ({found['stores'][best]['title']}): {word}.")
    return "\n".join(sentences)


def _stores(found):
    lines = [["store", "version", "memory of the primary, loaded", "bytes a task", "loading",
              "settings"]]
    for store in found["stores"].values():
        lines.append([
            store["title"], store["version"], f"{store['memory_bytes'] / 2**20:,.0f} MiB",
            f"{store['memory_bytes_a_task']:,.0f}", f"{store['loading_seconds']:,.1f} s",
            f"`{store['flags']}`"])
    return align(lines)


def _warnings(found):
    """What a reader must know before believing a figure."""
    wrong = sum(
        report["errors"] for series in found["series"] for report in series["rounds"])
    wrong += sum(point["report"]["errors"] for point in found["latency"])
    return course.warnings(found) + (
        [f"**{wrong:,} answers were wrong or missing.**"] if wrong else [])


def page(found):
    """Results.md."""
    parts = [
        "# Results\n\nWritten by `Benchmarks/run`; what the rows are and how they are measured is "
        "in [README.md](README.md).",
        f"{course.heading(found)} {found['tasks']:,} tasks loaded, {found['seconds']:g} s a row, "
        f"the median of {found['rounds']} rounds, ± half of the spread.",
        *_warnings(found),
        "## Stores\n\n" + _stores(found),
        "## Operations a second, UNIX sockets\n\n" + table(found, "unix"),
    ]
    if found["latency"]:
        parts.append(
            "## Latency under load\n\nOpen loop, from the moment a request was due.\n\n"
            + half_load(found) + "\n\n" + latency(found))
    if rows(found, "tcp"):
        parts.append(
            "## The same over loopback TCP\n\nOurs with TLS 1.3, the peers' without.\n\n"
            + table(found, "tcp"))
    parts.append("## What an operation costs\n\n" + costs(found))
    return "\n\n".join(parts) + "\n"
