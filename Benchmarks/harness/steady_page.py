"""Steady.md, and its plots: latency, memory and disk over the run."""

from harness import course, plots
from harness.report import align


PLOTS = ["latency", "memory", "disk", "archive"]


def page(found):
    """Steady.md."""
    parts = [
        "# Steady\n\nWritten by `Benchmarks/steady`; what is measured, and how, is in "
        "[README.md](README.md).",
        f"{course.heading(found)} {found['tasks']:,} tasks loaded.", *course.warnings(found)]
    if "offered" in found:
        rates = ", ".join(f"{rate:,.0f}" for rate in found["maximum"]["rates"])
        parts.append(
            f"At most {found['maximum']['rate']:,.0f} requests a second (closed loops of 64×16: "
            f"{rates}); offered, in an open loop, {found['share']:.0%} of it: "
            f"{found['offered']:,}/s, of which 90 % get, 9 % update and 1 % create a "
            "task.")
    if "verdict" in found:
        parts.append("## Verdict\n\n" + "\n".join(verdict(found)))
    if found.get("slices"):
        parts.append(
            "## Over the run\n\n" + "\n\n".join(
                f"![{name}](plots/steady-{name}.svg)" for name in PLOTS)
            + "\n\n" + slices(found))
    if found.get("alarms"):
        parts.append("## What the nodes complained of\n\n" + "\n".join(
            f"- {sentence}" for sentence in found["alarms"]))
    return "\n\n".join(parts) + "\n"


def word(is_met):
    return "yes" if is_met else "**no**"


def verdict(found):
    """A sentence for each thing that had to be shown."""
    judged = found["verdict"]
    sentences = []
    for field, one in judged["latency"].items():
        name = field.removesuffix("_us").replace("p999", "p99.9")
        error = "" if one["error"] is None else f" ± {one['error']:.1%}"
        sentences.append(
            f"- {name} flat: {word(one['is_flat'])}. Median {one['median']:,.0f} µs, at most "
            f"{one['most']:,.0f}, spread from the tenth to the ninetieth percentile of the slices "
            f"{one['spread']:.0%}; over the run it rises by {one['rise']:+.1%}{error}.")
    answered = judged["answered"]
    sentences.append(
        f"- No error: {word(answered['errors'] == 0)}. {answered['operations']:,} answers, "
        f"{answered['errors']:,} wrong or missing; in each slice at least "
        f"{answered['kept_up']:.1%} of what was offered was answered.")
    log = judged["log"]
    sentences.append(
        f"- Log space bounded: {word(log['is_bounded'])}. At most {mebibytes(log['a'])} MiB on the "
        f"primary and {mebibytes(log['b'])} on the follower, of {mebibytes(log['bound'])}: "
        "twice what is written until a snapshot is due (as much as the last one holds, from 256 "
        "MiB to 1 GiB), since two are kept, and seven segments of 64 MiB.")
    memory = judged["memory"]
    sentences.append(
        f"- Memory grows for rows alone: {word(memory['is_for_rows'])}. The primary grew by "
        f"{mebibytes(memory['primary_grown'])} MiB, the follower by "
        f"{mebibytes(memory['replica_grown'])}, while {memory['tasks']:,.0f} tasks were created "
        f"and, with the stories of updates, {memory['rows']:,.0f} rows of "
        f"{memory['content_bytes_a_row']:,.0f} bytes: "
        f"{memory['primary_bytes_a_row']:,.0f} and {memory['replica_bytes_a_row']:,.0f} bytes of "
        f"memory a row. While loading it was {memory['loading_bytes_a_row']:,.0f}.")
    if sessions := found.get("sessions"):
        sentences.append(
            f"- Outcomes: a client's are dropped when it has the answers. Of {sessions['count']:,} "
            f"clients that went away without saying so {sessions['bytes_a_session']:,.0f} bytes of "
            f"memory were kept each, beside {sessions['bytes_an_update']:,.0f} an update, whose "
            "story is a row.")
    return sentences


def mebibytes(count):
    return f"{count / 2**20:,.0f}"


def slices(found):
    lines = [["slice", "requests/s", "p50 µs", "p99 µs", "p99.9 µs", "errors", "primary cores",
              "follower cores", "load cores", "primary MiB", "follower MiB", "log MiB",
              "follower's log MiB", "snapshots MiB", "archive MiB"]]
    for number, one in enumerate(found["slices"], 1):
        report, disk = one["report"], one["disk"]
        lines.append([
            str(number), f"{report['rate']:,.0f}",
            *[f"{report[field]:,.0f}" for field in ("p50_us", "p99_us", "p999_us")],
            f"{report['errors']:,}",
            *[f"{report['processor_seconds'].get(name, 0) / report['seconds']:.2f}"
              for name in ("primary", "replica", "load")],
            mebibytes(one["memory"]["primary"]), mebibytes(one["memory"]["replica"]),
            *[mebibytes(disk[part]) for part in ("log a", "log b", "snapshots a", "archive")]])
    return align(lines)


def draw(found, folder):
    """Latency, memory and disk over the run."""
    ran = found.get("slices", [])
    if not ran:
        return
    folder.mkdir(exist_ok=True)
    minutes = [(index + 1) * found["slice"] / 60 for index in range(len(ran))]

    def over(values):
        return list(zip(minutes, values))

    plots.timeline(
        "Latency at the offered rate, µs",
        [(name, over([one["report"][field] for one in ran]))
         for name, field in (("p50", "p50_us"), ("p99", "p99_us"), ("p99.9", "p999_us"))],
        is_logarithmic=True).write(folder / "steady-latency.svg")
    plots.timeline(
        "Memory, MiB",
        [(title, over([one["memory"][name] / 2**20 for one in ran]))
         for title, name in (("primary", "primary"), ("follower", "replica"))]
    ).write(folder / "steady-memory.svg")
    plots.timeline(
        "Disk, MiB",
        [(title, over([one["disk"][part] / 2**20 for one in ran]))
         for title, part in (
             ("primary's log", "log a"), ("follower's log", "log b"),
             ("primary's snapshots", "snapshots a"))]
    ).write(folder / "steady-disk.svg")
    plots.timeline(
        "Archive, from which nothing is removed by itself, MiB",
        [("archive", over([one["disk"]["archive"] / 2**20 for one in ran]))]
    ).write(folder / "steady-archive.svg")
