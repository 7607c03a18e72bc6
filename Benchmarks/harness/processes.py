"""Processes of the stores: started, pinned to cores, asked for their memory, and ended."""

import os
import pathlib
import pwd
import signal
import socket
import subprocess
import time


class Failure(Exception):
    """What went wrong, in words for people."""


class Ended(Exception):
    """A process is gone that should be there."""


def free_port():
    """A port nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(command, log, user=None, environment=None):
    """Starts a process that writes to the file `log`."""
    options = {}
    if user and os.getuid() == 0:
        entry = pwd.getpwnam(user)
        options = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    with open(log, "ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env={**os.environ, **(environment or {})}, start_new_session=True,
            cwd="/", **options)


def command(words, user=None, text=None, seconds=None):
    """Runs a command to its end. Returns what it printed; fails with what it complained of."""
    options = {}
    if user and os.getuid() == 0:
        entry = pwd.getpwnam(user)
        options = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    try:
        done = subprocess.run(
            [str(word) for word in words], input=text, capture_output=True, text=True, cwd="/",
            check=False, timeout=seconds, **options)
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{words[0]} does not end") from error
    if done.returncode != 0:
        raise Failure(f"{words[0]} ended with {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


def stop(process, signal_number=signal.SIGTERM, seconds=120):
    """Ends a process that was started here, in good order."""
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal_number)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_until(question, what, seconds=120):
    """Asks until the answer is true; a question that fails is asked again."""
    limit = time.monotonic() + seconds
    while True:
        try:
            if question():
                return
            problem = "not yet"
        except (Failure, OSError, ValueError, KeyError) as error:
            problem = str(error)
        if time.monotonic() > limit:
            raise Failure(f"{what}: {problem}")
        # Asked again after a moment: nothing announces it.
        time.sleep(0.1)


def family(root):
    """A process and all that descend from it."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents[int(entry.name)] = int(stat.rsplit(")", 1)[1].split()[1])
    found = []
    for process in parents:
        ancestor = process
        while ancestor > 1 and ancestor != root:
            ancestor = parents.get(ancestor, 0)
        if ancestor == root:
            found.append(process)
    return found


def pin(root, cores):
    """Lets all threads of a process and its descendants run on these cores alone."""
    for process in family(root):
        try:
            threads = os.listdir(f"/proc/{process}/task")
        except OSError:
            continue
        for thread in threads:
            try:
                os.sched_setaffinity(int(thread), cores)
            except OSError:
                continue


def memory(root):
    """The proportional share of memory of a process and its descendants, in bytes."""
    total = 0
    for process in family(root):
        try:
            lines = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024
    return total
