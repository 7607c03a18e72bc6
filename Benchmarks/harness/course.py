"""What all scripts here have in common: options, what is built, the folder, and an end that leaves
nothing behind."""

import contextlib
import datetime
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

from harness import machine
from harness.processes import Ended, Failure

HERE = pathlib.Path(__file__).resolve().parent.parent
ROOT = HERE.parent

# A run of which others had more than this of a core is to be thrown away.
LOST_MAX = 0.05


def add_options(parser, products):
    """The options that do not depend on what is measured."""
    parser.add_argument("--programs", type=pathlib.Path,
                        help=f"the folder of {' and '.join(products)}; built here if not given")
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/var/tmp"),
                        help="on the disk to measure; the stores are made in it and removed")
    parser.add_argument("--output", type=pathlib.Path, default=HERE,
                        help="where the page, the figures and plots go")


def facts(arguments, script):
    """What a result says of itself before anything is measured."""
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "commit": _commit(), "machine": machine.facts(arguments.folder),
        "command": " ".join([f"Benchmarks/{script}", *sys.argv[1:]]), "failures": [],
        "lost_before": machine.lost_time(arguments.load, 3)}


def _commit():
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True,
        check=False)
    return done.stdout.strip() or "unknown"


def heading(found):
    """A page's paragraph on where, when and how it was measured, without the end of its line."""
    facts_ = found["machine"]
    lost = " and ".join(
        "/".join(f"{part:.1%}" for part in found[when]) for when in ("lost_before", "lost_after"))
    return (
        f"{found['date']}, commit {found['commit']}, `{found['command']}`. {facts_['processor']}, "
        f"{facts_['cores']} cores, {facts_['memory_bytes'] / 2**30:.0f} GiB, {facts_['system']}, "
        f"Linux {facts_['kernel']}, {facts_['file_system']}. Lost to others, a core, before and "
        f"after: {lost}.")


def warnings(found):
    """What a reader must know before believing a figure."""
    lost = max(found["lost_before"] + found["lost_after"])
    return [
        *([f"**Others had more than {LOST_MAX:.0%} of a core: these figures are worth little; "
           "measure again.**"] if lost > LOST_MAX else []),
        *[f"**Failed:** {sentence}" for sentence in found["failures"]]]


def perform(arguments, packages, products, measure):
    """Installs, builds, and measures in a folder that is removed afterwards. Returns the exit
    code."""
    # Ended from outside, it still ends what it has started.
    for number in (signal.SIGTERM, signal.SIGHUP):
        # Under nohup a hang-up is to be ignored.
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, lambda number, _: sys.exit(128 + number))
    machine.install(["libssl-dev", "pkg-config", *packages])
    _build(arguments, products)
    arguments.memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    machine.require_disk(arguments.folder)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="holdfast-benchmark-", dir=arguments.folder))
    # PostgreSQL runs as another user.
    folder.chmod(0o755)
    try:
        measure(folder)
    except (Failure, Ended) as error:
        print(f"{pathlib.Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        return 70
    except KeyboardInterrupt:
        return 130
    finally:
        with undisturbed():
            shutil.rmtree(folder, ignore_errors=True)
    return 0


@contextlib.contextmanager
def undisturbed():
    """Whoever ends us a second time has to wait until what was started is ended."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before):
            signal.signal(number, handler)


def _build(arguments, products):
    """Builds what is measured and what measures."""
    subprocess.run([ROOT / "tools" / "install", "build"], check=True)
    if arguments.programs is None:
        for product in products:
            subprocess.run(
                ["swift", "build", "-c", "release", "--product", product], cwd=ROOT, check=True)
        arguments.programs = ROOT / ".build" / "release"
    arguments.programs = arguments.programs.resolve()
    subprocess.run(
        ["swift", "build", "-c", "release", "--product", "peer-load"], cwd=HERE, check=True)
    arguments.load = HERE / ".build" / "release" / "peer-load"
