"""Many injections, on several lanes at once, with the counts at the end."""

import concurrent.futures
import os
import shutil
import tempfile
import time
from dataclasses import dataclass, field

from . import injection
from .installation import Installation
from .place import Broken

_lane = {}


def _open_lane(build, directory):
    own = tempfile.mkdtemp(dir=directory)
    _lane["directory"] = own
    _lane["installation"] = Installation(build, os.path.join(own, "prefix"))


def _run(scenario, fault):
    try:
        return scenario, fault, injection.run(scenario, **_lane, fault=fault), ""
    except Broken as failure:
        return scenario, fault, None, str(failure)


@dataclass
class Counts:
    tried: int = 0
    injected: int = 0
    recovered: int = 0
    failures: list = field(default_factory=list)


class Campaign:
    def __init__(self, build, lanes):
        self.directory = tempfile.mkdtemp(prefix="loong-faults-")
        self.pool = concurrent.futures.ProcessPoolExecutor(
            lanes, initializer=_open_lane, initargs=(build, self.directory)
        )
        self.begin = time.monotonic()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.pool.shutdown(cancel_futures=True)
        shutil.rmtree(self.directory, ignore_errors=True)

    def sequences(self, chosen, calls=""):
        """The system calls that each scenario's process makes when nothing disturbs it."""
        reports = self.pool.map(_run, chosen, ["count"] * len(chosen))
        result = {}
        for scenario, _, report, failure in reports:
            if report is None:
                raise Broken(failure)
            result[scenario] = report["sequence"]
        return result

    def run(self, work, deadline=None):
        """`work` is a list of (scenario, fault); what begins after the deadline is left out."""
        counts = {}
        pending = {self.pool.submit(_run, *one) for one in work}
        for future in concurrent.futures.as_completed(pending):
            if deadline is not None and time.monotonic() > deadline:
                for other in pending:
                    other.cancel()
                deadline = None
            if future.cancelled():
                continue
            scenario, _, report, failure = future.result()
            count = counts.setdefault(scenario.name, Counts())
            count.tried += 1
            if report is None:
                count.failures.append(failure)
                print(f"FAILED {failure}", flush=True)
                continue
            count.injected += report["injected"]
            count.recovered += report["recovered"]
        return counts


def print_counts(counts, what):
    """The table, and whether all went well."""
    print(f"{'scenario':<40} {what:>14} {'recovered':>10} {'broken':>7}")
    total = Counts()
    for name, count in sorted(counts.items()):
        broken = len(count.failures)
        print(f"{name:<40} {count.injected:>14} {count.recovered:>10} {broken:>7}")
        total.tried += count.tried
        total.injected += count.injected
        total.recovered += count.recovered
        total.failures += count.failures
    lost = sum("is lost" in failure for failure in total.failures)
    twice = sum(" times" in failure or "two carriers" in failure for failure in total.failures)
    print(
        f"{what}: {total.injected}, recovered by one command: {total.recovered}, "
        f"tasks lost: {lost}, tasks run twice: {twice}, other promises broken: "
        f"{len(total.failures) - lost - twice}"
    )
    return not total.failures and total.injected > 0
