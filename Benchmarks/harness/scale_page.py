"""Scale.md, and its plot: each cost over size, beside a straight line."""

from harness import course, growth, plots
from harness.report import align


def page(found):
    """Scale.md."""
    sizes = [figures for figures in found["sizes"] if "load" in figures]
    parts = [
        "# Scale\n\nWritten by `Benchmarks/scale`; what is measured, and how, is in "
        "[README.md](README.md).",
        f"{course.heading(found)} The median of {found['rounds']} rounds, {found['seconds']:g} s a "
        f"row.",
        *course.warnings(found)]
    if sizes:
        parts += [
            "## Targets\n\n" + targets(sizes),
            "## Growth\n\nThe power of the size with which each cost grows: 1 is a straight line. "
            f"Up to {growth.LINEAR} counts as linear, over all sizes and from the last but one to "
            "the largest.\n\n![each cost over size](plots/scale.svg)\n\n" + growths(sizes),
            "## Figures\n\n" + figures_table(sizes)]
    if found["workspaces"]:
        parts.append("## Many workspaces\n\nOne beside as many tasks in many.\n\n"
                     + workspaces(found))
    told = [f"- {one['tasks']:,}: {sentence}" for one in found["sizes"] + found["workspaces"]
            for sentence in one.get("alarms", [])]
    if told:
        parts.append("## What the nodes complained of\n\n" + "\n".join(told))
    return "\n\n".join(parts) + "\n"


def targets(sizes):
    lines = [["target", "at tasks", "measured", "wanted", "met"]]
    for name, tasks, measured, wanted, is_met in growth.targets(sizes):
        lines.append([name, f"{tasks:,}", measured, wanted, "yes" if is_met else "**no**"])
    return align(lines)


def growths(sizes):
    lines = [["cost", "grows with", "power", "last step", "so it grows"]]
    for title, _, path, over in growth.COSTS:
        points = growth.points(sizes, path, over)
        if not points:
            continue
        whole, last, word = growth.judge(points)
        lines.append([
            title, "tasks" if over == "tasks" else "rows",
            *[f"{power:.2f}" if power is not None else "–" for power in (whole, last)], word])
    return align(lines)


MEBIBYTE = 1 << 20

# Title, place in a size's figures, what it is divided by, and its format.
FIGURES = [
    ("loading, s", "load.seconds", 1, ",.1f"),
    ("loading, tasks/s", "load.tasks_a_second", 1, ",.0f"),
    ("… processor of the primary, s", "load.processor_seconds.primary", 1, ",.1f"),
    ("objects loaded", "load.objects", 1, ",.0f"),
    ("top-level tasks in the largest project", "largest.tasks", 1, ",.0f"),
    ("memory of the primary, MiB", "memory.primary_bytes", MEBIBYTE, ",.0f"),
    ("memory of the follower, MiB", "memory.replica_bytes", MEBIBYTE, ",.0f"),
    ("… after a restart, MiB", "memory.after_restart_bytes", MEBIBYTE, ",.0f"),
    ("… of rows, as the node counts, MiB", "memory.graph_bytes", MEBIBYTE, ",.0f"),
    ("payload: the snapshot's raw bytes, MiB", "memory.payload_bytes", MEBIBYTE, ",.0f"),
    ("memory over payload", "memory.ratio", 1, ".2f"),
    ("snapshot, s", "snapshot.seconds", 1, ",.2f"),
    ("… processor, s", "snapshot.processor_seconds", 1, ",.2f"),
    ("snapshot, MiB", "snapshot.bytes", MEBIBYTE, ",.0f"),
    ("snapshot over raw bytes", "snapshot.ratio", 1, ".2f"),
    ("get 1×1, p50 µs", "get.p50_us", 1, ",.0f"),
    ("get 64×16, /s", "get_many.rate", 1, ",.0f"),
    ("list of 50 in the largest project 1×1, p50 µs", "list.p50_us", 1, ",.0f"),
    ("list of 50 in the largest project 64×1, /s", "list_many.rate", 1, ",.0f"),
    ("updates offered, /s", "writers.rate", 1, ",.0f"),
    ("… p50 µs", "writers.without.p50_us", 1, ",.0f"),
    ("… p99 µs", "writers.without.p99_us", 1, ",.0f"),
    ("… p99.9 µs", "writers.without.p999_us", 1, ",.0f"),
    ("… while snapshots are taken, p50 µs", "writers.with.p50_us", 1, ",.0f"),
    ("… while snapshots are taken, p99 µs", "writers.with.p99_us", 1, ",.0f"),
    ("… while snapshots are taken, p99.9 µs", "writers.with.p999_us", 1, ",.0f"),
    ("… part of the time that one was taken", "writers.share", 1, ".0%"),
    ("recovery from a snapshot, s until writes are taken",
     "recovery.snapshot.until_open_seconds", 1, ",.2f"),
    ("… processor, s", "recovery.snapshot.processor_seconds", 1, ",.2f"),
    ("… loading it, s", "recovery.snapshot.load_seconds", 1, ",.2f"),
    ("… loading it, tasks/s", "recovery.snapshot.tasks_a_second", 1, ",.0f"),
    ("recovery with a log, s", "recovery.log.until_open_seconds", 1, ",.2f"),
    ("… records in it", "recovery.log.applied", 1, ",.0f"),
    ("… opening it, ms", "recovery.log.log_open_ms", 1, ",.0f"),
    ("… applying it, ms", "recovery.log.apply_ms", 1, ",.0f"),
    ("… records/s", "recovery.log.records_a_second", 1, ",.0f"),
    *[line for form in ("csv", "json") for line in (
        (f"{form.upper()} export, rows/s", f"export.{form}.rows_a_second", 1, ",.0f"),
        ("… processor of the client, s", f"export.{form}.processor_seconds.client", 1, ",.1f"),
        ("… processor of the primary, s", f"export.{form}.processor_seconds.primary", 1, ",.1f"),
        ("… its bytes, MiB", f"export.{form}.bytes", MEBIBYTE, ",.1f"),
        ("… memory of the client, + MiB", f"export.{form}.memory_growth_bytes.client", MEBIBYTE,
         ",.0f"),
        ("… memory of the primary, + MiB", f"export.{form}.memory_growth_bytes.primary", MEBIBYTE,
         ",.0f"),
        (f"{form.upper()} import, tasks/s", f"import.{form}.tasks_a_second", 1, ",.0f"),
        ("… memory of the client, + MiB", f"import.{form}.memory_growth_bytes.client", MEBIBYTE,
         ",.0f"),
        ("… processor of the client, s", f"import.{form}.processor_seconds.client", 1, ",.1f"),
        ("… processor of the primary, s", f"import.{form}.processor_seconds.primary", 1, ",.1f"))],
]


def figures_table(sizes):
    return _table([f"{one['tasks']:,} tasks" for one in sizes], sizes)


def workspaces(found):
    """Each run over many workspaces beside the one over as many tasks in one."""
    columns, titles = [], []
    for many in found["workspaces"]:
        for one in found["sizes"]:
            if one["tasks"] == many["tasks"]:
                columns.append(one)
                titles.append("1 workspace")
        columns.append(many)
        titles.append(f"{many['workspaces']:,} workspaces, {many['tasks']:,} tasks")
    return _table(titles, columns)


def _table(titles, columns):
    lines = [["", *titles]]
    for title, path, unit, form in FIGURES:
        cells = [growth.value(column, path) for column in columns]
        if any(cell is not None for cell in cells):
            lines.append([
                title, *["–" if cell is None else format(cell / unit, form) for cell in cells]])
    return align(lines)


def draw(found, folder):
    """The plot of all costs."""
    folder.mkdir(exist_ok=True)
    sizes = [figures for figures in found["sizes"] if "load" in figures]
    panels = []
    for title, unit, path, over in growth.COSTS:
        points = growth.points(sizes, path, over)
        if unit == "MiB":
            points = [(size, cost / MEBIBYTE) for size, cost in points]
        if len(points) > 1:
            panels.append((f"{title}, {unit}", "tasks" if over == "tasks" else "rows", points))
    if panels:
        plots.growth_panels("Cost over size; dashed: a straight line through the smallest",
                            panels).write(folder / "scale.svg")
