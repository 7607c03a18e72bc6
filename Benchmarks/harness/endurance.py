"""The course of `Benchmarks/steady`: the most a pair does, then a part of it for long."""

import json
import statistics
import subprocess

from harness import pair, processes, steadiness
from harness.processes import Failure
from harness.scaling import alarms, checked

# 90 gets, nine updates, a create of a hundred: rows grow, by what both nodes can hold in an hour.
ROW = "work:64x16"

# What one session of requests costs is measured with so many of them at a time, so often.
SESSIONS = 500
SESSION_RUNS = 20


class Endurance:
    """One run. What it has found so far is in `results`."""

    def __init__(self, folder, settings, found):
        self.settings = settings
        self.results = found
        self.store = pair.Pair(folder, settings)

    def measure(self):
        store = self.store
        try:
            store.create()
            loaded = self._load()
            self._find_maximum()
            rows = self._count()
            self._run()
            store.verify()
            self._judge(loaded, rows, self._count())
            self._sessions()
        finally:
            self.results["alarms"] = alarms(store.folder)
            store.stop()

    def _load(self):
        """Loads the tasks. Returns the bytes of memory a row took."""
        store = self.store
        before = pair.resident(store.primary.pid)
        report = json.loads(processes.command([
            self.settings.load, "prepare", "--store", store.name, *store.place(), "--keys",
            store.keys, "--tasks", self.settings.tasks]))
        store.settle()
        grown = pair.resident(store.primary.pid) - before
        rows = self._count()["rows"]
        print(f"  loaded {report['tasks']:,} tasks, {rows:,} rows, {grown / rows:,.0f} bytes of "
              "memory each", flush=True)
        return grown / rows

    def _count(self):
        """What a node that has just loaded a snapshot of everything says it holds."""
        self.store.settle()
        self.store.snapshot_of_everything()
        return self.store.restart()

    def _find_maximum(self):
        """The median of three closed loops."""
        seconds = self.settings.maximum_seconds
        reports = [checked(self.store.row(ROW, seconds)) for _ in range(3)]
        rates = [report["rate"] for report in reports]
        self.results["maximum"] = {"rates": rates, "rate": statistics.median(rates)}
        self.results["offered"] = round(statistics.median(rates) * self.settings.share)
        print(f"  at most {statistics.median(rates):,.0f}/s; {self.results['offered']:,}/s are "
              "offered", flush=True)

    def _run(self):
        """The open loop, and what a slice leaves behind."""
        store, length = self.store, self.settings.slice
        count = max(1, round(self.settings.minutes * 60 / length))
        words = [
            self.settings.load, "run", "--store", store.name, *store.place(), "--keys", store.keys,
            "--row", ROW, "--rate", self.results["offered"], "--seconds", length, "--slices",
            count, "--warm", self.settings.maximum_seconds]
        for name, pid in store.groups.items():
            words += ["--group", f"{name}={pid}"]
        self.results["slices"] = slices = []
        print(HEAD, flush=True)
        with subprocess.Popen(
                [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True) as load:
            try:
                for line in load.stdout:
                    slices.append(self._slice(json.loads(line)))
                    print(line_of(len(slices), slices[-1]), flush=True)
                problem = load.stderr.read()
            finally:
                if load.poll() is None:
                    load.terminate()
        if load.returncode != 0 or len(slices) < count:
            raise Failure(f"the load ended early: {problem.strip()}")

    def _slice(self, report):
        return {
            "report": report, "disk": self.store.disk(),
            "memory": {
                name: pair.resident(pid) for name, pid in self.store.groups.items()}}

    def _sessions(self):
        """What is kept of a client that went away without saying that it has its last answer: what
        updates of many clients take more than those of a few."""
        few = self._grown("update:64x16", 1, 2)
        many = self._grown(f"update:{SESSIONS}x1", SESSION_RUNS, 0.2)
        beside = many["grown"] - many["updates"] * few["grown"] / few["updates"]
        self.results["sessions"] = {
            "few": few, "many": many, "count": SESSIONS * SESSION_RUNS,
            "bytes_an_update": few["grown"] / few["updates"],
            "bytes_a_session": beside / (SESSIONS * SESSION_RUNS)}

    def _grown(self, row, runs, seconds):
        """Updates, and what the primary's memory grew by."""
        self.store.settle()
        before = pair.resident(self.store.primary.pid)
        updates = sum(
            checked(self.store.row(row, seconds, warm=0))["operations"] for _ in range(runs))
        self.store.settle()
        return {"updates": updates, "grown": pair.resident(self.store.primary.pid) - before}

    def _judge(self, loading_bytes_a_row, start, end):
        """Rows are counted at both restarts. Memory is compared from the end of the first slice,
        when all buffers are there, to the end of the last; the rows of the first slice are its part
        of all."""
        slices = self.results["slices"]
        operations = [one["report"]["operations"] for one in slices]
        part = operations[0] / sum(operations)
        first = {
            name: start[name] + part * (end[name] - start[name])
            for name in ("rows", "tasks", "content_bytes")}
        self.results["verdict"] = {
            "latency": {
                field: steadiness.latency(slices, field)
                for field in ("p50_us", "p99_us", "p999_us")},
            "answered": steadiness.answered(slices),
            "log": steadiness.log_space(slices, end["content_bytes"]),
            "memory": steadiness.memory(
                {**first, **resident(slices[0])},
                {**{name: end[name] for name in first}, **resident(slices[-1])},
                loading_bytes_a_row)}


def resident(one):
    return {f"{name}_bytes": count for name, count in one["memory"].items()}


HEAD = (
    "  slice        rate    p50     p99 p99.9 µs    errors   cores a/b/load     memory a / b"
    "  log a / b  snapshots     archive, MiB")


def line_of(number, one):
    """A slice as a line for the terminal."""
    report, disk = one["report"], one["disk"]
    cores = [
        report["processor_seconds"].get(name, 0) / report["seconds"]
        for name in ("primary", "replica", "load")]
    bytes_used = [
        one["memory"]["primary"], one["memory"]["replica"], disk["log a"], disk["log b"],
        disk["snapshots a"], disk["archive"]]
    widths = [10, 7, 7, 6, 11, 12]
    return (
        f"  {number:>5} {report['rate']:>11,.0f} {report['p50_us']:>6,.0f} "
        f"{report['p99_us']:>7,.0f} {report['p999_us']:>8,.0f} {report['errors']:>9,}   "
        + " ".join(f"{core:>5.2f}" for core in cores) + " "
        + "".join(f"{count >> 20:>{width},}" for count, width in zip(bytes_used, widths)))
