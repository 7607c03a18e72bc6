"""The course of `Benchmarks/scale`: one pair a size, loaded, measured, started again, exported and
imported."""

import pathlib
import re
import shutil
import statistics
import threading

from harness import pair
from harness.processes import Failure

# A list is checked against the first tasks of 20 sections, 50 of each.
LISTED = 20 * 50


class Scale:
    """One run over some sizes. What it has found so far is in `results`."""

    def __init__(self, folder, settings, found):
        self.folder = folder
        self.settings = settings
        self.results = found

    def measure(self, tasks, workspaces=1):
        """All there is to measure at one size. A part that fails is told of and leaves the others
        alone."""
        name = f"{tasks:,} tasks" + (f" in {workspaces:,} workspaces" if workspaces > 1 else "")
        print(name, flush=True)
        figures = {"tasks": tasks, "workspaces": workspaces}
        place = "sizes" if workspaces == 1 else "workspaces"
        self.results[place].append(figures)
        folder = self.folder / f"{tasks}-{workspaces}"
        folder.mkdir()
        store = pair.Pair(folder, self.settings)
        parts = [self._load, self._snapshots, self._reads, self._writers, self._recovery]
        if workspaces == 1:
            parts += [self._replay, self._exports, self._imports]
        try:
            store.create()
            for part in parts:
                try:
                    part(store, figures)
                except Failure as error:
                    sentence = f"{name}, {part.__name__.strip('_')}: {error}"
                    self.results["failures"].append(sentence)
                    print(f"  FAILED: {sentence}", flush=True)
                    if part == self._load:
                        break
        finally:
            figures["alarms"] = alarms(store.folder)
            store.stop()
            shutil.rmtree(folder, ignore_errors=True)

    def _load(self, store, figures):
        before = {name: pair.resident(pid) for name, pid in store.groups.items()}
        used = {name: pair.processor(pid) for name, pid in store.groups.items()}
        loaded = store.load_organization(figures["tasks"], figures["workspaces"])
        store.settle()
        after = {name: pair.resident(pid) for name, pid in store.groups.items()}
        figures["load"] = {
            "seconds": loaded["seconds"], "objects": loaded["objects"],
            "comments": loaded["comments"], "sent_bytes": loaded["sent_bytes"],
            "tasks_a_second": loaded["tasks"] / loaded["seconds"],
            "processor_seconds": {
                name: pair.processor(pid) - used[name] for name, pid in store.groups.items()}}
        figures["largest"] = {
            "project": loaded["largest_project"], "tasks": loaded["largest_tasks"]}
        figures["memory"] = {
            "primary_bytes": after["primary"] - before["primary"],
            "replica_bytes": after["replica"] - before["replica"]}
        store.verify()
        say(f"loaded in {loaded['seconds']:.1f} s, {figures['load']['tasks_a_second']:,.0f}/s")

    def _snapshots(self, store, figures):
        taken = []
        for _ in range(self.settings.rounds):
            # Without a change there is nothing to take.
            store.row("update:1x1", 0.2, warm=0)
            store.settle()
            used = pair.processor(store.primary.pid)
            taken.append(store.snapshot())
            taken[-1]["processor_seconds"] = pair.processor(store.primary.pid) - used
        last = taken[-1]
        raw = store.raw_bytes(last["lsn"])
        seconds = statistics.median(one["milliseconds"] for one in taken) / 1000
        figures["snapshot"] = {
            "seconds": seconds, "bytes": last["bytes"], "raw_bytes": raw,
            "processor_seconds": statistics.median(one["processor_seconds"] for one in taken),
            "ratio": last["bytes"] / raw,
            "tasks_a_second": figures["tasks"] / max(seconds, 0.001)}
        memory = figures["memory"]
        memory["payload_bytes"] = raw
        memory["ratio"] = memory["primary_bytes"] / raw
        say(f"snapshot {seconds:.2f} s, {last['bytes'] / raw:.2f} of {raw:,} bytes; memory "
            f"{memory['ratio']:.2f} of it")

    def _reads(self, store, figures):
        store.settle()
        seconds = self.settings.seconds
        figures["get"] = checked(store.row("get:1x1", seconds / 2))
        figures["get_many"] = checked(store.row("get:64x16", seconds / 2))
        words = [f"get p50 {figures['get']['p50_us']:,.0f} µs, "
                 f"{figures['get_many']['rate']:,.0f}/s at 64x16"]
        if figures["workspaces"] == 1 and figures["largest"]["tasks"] >= 2 * LISTED:
            keys = store.list_keys
            figures["list"] = checked(store.row("list:1x1", seconds / 2, keys=keys))
            figures["list_many"] = checked(store.row("list:64x1", seconds / 2, keys=keys))
            words.append(f"list in the largest project p50 {figures['list']['p50_us']:,.0f} µs, "
                         f"{figures['list_many']['rate']:,.0f}/s at 64x1")
        say("; ".join(words))

    def _writers(self, store, figures):
        """The same writers, at a rate that is far from their most, without and with snapshots."""
        store.settle()
        rate, seconds = self.settings.writer_rate, self.settings.seconds
        without = checked(store.row("update:64x16", seconds, rate=rate))
        ends = threading.Event()
        spent = []

        def take():
            while not ends.is_set():
                try:
                    spent.append(store.snapshot()["milliseconds"] / 1000)
                except Failure:
                    ends.wait(0.2)  # One is being taken by itself.

        taker = threading.Thread(target=take, daemon=True)
        taker.start()
        try:
            while_taken = checked(store.row("update:64x16", seconds, rate=rate))
        finally:
            ends.set()
            taker.join()
        figures["writers"] = {
            "rate": rate, "without": without, "with": while_taken, "snapshots": len(spent),
            "snapshot_seconds": statistics.median(spent) if spent else 0,
            "share": min(1, sum(spent) / (seconds + max(0.5, seconds / 10))),
            "ratio": while_taken["p999_us"] / without["p999_us"]}
        say(f"writers p99.9 {without['p999_us']:,.0f} µs, {while_taken['p999_us']:,.0f} µs while "
            f"{len(spent)} snapshots were taken")

    def _recovery(self, store, figures):
        """From a snapshot that has everything."""
        store.settle()
        store.snapshot_of_everything()
        starts = [store.restart() for _ in range(self.settings.rounds)]
        median = middle(starts, "until_open_seconds")
        figures["recovery"] = {"snapshot": {
            **median, "load_seconds": median["load_ms"] / 1000,
            "tasks_a_second": median["tasks"] / max(median["load_ms"] / 1000, 0.001)}}
        figures["memory"].update({
            "after_restart_bytes": pair.resident(store.primary.pid), "rows": median["rows"],
            "content_bytes": median["content_bytes"], "graph_bytes": median["allocated_bytes"]})
        say(f"recovery {median['until_open_seconds']:.2f} s, of that the snapshot "
            f"{median['load_ms']:,} ms")

    def _replay(self, store, figures):
        """From the same snapshot and a log of so many records, each a change by itself."""
        rate = self.settings.replay_rate
        checked(store.row("update:64x16", self.settings.seconds, rate=rate, warm=0))
        store.settle()
        starts = [store.restart() for _ in range(self.settings.rounds)]
        median = middle(starts, "until_open_seconds")
        if not median.get("applied"):
            raise Failure("the node does not say what it applied")
        took = median["apply_ms"] + median["log_open_ms"]
        figures["recovery"]["log"] = {
            **median, "records_a_second": median["applied"] / max(took, 1) * 1000,
            "record_us": took * 1000 / median["applied"]}
        say(f"with {median['applied']:,} records of the log {median['until_open_seconds']:.2f} s: "
            f"{figures['recovery']['log']['records_a_second']:,.0f} records/s")

    def _exports(self, store, figures):
        figures["export"] = {}
        for form in ("csv", "json"):
            target = store.folder / f"largest.{form}"
            runs = []
            for _ in range(self.settings.rounds):
                target.unlink(missing_ok=True)
                store.settle()
                runs.append(store.watched(
                    "export", "project", figures["largest"]["project"], "--format", form,
                    "--output", target))
            median = middle(runs, "seconds")
            rows = int(re.search(r"([\d,]+) rows?", median.pop("said")).group(1).replace(",", ""))
            figures["export"][form] = {
                **median, "rows": rows, "bytes": target.stat().st_size,
                "rows_a_second": rows / median["seconds"]}
            growth = median["memory_growth_bytes"]
            say(f"{form} export {rows / median['seconds']:,.0f} rows/s; memory: client "
                f"+{growth['client'] >> 20} MiB, primary +{growth['primary'] >> 20} MiB")

    def _imports(self, store, figures):
        """The CSV as another project beside the first; the JSON, whose tasks have the same ids, in
        a workspace of its own."""
        figures["import"] = {}
        store.client("workspace", "create", "Copy")
        for form, workspace in (("csv", "Home"), ("json", "Copy")):
            store.settle()
            done = store.watched(
                "import", store.folder / f"largest.{form}", "-o", "json", "--workspace", workspace)
            said = done.pop("said")
            made = re.search(r'"created":\s*\{[^}]*"tasks":\s*(\d+)', said)
            tasks = int(made.group(1)) if made else 0
            wanted = figures["export"][form]["rows"]
            if tasks != wanted:
                raise Failure(f"{tasks:,} of {wanted:,} tasks were made: {said[-300:]}")
            figures["import"][form] = {
                **done, "tasks": tasks, "tasks_a_second": tasks / done["seconds"]}
            say(f"{form} import {tasks / done['seconds']:,.0f} tasks/s; memory: client "
                f"+{done['memory_growth_bytes']['client'] >> 20} MiB")
        store.verify()


def middle(runs, field):
    """The run whose figure is the median."""
    return sorted(runs, key=lambda run: run[field])[len(runs) // 2]


def checked(report):
    """A row whose answers were all right."""
    if report["errors"]:
        raise Failure(f"{report['row']}: {report['errors']:,} answers were wrong or missing: "
                      f"{report['problem']}")
    return report


def alarms(folder):
    """What both nodes complained of, each sentence once."""
    found = []
    for log in sorted(pathlib.Path(folder).glob("?.log")):
        for line in log.read_text(errors="replace").splitlines():
            line = re.sub(r"\d+", "N", line)
            if line.startswith("ALARM") and f"{log.stem}: {line}" not in found:
                found.append(f"{log.stem}: {line}")
    return found


def say(text):
    print(f"  {text}", flush=True)


