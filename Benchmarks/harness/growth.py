"""How costs grow with size, and whether targets are met."""

import math
import statistics

# A cost that grows with this power of the size, or less, grows linearly: noise is allowed for.
LINEAR = 1.1

# Memory is flat if it grows by no more than this, however large what is exported.
FLAT_BYTES = 64 << 20


def exponent(points):
    """The power of the size with which a cost grows: the slope of a straight line through the
    points (size, cost), both logarithmic. None with fewer than two points."""
    pairs = [(math.log(size), math.log(cost)) for size, cost in points if size > 0 and cost > 0]
    if len({x for x, _ in pairs}) < 2:
        return None
    return slope(pairs)


def slope(pairs):
    """Of the straight line with the least squares through (x, y); 0 if all x are one."""
    middle_x = statistics.mean(x for x, _ in pairs)
    middle_y = statistics.mean(y for _, y in pairs)
    spread = sum((x - middle_x) ** 2 for x, _ in pairs)
    if spread == 0:
        return 0.0
    return sum((x - middle_x) * (y - middle_y) for x, y in pairs) / spread


def judge(points):
    """(exponent over all, exponent of the last step, word). What is fixed hides growth at small
    sizes, so that the last step counts as well."""
    points = sorted(points)
    whole, last = exponent(points), exponent(points[-2:])
    if whole is None or last is None:
        return None, None, "not known from one size"
    word = "linear or slower" if max(whole, last) <= LINEAR else "FASTER THAN LINEAR"
    return whole, last, word


# What is plotted and judged: title, unit, where it stands in a size's figures, and what it grows
# with: all tasks, or the rows that were exported of the largest project.
COSTS = [
    ("load", "s", "load.seconds", "tasks"),
    ("load, primary's processor", "s", "load.processor_seconds.primary", "tasks"),
    ("memory of the primary", "MiB", "memory.primary_bytes", "tasks"),
    ("snapshot", "s", "snapshot.seconds", "tasks"),
    ("snapshot, processor", "s", "snapshot.processor_seconds", "tasks"),
    ("size of a snapshot", "MiB", "snapshot.bytes", "tasks"),
    ("recovery from a snapshot", "s", "recovery.snapshot.until_open_seconds", "tasks"),
    ("recovery, processor", "s", "recovery.snapshot.processor_seconds", "tasks"),
    ("loading the snapshot", "s", "recovery.snapshot.load_seconds", "tasks"),
    ("get, p50", "µs", "get.p50_us", "tasks"),
    ("update, p50", "µs", "writers.without.p50_us", "tasks"),
    ("update, p99.9", "µs", "writers.without.p999_us", "tasks"),
    ("update while snapshots, p99.9", "µs", "writers.with.p999_us", "tasks"),
    ("list in the largest project, p50", "µs", "list.p50_us", "tasks"),
    ("CSV export", "s", "export.csv.seconds", "project"),
    ("JSON export", "s", "export.json.seconds", "project"),
    ("CSV import", "s", "import.csv.seconds", "project"),
    ("JSON import", "s", "import.json.seconds", "project"),
    ("replay, a record", "µs", "recovery.log.record_us", "tasks"),
]


def value(figures, path):
    """The figure at `path`, its names separated by dots; None if it was not measured."""
    for name in path.split("."):
        if not isinstance(figures, dict) or name not in figures:
            return None
        figures = figures[name]
    return figures


def points(sizes, path, over):
    """(size, cost) of all sizes at which a cost was measured, smallest first."""
    found = []
    for figures in sizes:
        size = figures["tasks"] if over == "tasks" else value(figures, "export.csv.rows")
        cost = value(figures, path)
        if size and cost:
            found.append((size, cost))
    return sorted(found)


def targets(sizes):
    """(name, tasks, measured, target, whether it is met) of every target of the design's page
    "Memory, recovery, snapshots" that was measured, at the largest size; recovery and snapshots
    also where the page names a time."""
    largest = max(sizes, key=lambda figures: figures["tasks"])
    found = []

    def add(name, path, target, is_met, text, figures=largest):
        measured = value(figures, path)
        if measured is not None:
            found.append((name, figures["tasks"], text(measured), target, is_met(measured)))

    def per_second(number):
        return f"{number:,.0f}/s"

    add("memory a task, over the payload", "memory.ratio", "≤ 1.6", lambda x: x <= 1.6,
        lambda x: f"{x:.2f}")
    for tasks, limit in ((1_000_000, 0.7), (5_000_000, 3.5)):
        for figures in sizes:
            if figures["tasks"] == tasks:
                add("recovery from a snapshot", "recovery.snapshot.until_open_seconds",
                    f"≤ {limit} s", lambda x, most=limit: x <= most, lambda x: f"{x:.2f} s",
                    figures)
    add("recovery from a snapshot, tasks", "recovery.snapshot.tasks_a_second", "≥ 1,500,000/s",
        lambda x: x >= 1.5e6, per_second)
    add("log replay, records", "recovery.log.records_a_second", "≥ 1,000,000/s",
        lambda x: x >= 1e6, per_second)
    for figures in sizes:
        if figures["tasks"] == 5_000_000:
            add("snapshot", "snapshot.seconds", "≤ 10 s", lambda x: x <= 10,
                lambda x: f"{x:.1f} s", figures)
    add("snapshot, tasks", "snapshot.tasks_a_second", "≥ 500,000/s", lambda x: x >= 5e5,
        per_second)
    add("snapshot, of the raw bytes", "snapshot.ratio", "≤ 0.55", lambda x: x <= 0.55,
        lambda x: f"{x:.2f}")
    add("writers' p99.9 while snapshots are taken", "writers.ratio", "≤ 2 ×", lambda x: x <= 2,
        lambda x: f"{x:.2f} ×")
    add("CSV export, rows", "export.csv.rows_a_second", "≥ 300,000/s", lambda x: x >= 3e5,
        per_second)
    for form in ("csv", "json"):
        for name in ("client", "primary"):
            add(f"{form.upper()} export, memory of the {name}",
                f"export.{form}.memory_growth_bytes.{name}",
                f"flat: ≤ {FLAT_BYTES >> 20} MiB", lambda x: x <= FLAT_BYTES,
                lambda x: f"+{x / 2**20:,.0f} MiB")
        add(f"{form.upper()} import, tasks", f"import.{form}.tasks_a_second", "≥ 100,000/s",
            lambda x: x >= 1e5, per_second)
    return found
