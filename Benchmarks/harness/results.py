"""What was measured: medians and spreads, ratios to the peers, targets, and two results compared.

A *series* is what the rounds of one row of one store came to: `{"store", "row", "pin", "socket",
"rounds": [one report of the load program each]}`. `pin` is empty, "one core" or "two cores".
"""

import statistics

# Operations a second; then what the median has to be of the best peer's (and of single peers'), and
# the p50 in µs. From the design's page about performance.
TARGETS = {
    "create:1x1": {"rate": 3_600, "p50": 260, "of": {"redis": 0.7, "postgres": 2, "tarantool": 2}},
    "create:64x1": {"rate": 45_000, "best": 2.7},
    "create:64x16": {"rate": 200_000, "best": 3},
    "update:1x1": {"rate": 3_600, "p50": 260, "of": {"redis": 0.6, "postgres": 2, "tarantool": 2}},
    "update:64x1": {"rate": 65_000, "best": 1.45},
    "update:64x16": {"rate": 250_000, "best": 2.2},
    "get:1x1": {"best": 1},
    "get:64x1": {"rate": 120_000, "best": 1.1},
    "get:64x16": {"rate": 900_000, "best": 1.6},
    "list:64x1": {"rate": 60_000, "best": 1.2},
    "mix:64x1": {"rate": 77_000, "best": 1.2},
    "mix:64x16": {"rate": 450_000, "best": 2.2},
}

# What two runs of one round each may differ by.
UNKNOWN_NOISE = 0.15


def median(series, field="rate"):
    return statistics.median(report[field] for report in series["rounds"])


def spread(series, field="rate"):
    """Largest less smallest of the rounds, as a share of the median."""
    values = [report[field] for report in series["rounds"]]
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def share(series, group):
    """The load on the processor of a group: cores it had, on the average of the rounds."""
    return statistics.mean(
        report["processor_seconds"].get(group, 0) / report["seconds"]
        for report in series["rounds"])


def cost(series, group):
    """Microseconds of processor an operation."""
    operations = sum(report["operations"] for report in series["rounds"])
    seconds = sum(report["processor_seconds"].get(group, 0) for report in series["rounds"])
    return seconds / operations * 1e6 if operations else 0.0


def written(series, group):
    """Bytes written to disk an operation."""
    operations = sum(report["operations"] for report in series["rounds"])
    count = sum(report["written_bytes"].get(group, 0) for report in series["rounds"])
    return count / operations if operations else 0.0


def key(series):
    return (series["row"], series["pin"], series["socket"])


def name(wanted):
    """A row for people: "get 1×1, one core"."""
    kind, size = wanted[0].split(":")
    return f"{kind} {size.replace('x', '×')}" + (f", {wanted[1]}" if wanted[1] else "")


def find(results, store, wanted):
    """The series of a store with this key, or None."""
    for series in results["series"]:
        if series["store"] == store and key(series) == wanted and series["rounds"]:
            return series
    return None


def ratios(results, wanted):
    """Holdfast's median over each peer's, by the peer's name."""
    own = find(results, "holdfast", wanted)
    if own is None:
        return {}
    found = {}
    for store in results["stores"]:
        other = find(results, store, wanted)
        if store != "holdfast" and other is not None and median(other) > 0:
            found[store] = median(own) / median(other)
    return found


def verdict(results, wanted):
    """Whether a row meets its target: "yes", or what it misses; "" where there is none to
    meet or nobody to compare with."""
    target = TARGETS.get(wanted[0])
    own = find(results, "holdfast", wanted)
    found = ratios(results, wanted)
    if target is None or own is None or not found:
        return ""
    missed = []
    if "best" in target:
        least = min(found.values())
        if least < target["best"]:
            missed.append(f"{least:.2f} of {target['best']}")
    for store, factor in target.get("of", {}).items():
        if store in found and found[store] < factor:
            missed.append(f"{store} {found[store]:.2f} of {factor}")
    return "no: " + ", ".join(missed) if missed else "yes"


def misses(results, wanted):
    """What a row's target on this project's own machine is missed by: rate and p50."""
    target = TARGETS.get(wanted[0], {})
    own = find(results, "holdfast", wanted)
    missed = []
    if own and median(own) < target.get("rate", 0):
        missed.append(f"{median(own):,.0f}/s of {target['rate']:,}")
    if own and median(own, "p50_us") > target.get("p50", float("inf")):
        missed.append(f"p50 {median(own, 'p50_us'):,.0f} µs of {target['p50']}")
    return ", ".join(missed)


def difference(before, after, field="rate"):
    """How much two series differ: the change as a share, the noise, and whether it exceeds it.

    The noise is the larger spread of the two; with one round it is not known, and a usual one is
    taken. A change is real if it exceeds the noise and the rounds do not overlap.
    """
    first = [report[field] for report in before["rounds"]]
    second = [report[field] for report in after["rounds"]]
    change = statistics.median(second) / statistics.median(first) - 1
    if len(first) < 2 or len(second) < 2:
        return change, UNKNOWN_NOISE, abs(change) > UNKNOWN_NOISE
    noise = max(spread(before, field), spread(after, field))
    apart = min(first) > max(second) or min(second) > max(first)
    return change, noise, apart and abs(change) > noise


def compare(before, after):
    """All series that both results have: (store, key, change, noise, is real)."""
    rows = []
    for series in after["series"]:
        other = find(before, series["store"], key(series))
        if other is not None and series["rounds"]:
            rows.append((series["store"], key(series), *difference(other, series)))
    return rows
