"""The machine a run was made on, what it needs installed, and how much of it others had."""

import os
import pathlib
import re
import shutil
import subprocess

from harness import processes
from harness.processes import Failure

POLICY = pathlib.Path("/usr/sbin/policy-rc.d")


def facts(folder):
    """What a reader has to know of the machine to read the figures."""
    cpu = pathlib.Path("/proc/cpuinfo").read_text()
    memory = pathlib.Path("/proc/meminfo").read_text()
    model = re.search(r"model name\s*: (.*)", cpu)
    return {
        "processor": model.group(1) if model else "unknown",
        "cores": os.cpu_count(),
        "memory_bytes": int(re.search(r"MemTotal:\s*(\d+)", memory).group(1)) * 1024,
        "kernel": os.uname().release,
        "system": _system(),
        "file_system": _file_system(folder),
    }


def _file_system(folder):
    return processes.command(["df", "--output=fstype", folder]).split()[-1]


def _system():
    for line in pathlib.Path("/etc/os-release").read_text().splitlines():
        if line.startswith("PRETTY_NAME="):
            return line.split("=", 1)[1].strip('"')
    return "unknown"


def require_disk(folder):
    """A flush that costs nothing measures nothing."""
    if _file_system(folder) in ("tmpfs", "ramfs"):
        raise Failure(f"{folder} is in memory; give --folder on a disk")


def install(packages):
    """Installs what is missing, and lets none of it start by itself, now or at the next boot."""
    missing = [name for name in packages if not _is_installed(name)]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise Failure(f"install {' '.join(missing)}: there is no apt-get")
    print(f"Installing {' '.join(missing)} …", flush=True)
    root = [] if os.getuid() == 0 else ["sudo"]
    created = not POLICY.exists()
    if created:
        # Debian starts the services of packages it installs, unless this says no.
        subprocess.run(
            [*root, "tee", POLICY], input="#!/bin/sh\nexit 101\n", text=True, check=True,
            stdout=subprocess.DEVNULL)
        subprocess.run([*root, "chmod", "755", POLICY], check=True)
    try:
        subprocess.run([*root, "apt-get", "update", "-qq"], check=True)
        subprocess.run(
            [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq",
             "--no-install-recommends", *missing], check=True, stdout=subprocess.DEVNULL)
    finally:
        if created:
            subprocess.run([*root, "rm", "-f", POLICY], check=True)
    services = [name for name in missing if not name.startswith("lib")]
    if shutil.which("systemctl"):
        for name in services + ["postgresql"]:
            subprocess.run(
                [*root, "systemctl", "disable", name], check=False, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)


def _is_installed(package):
    done = subprocess.run(
        ["dpkg-query", "-W", "-f=${Status}", package], capture_output=True, text=True, check=False)
    return "ok installed" in done.stdout


def lost_time(program, seconds):
    """The share of the time that others had of each core: spins on the clock there."""
    spins = [
        subprocess.Popen(
            ["taskset", "-c", str(core), program, "spin", "--seconds", str(seconds)],
            stdout=subprocess.PIPE, text=True)
        for core in range(os.cpu_count() or 1)]
    return [float(re.search(r"[\d.e-]+", spin.communicate()[0]).group(0)) for spin in spins]
