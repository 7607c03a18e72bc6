"""The course of a run: loads each store, measures its rows in rounds, then its latency under a
part of its own maximum."""

import json
import os
import subprocess

from harness import processes, results
from harness.processes import Failure

# Kind and size of each row; with one request under way, placed both ways.
ROWS = [
    "create:1x1", "create:64x1", "create:64x16", "update:1x1", "update:64x1", "update:64x16",
    "get:1x1", "get:64x1", "get:64x16", "list:64x1", "list:64x16", "mix:64x1", "mix:64x16"]
PINS = {
    # Client and primary take turns on a core, or wake each other across two.
    "one core": {"load": {0}, "primary": {0}, "replica": {1}},
    "two cores": {"load": {1}, "primary": {0}, "replica": {1}},
}
FRACTIONS = [0.1, 0.25, 0.5, 0.75, 0.9]
OPEN_KINDS = ["create", "mix"]


def rows_to_measure(only):
    """All (row, pin); a lone request on a machine with one core has but one placement."""
    pins = list(PINS) if (os.cpu_count() or 1) > 1 else [""]
    return [
        (row, pin) for row in ROWS if not only or any(row.startswith(word) for word in only)
        for pin in (pins if row.endswith(":1x1") else [""])]


class Run:
    """One run over some stores. What it has found so far is in `results`."""

    def __init__(self, stores, settings, found):
        self.stores = stores
        self.settings = settings
        self.results = found

    def _load(self, store, words, cores=None):
        """Runs the load program. Returns its reports."""
        pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
        done = subprocess.run(
            [str(self.settings.load), *words[:1], "--store", store.name, *store.place(), "--keys",
             str(store.keys), *words[1:]],
            capture_output=True, text=True, check=False, preexec_fn=pin)
        if done.returncode != 0:
            raise Failure(f"{store.title}: {done.stderr.strip()}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def _rows(self, store, row, seconds, more=(), pin=""):
        groups = [
            word for name, root in store.groups.items() for word in ("--group", f"{name}={root}")]
        warm = max(0.5, seconds / 5)
        return self._load(
            store, ["run", "--row", row, "--seconds", str(seconds), "--warm", str(warm), *groups,
                    *more], PINS[pin]["load"] if pin else None)[0]

    # Loading

    def prepare(self, store):
        """Makes the pair, loads it, and notes what a task costs in memory."""
        print(f"{store.title} {store.version()}: loading {self.settings.tasks:,} tasks", flush=True)
        store.create()
        before = store.memory()
        loaded = self._load(store, ["prepare", "--tasks", str(self.settings.tasks)])[0]
        after = store.memory()
        store.settle()
        store.verify()
        self.results["stores"][store.name] = {
            "title": store.title, "version": store.version(), "flags": store.flags(),
            "loading_seconds": loaded["seconds"], "tasks": loaded["tasks"],
            "memory_bytes": after, "memory_bytes_a_task": (after - before) / loaded["tasks"],
        }
        store.pause()

    # Rounds

    def measure_round(self, number, socket):
        """All stores in turn; every second round the other way round."""
        order = self.stores if number % 2 == 0 else list(reversed(self.stores))
        for store in order:
            store.resume(socket == "tcp")
            # A store that has just begun has cold caches, and PostgreSQL whole pages to log.
            self._rows(store, "mix:64x16", self.settings.seconds)
            for row, pin in self.settings.rows:
                self._attempt(store, row, self._measure, store, row, pin, socket, number)
            store.verify()
            store.pause()

    def _attempt(self, store, what, measure, *arguments):
        """A row that fails is told of and leaves the others alone."""
        try:
            measure(*arguments)
        except Failure as error:
            sentence = f"{store.title}, {what}: {error}"
            self.results["failures"].append(sentence)
            print(f"  FAILED: {sentence}", flush=True)

    def _measure(self, store, row, pin, socket, number):
        try:
            for name, root in store.groups.items():
                if pin:
                    processes.pin(root, PINS[pin][name])
            report = self._rows(store, row, self.settings.seconds, pin=pin)
        finally:
            for root in store.groups.values():
                if pin:
                    processes.pin(root, set(range(os.cpu_count() or 1)))
        report["round"] = number
        series = self._series(store, row, pin, socket)
        series["rounds"].append(report)
        self._print(store, series, report)

    def _series(self, store, row, pin, socket):
        found = next(
            (one for one in self.results["series"]
             if one["store"] == store.name and results.key(one) == (row, pin, socket)), None)
        if found is None:
            found = {"store": store.name, "row": row, "pin": pin, "socket": socket, "rounds": []}
            self.results["series"].append(found)
        return found

    def _print(self, store, series, report):
        used = " ".join(
            f"{name} {results.share({'rounds': [report]}, name):.2f}"
            for name in report["processor_seconds"])
        where = " ".join(part for part in (series["pin"], series["socket"]) if part)
        wrong = f"  {report['errors']} WRONG: {report['problem']}" if report["errors"] else ""
        print(
            f"  {store.title:<11} {report['row']:<13} {where:<15} {report['rate']:>11,.0f}/s  "
            f"p50 {report['p50_us']:>8,.0f}  p99 {report['p99_us']:>9,.0f}  p99.9 "
            f"{report['p999_us']:>9,.0f} µs  cores: {used}{wrong}", flush=True)

    # Latency under load

    def measure_latency(self):
        """Open loops at parts of each store's own maximum, over UNIX sockets. Each call is one more
        round, and what is reported are the medians."""
        for store in self.stores:
            store.resume(False)
            for kind in OPEN_KINDS:
                self._attempt(store, f"latency of {kind}", self._sweep, store, kind)
            store.verify()
            store.pause()

    def _sweep(self, store, kind):
        # Its maximum with as many requests under way as an open loop can have.
        measured = [
            results.find(self.results, store.name, (f"{kind}:64x{depth}", "", "unix"))
            for depth in (1, 16) if depth <= store.open_depth]
        highest = max((results.median(one) for one in measured if one), default=0)
        if highest == 0:
            return
        for fraction in FRACTIONS:
            report = self._rows(
                store, f"{kind}:64x{store.open_depth}", self.settings.seconds,
                ["--rate", str(round(highest * fraction))])
            point = next(
                (one for one in self.results["latency"]
                 if (one["store"], one["kind"], one["fraction"]) == (store.name, kind, fraction)),
                None)
            if point is None:
                point = {"store": store.name, "kind": kind, "fraction": fraction,
                         "maximum": highest, "rounds": []}
                self.results["latency"].append(point)
            point["rounds"].append(report)
            point["report"] = results.middle(point["rounds"])
            self._print(store, {"pin": f"at {fraction:.0%}", "socket": ""}, report)
