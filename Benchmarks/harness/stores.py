"""The stores: each a primary and a replica that has flushed, or in Redis received, what the
primary acknowledges. Started in a folder of their own, on UNIX sockets or on loopback TCP."""

import json
import os
import pathlib
import shutil
import signal

from harness import processes
from harness.processes import Failure

HERE = pathlib.Path(__file__).resolve().parent


class Store:
    """What all stores have in common: two processes and a place where the primary listens."""

    name = ""
    title = ""
    packages = ()
    # Requests under way on a connection, in an open loop.
    open_depth = 16

    def __init__(self, folder, settings):
        self.folder = folder / self.name
        self.settings = settings
        self.primary = None
        self.replica = None
        self.ports = [processes.free_port() for _ in range(4)]
        self.is_tcp = False

    @property
    def keys(self):
        return self.folder / "keys"

    @property
    def groups(self):
        return {"primary": self.primary.pid, "replica": self.replica.pid}

    def place(self):
        """Where the primary listens, as the load program takes it."""
        if self.is_tcp:
            return ["--at", f"tcp:127.0.0.1:{self.ports[0]}"]
        return ["--at", f"unix:{self.socket}"]

    def _wait_until(self, question, what):
        """Asks until the answer is yes: as long as recovery takes, unless a process has ended."""
        def ask():
            for process in (self.primary, self.replica):
                if process and process.poll() is not None:
                    raise processes.Ended(f"{what} has ended: {self._last_words()}")
            return question()
        processes.wait_until(ask, what, seconds=600)

    def _last_words(self):
        """The end of what the processes have said."""
        return "\n".join(
            path.read_text(errors="replace")[-600:] for path in sorted(self.folder.glob("*.log")))

    def settle(self):
        """After loading, before measuring: what an operator would let the store do first."""

    def memory(self):
        """Bytes of memory of the primary."""
        return processes.memory(self.primary.pid)

    def pause(self):
        """Takes nothing of the machine's until `resume`, while other stores are measured."""
        self.stop()

    def resume(self, is_tcp):
        """Answers again, on loopback TCP or on a UNIX socket."""
        self.is_tcp = is_tcp
        self.start()

    def verify(self):
        """Fails if writes are not on both nodes before they are acknowledged."""

    def stop(self):
        """The primary ends first: it has nothing to wait for."""
        processes.stop(self.primary)
        processes.stop(self.replica)
        self.primary = self.replica = None


class Holdfast(Store):
    """Our own: every default in force. The archive is a folder beside the two nodes."""

    name = "holdfast"
    title = "Holdfast"

    @property
    def program(self):
        return self.settings.programs / "holdfastd"

    def version(self):
        return processes.command([self.program, "--version"]).split()[-1]

    def flags(self):
        return "init --archive DIR --when-follower-lost solo; nothing else is set"

    def place(self):
        data = ["--data", str(self.folder / "a")]
        return (super().place() if self.is_tcp else []) + data

    def create(self):
        self.folder.mkdir()
        archive = self.folder / "archive"
        archive.mkdir()
        self._init("a", ["--when-follower-lost", "solo"], archive)
        self._run("a")
        invitation = self.folder / "b.invitation"
        self._wait_until(lambda: self._status()["mode"], "Holdfast's first node")
        processes.command(
            [self.program, "invite", "--data", self.folder / "a", "--output", invitation])
        self._init("b", ["--role", "follower", "--invitation", invitation], archive)
        self._run("b")
        self._wait_until(self._is_paired, "Holdfast's second node")

    def _init(self, node, more, archive):
        first = 0 if node == "a" else 2
        processes.command([
            self.program, "init", "--data", self.folder / node, "--name", node, "--archive",
            archive, "--listen", f"127.0.0.1:{self.ports[first]}", "--replication-listen",
            f"127.0.0.1:{self.ports[first + 1]}", *more])

    def _run(self, node):
        started = processes.start(
            [self.program, "run", "--data", self.folder / node], self.folder / f"{node}.log")
        if node == "a":
            self.primary = started
        else:
            self.replica = started

    def _status(self):
        return json.loads(processes.command([
            self.settings.programs / "holdfast", "status", "--data", self.folder / "a", "-o",
            "json"]))

    def _is_paired(self):
        status = self._status()
        level = [node for node in status["nodes"] if node["state"] in ("paired", "following")]
        return status["mode"] == "paired" and len(level) == 2

    def start(self):
        self._run("a")
        self._run("b")
        self._wait_until(self._is_paired, "Holdfast's pair")
        role = self._status()["nodes"][0]["role"]
        if role != "primary":
            raise Failure(f"node a is {role}")

    def verify(self):
        if not self._is_paired():
            raise Failure("Holdfast's pair is no pair any more")

    def stop(self):
        """The follower first, so that the primary stays primary for the next round."""
        processes.stop(self.replica)
        processes.stop(self.primary)
        self.primary = self.replica = None


class Redis(Store):
    """Append-only file flushed at each turn of the event loop; one replica, which says what it has
    received before it has flushed it (`everysec`): less than what the others promise."""

    # What each node does about flushing.
    fsync = {"a": "always", "b": "everysec"}

    name = "redis"
    title = "Redis"
    packages = ("redis-server",)

    @property
    def socket(self):
        return self.folder / "a.sock"

    def version(self):
        return processes.command(["redis-server", "--version"]).split("v=")[1].split()[0]

    def flags(self):
        return (
            " ".join(self._options("a"))
            + "; the replica with appendfsync everysec; WAIT 1 behind each batch of writes")

    def _options(self, node):
        return [
            "--appendonly", "yes", "--appendfsync", self.fsync[node], "--save", "''",
            "--auto-aof-rewrite-percentage", "0", "--hash-max-listpack-value", "1024",
            "--hash-max-listpack-entries", "64", "--repl-backlog-size", "16mb"]

    def create(self):
        for node in ("a", "b"):
            (self.folder / node).mkdir(parents=True)
        self.start()
        for node in ("a", "b"):
            self._ask("config", "set", "appendfsync", "everysec", node=node)

    def settle(self):
        """Loading went without flushing each batch; from here on nothing does."""
        for node in ("a", "b"):
            self._ask("config", "set", "appendfsync", self.fsync[node], node=node)
            self._ask("bgrewriteaof", node=node)
        self._wait_until(self._is_quiet, "Redis' rewritten log")

    def start(self):
        self.primary = self._run("a", 0, [])
        self._wait_until(
            lambda: "PONG" in self._ask("ping"), "Redis' primary")
        self.replica = self._run("b", 1, ["--replicaof", f"127.0.0.1 {self.ports[0]}"])
        self._wait_until(
            lambda: "state=online" in self._ask("info", "replication"), "Redis' replica")
        # A replica that took everything anew rewrites its log.
        self._wait_until(self._is_quiet, "Redis' replica")

    def _is_quiet(self):
        """Whether neither node does anything in the background."""
        said = "".join(self._ask("info", "persistence", node=node) for node in ("a", "b"))
        busy = ("loading", "async_loading", "rdb_bgsave_in_progress", "aof_rewrite_in_progress",
                "aof_rewrite_scheduled")
        return not any(f"{word}:1" in said for word in busy)

    def verify(self):
        for node in ("a", "b"):
            if self.fsync[node] not in self._ask("config", "get", "appendfsync", node=node):
                raise Failure("Redis does not flush its log as it should")

    def _run(self, node, port, more):
        options = [word.replace("''", "") for word in self._options(node)]
        return processes.start([
            "redis-server", "--port", str(self.ports[port]), "--bind", "127.0.0.1", "--dir",
            str(self.folder / node), "--unixsocket", str(self.folder / f"{node}.sock"), *options,
            *more], self.folder / f"{node}.log")

    def _ask(self, *words, node="a"):
        return processes.command(["redis-cli", "-s", self.folder / f"{node}.sock", *words])


class Tarantool(Store):
    """A synchronous space in memory, both logs flushed, quorum of two.

    It is not restarted between rounds but stands still: 2.6 opens its log again without O_SYNC, and
    now and then cannot load a snapshot of a synchronous space ("transaction rolled back during
    snapshot recovery").
    """

    name = "tarantool"
    title = "Tarantool"
    packages = ("tarantool",)

    @property
    def socket(self):
        return self.folder / "a.sock"

    def version(self):
        return processes.command(["tarantool", "--version"]).split()[1].split("-")[0]

    def flags(self):
        return "harness/tarantool.lua: wal_mode=fsync, is_sync=true, replication_synchro_quorum=2"

    def create(self):
        for node in ("a", "b"):
            (self.folder / node).mkdir(parents=True)
        self.primary = self._run("a", "primary")
        self._wait_until(lambda: self._listens("a"), "Tarantool's primary")
        self.replica = self._run("b", "replica")
        self._wait_until(lambda: self._listens("b"), "Tarantool's replica")

    def pause(self):
        for process in (self.replica, self.primary):
            process.send_signal(signal.SIGSTOP)

    def resume(self, is_tcp):
        for process in (self.primary, self.replica):
            process.send_signal(signal.SIGCONT)
        if is_tcp != self.is_tcp:
            # The replica stays on the connection it has.
            before = self._listen("a")
            self.is_tcp = is_tcp
            self._eval(before, f"box.cfg({{listen = '{self._listen('a')}'}})")
        self._wait_until(lambda: self._listens("a"), "Tarantool's primary")
        self._wait_until(self._is_followed, "Tarantool's replica")

    def stop(self):
        for process in (self.primary, self.replica):
            if process and process.poll() is None:
                process.send_signal(signal.SIGCONT)
        super().stop()

    def _listen(self, node):
        if self.is_tcp and node == "a":
            return f"127.0.0.1:{self.ports[0]}"
        return f"unix/:{self.folder}/{node}.sock"

    def _run(self, node, role):
        return processes.start(
            ["tarantool", str(HERE / "tarantool.lua")], self.folder / f"{node}.log",
            environment={
                "ROLE": role, "FOLDER": str(self.folder / node), "LISTEN": self._listen(node),
                "PRIMARY": self._listen("a"), "MEMORY": str(self.settings.memory_bytes // 4)})

    def _listens(self, node):
        """Whether the node answers with data that are up to date."""
        return "true" in self._eval(
            self._listen(node), "return box.info.status == 'running' and box.space.task ~= nil", 2)

    def _is_followed(self):
        return "follow" in self._eval(
            self._listen("a"), "return box.info.replication[2].downstream.status", 2)

    def _eval(self, place, code, seconds=60):
        """Asks a node. A question that comes while it starts may never be answered."""
        return processes.command([
            "tarantool", "-e",
            f"print(require('net.box').connect('{place}'):eval([[{code}]])) os.exit(0)"],
            seconds=seconds)

    def verify(self):
        """The logs must be open with O_SYNC; that writes wait for the quorum, the space says."""
        for process in (self.primary, self.replica):
            flags = []
            for entry in pathlib.Path(f"/proc/{process.pid}/fd").iterdir():
                try:
                    if ".xlog" in os.readlink(entry):
                        text = (entry.parent.parent / "fdinfo" / entry.name).read_text()
                        flags.append(int(text.split("flags:")[1].split()[0], 8))
                except OSError:
                    continue  # Closed meanwhile.
            if not any(flag & os.O_SYNC == os.O_SYNC for flag in flags):
                raise Failure("Tarantool writes its log without O_SYNC")


class Postgres(Store):
    """A primary that waits until its streaming standby has flushed."""

    name = "postgres"
    title = "PostgreSQL"
    packages = ("postgresql-15",)
    open_depth = 1
    user = "postgres"
    programs = pathlib.Path("/usr/lib/postgresql/15/bin")

    @property
    def socket(self):
        return self.folder / f".s.PGSQL.{self.ports[0]}"

    def version(self):
        return processes.command([self.programs / "postgres", "--version"]).split()[2]

    def _options(self):
        return {
            "synchronous_commit": "on", "synchronous_standby_names": "standby",
            "max_connections": 200, "shared_buffers": f"{self.settings.memory_bytes // 6 >> 20}MB",
            "max_wal_size": "16GB",
            "min_wal_size": "4GB", "checkpoint_timeout": "30min", "wal_buffers": "64MB",
            "wal_compression": "lz4",
            "plan_cache_mode": "force_generic_plan", "jit": "off", "hot_standby": "on"}

    def flags(self):
        return " ".join(f"{name}={value}" for name, value in self._options().items())

    def create(self):
        self.folder.mkdir()
        if os.getuid() == 0:
            shutil.chown(self.folder, self.user, self.user)
        a, b = self.folder / "a", self.folder / "b"
        processes.command([
            self.programs / "initdb", "-D", a, "-U", "postgres", "--auth=trust",
            "--encoding=UTF8", "--locale=C.UTF-8"], self.user)
        options = "".join(f"{name} = '{value}'\n" for name, value in self._options().items())
        with open(a / "postgresql.conf", "a", encoding="utf-8") as file:
            file.write(
                f"{options}listen_addresses = '127.0.0.1'\n"
                f"unix_socket_directories = '{self.folder}'\n")
        self.primary = self._run(a, 0)
        self._wait(0)
        processes.command([
            self.programs / "pg_basebackup", "-D", b, "-R", "-X", "stream", "-d",
            f"host=127.0.0.1 port={self.ports[0]} user=postgres application_name=standby"],
            self.user)
        self.replica = self._run(b, 1)
        self._wait_for_standby()
        self._psql("CREATE DATABASE holdfast", "postgres")
        self._psql((HERE / "schema.sql").read_text())

    def start(self):
        self.primary = self._run(self.folder / "a", 0)
        self._wait(0)
        self.replica = self._run(self.folder / "b", 1)
        self._wait_for_standby()

    def settle(self):
        self._psql("VACUUM ANALYZE task")
        self._psql("CHECKPOINT")

    def verify(self):
        self._wait_for_standby()

    def memory(self):
        """The table with its indexes, as it is on disk and in caches: whose memory a page of them
        is, the system does not tell."""
        return int(self._psql("SELECT coalesce(sum(pg_total_relation_size(oid)), 0) FROM pg_class "
                              "WHERE relname = 'task'"))

    def stop(self):
        """Fast: connections are closed, and what is committed is written."""
        processes.stop(self.primary, signal.SIGINT)
        processes.stop(self.replica, signal.SIGINT)
        self.primary = self.replica = None

    def _run(self, data, port):
        return processes.start(
            [self.programs / "postgres", "-D", data, "-p", str(self.ports[port])],
            self.folder / f"{data.name}.log", self.user)

    def _psql(self, text, database="holdfast", port=0):
        return processes.command([
            self.programs / "psql", "-h", self.folder, "-p", self.ports[port], "-U", "postgres",
            "-d", database, "-qAt", "-v", "ON_ERROR_STOP=1"], self.user, text)

    def _wait(self, port):
        self._wait_until(
            lambda: self._psql("SELECT 1", "postgres", port) == "1\n", "PostgreSQL")

    def _wait_for_standby(self):
        self._wait_until(
            lambda: "sync\n" == self._psql(
                "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'",
                "postgres"),
            "PostgreSQL's standby")


ALL = [Holdfast, Postgres, Redis, Tarantool]
