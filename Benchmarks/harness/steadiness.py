"""Whether a long load found a store in the same state from beginning to end."""

import math
import statistics

from harness import growth

# A latency is flat if it is not shown to rise by more than this part of its median over the run,
# by the straight line through all slices.
FLAT_RISE = 0.10

# An open loop is kept up with if so much of what was offered is answered within its slice.
KEPT_UP = 0.99

# Snapshots a node keeps, the least log after which it takes one, how many times that (and what the
# last one holds) may be written before the next, and its segments: the node's defaults.
SNAPSHOTS_KEPT = 2
SNAPSHOT_LOG_BYTES = 256 << 20
SNAPSHOT_LOG_TIMES = 4
SEGMENT_BYTES = 64 << 20

# Segments beside what the two snapshots need: two prepared ones, the reserve, the one that is
# written, the one of which only a part is still needed, and two that fill while a snapshot is taken
# or the archive is waited for.
SEGMENTS_BESIDE = 7

# Memory for rows may take so much more than what the load before took for a row.
MEMORY_MARGIN = 1.3


def trend(values, spacing=1.0):
    """(rise, error): what the straight line through evenly spaced values rises by from the first to
    the last, and twice its standard error; the error is infinite with fewer than three."""
    count = len(values)
    if count < 2:
        return 0.0, math.inf
    pairs = [(index * spacing, number) for index, number in enumerate(values)]
    steepness = growth.slope(pairs)
    span = (count - 1) * spacing
    if count < 3:
        return steepness * span, math.inf
    middle_x = statistics.mean(x for x, _ in pairs)
    middle_y = statistics.mean(values)
    rest = sum((y - middle_y - steepness * (x - middle_x)) ** 2 for x, y in pairs)
    spread = sum((x - middle_x) ** 2 for x, _ in pairs)
    error = 2 * math.sqrt(rest / (count - 2) / spread)
    return steepness * span, error * span


def latency(slices, field):
    """The median over the slices, their spread (tenth to ninetieth percentile, over the median),
    the rise over the run and its error as parts of the median, and whether it is flat."""
    values = [one["report"][field] for one in slices]
    median = statistics.median(values)
    ordered = sorted(values)
    low, high = (ordered[round((len(ordered) - 1) * part)] for part in (0.1, 0.9))
    rise, error = trend(values)
    certain = rise if math.isinf(error) else rise - error
    return {
        "median": median, "spread": (high - low) / median, "most": max(values),
        "rise": rise / median, "error": None if math.isinf(error) else error / median,
        "is_flat": certain / median <= FLAT_RISE}


def answered(slices):
    """Requests, errors, and the least part of what was offered that was answered in a slice."""
    reports = [one["report"] for one in slices]
    return {
        "operations": sum(report["operations"] for report in reports),
        "errors": sum(report["errors"] for report in reports),
        "kept_up": min(
            report["operations"] / (report["offered"] * report["seconds"]) for report in reports)}


def log_bound(content_bytes):
    """The most bytes of log that a node's folder holds when all goes as it should: a snapshot is
    due after four times as much log as the last one holds, within limits."""
    due = min(
        max(SNAPSHOT_LOG_BYTES, SNAPSHOT_LOG_TIMES * content_bytes),
        SNAPSHOT_LOG_TIMES * SNAPSHOT_LOG_BYTES)
    return SNAPSHOTS_KEPT * due + SEGMENTS_BESIDE * SEGMENT_BYTES


def log_space(slices, content_bytes):
    """The most bytes of log on either node, the bound for rows of so many bytes, and whether it was
    kept."""
    most = {
        node: max(one["disk"][f"log {node}"] for one in slices) for node in ("a", "b")}
    bound = log_bound(content_bytes)
    return {**most, "bound": bound, "is_bounded": max(most.values()) <= bound}


def memory(start, end, loading_bytes_a_row):
    """What memory grew by, over the rows that were created: all of its growth is put down to them.

    `start` and `end`: resident bytes of both nodes under load, and rows and their bytes as the node
    counts them."""
    rows = end["rows"] - start["rows"]
    found = {
        "rows": rows, "tasks": end["tasks"] - start["tasks"],
        "content_bytes_a_row": (end["content_bytes"] - start["content_bytes"]) / max(rows, 1),
        "loading_bytes_a_row": loading_bytes_a_row}
    for node in ("primary", "replica"):
        grown = end[f"{node}_bytes"] - start[f"{node}_bytes"]
        found[f"{node}_grown"] = grown
        found[f"{node}_bytes_a_row"] = grown / max(rows, 1)
    found["is_for_rows"] = all(
        found[f"{node}_bytes_a_row"] <= loading_bytes_a_row * MEMORY_MARGIN
        for node in ("primary", "replica"))
    return found
