"""A Holdfast pair with its defaults, loaded with the generator's organization: what an operator can
do with it, and what it says of itself."""

import json
import os
import pathlib
import re
import resource
import subprocess
import threading
import time

from harness import processes, stores
from harness.processes import Failure

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")

LOADED = re.compile(
    r"snapshot \d+: (\d+) tasks, (\d+) rows of (\d+) bytes in (\d+), loaded in (\d+) ms")
OPENED = re.compile(r"log of (\d+) bytes opened in (\d+) ms")
APPLIED = re.compile(r"(\d+) records of the log applied in (\d+) ms")
SERVES = re.compile(r"epoch \S+: open")


def resident(pid):
    """Bytes of memory a process has, without asking for each page of it."""
    return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def processor(pid):
    """Seconds of processor a process has used."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _children():
    """Seconds of processor that children which have ended have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def folder_bytes(folder):
    """Bytes of all files below a folder."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue  # Removed meanwhile.
    return total


class Peaks:
    """The most memory processes have while something runs."""

    def __init__(self, **pids):
        self.pids = pids
        self.before = {name: resident(pid) for name, pid in pids.items()}
        self.most = dict(self.before)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def add(self, name, pid):
        self.before[name] = self.most[name] = 0
        self.pids = {**self.pids, name: pid}

    def _watch(self):
        while not self._ends.wait(0.02):
            for name, pid in self.pids.items():
                try:
                    self.most[name] = max(self.most[name], resident(pid))
                except (OSError, IndexError):
                    continue  # It has ended.

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()

    def growth(self, name):
        return self.most[name] - self.before[name]


class Pair(stores.Holdfast):
    """Holdfast as `run` measures it, and more of it."""

    @property
    def list_keys(self):
        return self.folder / "list-keys"

    def client(self, *words, seconds=None):
        """Runs the command-line program. Returns what it printed."""
        return processes.command(
            [self.settings.programs / "holdfast", *words, "--data", self.folder / "a"],
            seconds=seconds)

    # Loading

    def load_organization(self, tasks, workspaces=1, largest=0.1):
        """Loads the generator's organization. Returns the loader's report."""
        said = processes.command([
            self.settings.programs / "holdfast-tools", "load", "organization", "--data",
            self.folder / "a", "--tasks", tasks, "--workspaces", workspaces, "--largest", largest,
            "--keys", self.keys, "--list-keys", self.list_keys])
        self._wait_until(self._is_level, "Holdfast's follower")
        return json.loads(said)

    def _is_level(self):
        first, second = self._status()["nodes"]
        return first["appended"] == second["flushed"] and first["lag"] == 0

    def settle(self):
        """Waits until nothing goes on: snapshots and the archive are done."""
        limit = time.monotonic() + 600
        pids = list(self.groups.values())
        while time.monotonic() < limit:
            before = [processor(pid) for pid in pids]
            time.sleep(1)
            if all(processor(pid) - past < 0.1 for pid, past in zip(pids, before)):
                return
        raise Failure("the pair finds no rest")

    # Load

    def row(self, row, seconds, rate=None, keys=None, warm=None):
        """One row of the load program. Returns its report."""
        words = [
            self.settings.load, "run", "--store", self.name, *self.place(), "--keys",
            keys or self.keys, "--row", row, "--seconds", seconds, "--warm",
            max(0.5, seconds / 10) if warm is None else warm]
        for name, pid in self.groups.items():
            words += ["--group", f"{name}={pid}"]
        if rate:
            words += ["--rate", rate]
        return json.loads(processes.command(words))

    # Snapshots

    def snapshot(self):
        """Takes one. Returns where it stands, its bytes, and how long it took."""
        return json.loads(self.client("admin", "snapshot", "-o", "json"))

    def snapshot_of_everything(self):
        """Takes one unless the last has everything already."""
        try:
            self.snapshot()
        except Failure as error:
            if "nothing has changed" not in str(error).lower():
                raise

    def raw_bytes(self, point):
        """The bytes of a snapshot's content before they were compressed."""
        said = processes.command(
            [self.settings.programs / "holdfast-tools", "snapshot", "list", self.folder / "a"])
        for line in said.splitlines()[1:]:
            fields = line.split("\t")
            if fields[0] == str(point):
                return int(fields[2])
        raise Failure(f"there is no snapshot {point}")

    def position(self):
        return self._status()["nodes"][0]["appended"]

    # Starting again

    def restart(self):
        """Ends both in good order and starts them again, the follower first, so that the primary's
        start is measured alone. Returns what that took and what the primary said of it."""
        self.stop()
        self._run("b")
        self._wait_for_rest(self.replica.pid)
        log = self.folder / "a.log"
        told = log.stat().st_size
        began = time.monotonic()
        self._run("a")
        while not SERVES.search(said := log.read_bytes()[told:].decode(errors="replace")):
            if self.primary.poll() is not None:
                raise processes.Ended(f"the primary has ended: {self._last_words()}")
            if time.monotonic() - began > 600:
                raise Failure("the primary does not open")
            time.sleep(0.002)
        took = time.monotonic() - began
        used = processor(self.primary.pid)
        self._wait_until(self._is_paired, "Holdfast's pair")
        return {"until_open_seconds": took, "processor_seconds": used, **recovery(said)}

    def _wait_for_rest(self, pid):
        """Until the follower has loaded: then it only waits for its primary."""
        limit = time.monotonic() + 600
        while time.monotonic() < limit:
            before = processor(pid)
            time.sleep(0.5)
            if processor(pid) - before < 0.05:
                return

    # Export and import

    def watched(self, *words):
        """Runs the command-line program and watches the memory of it and of both nodes."""
        command = [
            str(word) for word in
            [self.settings.programs / "holdfast", *words, "--data", self.folder / "a"]]
        used = [processor(pid) for pid in self.groups.values()]
        children = _children()
        began = time.monotonic()
        with Peaks(**self.groups) as peaks:
            with subprocess.Popen(
                    command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as child:
                peaks.add("client", child.pid)
                said = child.communicate()[0]
        took = time.monotonic() - began
        if child.returncode != 0:
            raise Failure(f"{words[0]} ended with {child.returncode}: {said[-600:]}")
        return {
            "seconds": took, "said": said,
            "memory_growth_bytes": {name: peaks.growth(name) for name in peaks.pids},
            "processor_seconds": {
                "client": _children() - children,
                **{name: processor(pid) - past
                   for (name, pid), past in zip(self.groups.items(), used)}}}

    # What lies on the disk

    def disk(self):
        """Bytes on disk of the primary's and the follower's parts, and of the archive."""
        found = {
            f"{part} {node}": folder_bytes(self.folder / node / part)
            for node in ("a", "b") for part in ("log", "snapshots")}
        return {**found, "archive": folder_bytes(self.folder / "archive")}


def recovery(said):
    """What a node has told of its start, as numbers."""
    found = {}
    if match := LOADED.search(said):
        for name, text in zip(
                ("tasks", "rows", "content_bytes", "allocated_bytes", "load_ms"), match.groups()):
            found[name] = int(text)
    if match := OPENED.search(said):
        found["log_bytes"], found["log_open_ms"] = map(int, match.groups())
    # Once for what the log vouched for, and once more for what the other node had to confirm.
    if parts := APPLIED.findall(said):
        found["applied"] = sum(int(count) for count, _ in parts)
        found["apply_ms"] = sum(int(took) for _, took in parts)
    return found
