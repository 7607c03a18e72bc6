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

# All peers a target is judged against.
PEERS = ("postgres", "redis", "tarantool")

# What two runs of one round each may differ by.
UNKNOWN_NOISE = 0.15


def median(series, field="rate"):
    return statistics.median(report[field] for report in series["rounds"])


def spread(series, field="rate"):
    """Largest less smallest of the rounds, as a share of the median."""
    values = [report[field] for report in series["rounds"]]
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def middle(rounds):
    """The report of several rounds: medians of what was offered and of latencies, and all errors."""
    return {
        **{field: statistics.median(one[field] for one in rounds)
           for field in ("offered", "p50_us", "p99_us", "p999_us")},
        "errors": sum(one["errors"] for one in rounds)}


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


def errors(series):
    """Answers that were wrong or missing."""
    return sum(report["errors"] for report in series["rounds"])


def paired(own, other):
    """The ratios of two series, of the rounds that both have: each is a run of all stores in
    turn."""
    rates = {report["round"]: report["rate"] for report in other["rounds"]}
    return [
        report["rate"] / rates[report["round"]] for report in own["rounds"]
        if rates.get(report["round"])]


def least_ratios(results, wanted):
    """Like `ratios`, but of the round that was worst for Holdfast."""
    own = find(results, "holdfast", wanted)
    return {
        store: min(paired(own, find(results, store, wanted)), default=0.0)
        for store in ratios(results, wanted)}


def verdict(results, wanted):
    """Whether a row meets its target in every round: "yes", or what it misses in the worst one;
    "" where there is none to meet or nobody to compare with. Nothing is met while a peer is
    missing or an answer was wrong."""
    target = TARGETS.get(wanted[0])
    own = find(results, "holdfast", wanted)
    found = least_ratios(results, wanted)
    if target is None or own is None or not found:
        return ""
    missed = [f"no {store}" for store in PEERS if store not in found]
    rounds = results["rounds"] if wanted[2] == "unix" else 1
    missed += [
        f"{len(find(results, store, wanted)['rounds'])} of {rounds} rounds of {store}"
        for store in ("holdfast", *found)
        if len(find(results, store, wanted)["rounds"]) < rounds]
    missed += [
        f"wrong answers of {store}" for store in ("holdfast", *found)
        if errors(find(results, store, wanted)) > 0]
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


def over(results, store, wanted):
    """Holdfast's rates over a peer's, round by round, as a series: what drifts within the hour
    drifts for both. Over itself, Holdfast's rates as they are. None where one is missing."""
    own = find(results, "holdfast", wanted)
    other = find(results, store, wanted)
    if own is None or other is None or store == "holdfast":
        return own
    rounds = [{"rate": ratio} for ratio in paired(own, other)]
    return {"rounds": rounds} if rounds else None


def unlike(before, after):
    """What two results were not measured alike in, and so cannot be compared."""
    return [
        f"{name}: {before[name]} and {after[name]}" for name in ("tasks", "seconds", "rounds")
        if before[name] != after[name]]


def compare(before, after):
    """Holdfast's rows of either result: (what it is measured against, key, change, noise, is real).
    Against each peer it is the ratio that is compared; against "holdfast", the rate itself."""
    rows = []
    for wanted in dict.fromkeys(
            key(series) for found in (before, after) for series in found["series"]):
        for store in dict.fromkeys([*before["stores"], *after["stores"]]):
            first, second = over(before, store, wanted), over(after, store, wanted)
            has_peer = find(before, store, wanted) and find(after, store, wanted)
            if first and second and has_peer:
                rows.append((store, wanted, *difference(first, second)))
    return rows


def missing(before, after):
    """Series that only one of two results has, and those with wrong answers, as sentences."""
    told = []
    for one, other, which in ((before, after, "the second"), (after, before, "the first")):
        for series in one["series"]:
            row = f"{series['store']} {' '.join(part for part in key(series) if part)}"
            if find(other, series["store"], key(series)) is None:
                told.append(f"{row}: not in {which}")
            if errors(series):
                told.append(f"{row}: {errors(series)} wrong answers")
    return told
