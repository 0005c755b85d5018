"""Runs a scenario with one fault at one place, and checks that everything comes right."""

import json
import os

from . import processes, scenarios
from .place import Broken, Place

# With others on the machine a second may be long; a status that lies stays wrong for ever.
# A worker that cannot record an outcome tries for a minute, and says nothing meanwhile.
PATIENCE = "100s"

# What others can see happen. Between two of these a kill finds the same world.
VISIBLE = frozenset(
    "write pwrite64 writev fsync fdatasync ftruncate fallocate openat openat2 mkdir mkdirat rename "
    "renameat renameat2 unlink unlinkat linkat clone clone3 execve fcntl close kill "
    "pidfd_send_signal sendto wait4 waitid".split()
)


def wait(place, task):
    """Until the task is terminal or needs attention. A lie would make this run out. What a task
    asks of the operator is allowed."""
    done = place.tasks("wait", task, "--timeout", PATIENCE)
    while done.returncode == 3 and place.status(task)["task_status"]["next_action"] == "approve":
        scenarios.approve(place, task)
        done = place.tasks("wait", task, "--timeout", PATIENCE)
    if done.returncode == 124:
        status = place.status(task)["task_status"]
        raise Broken(f"{task} stays {status['status']}: {status['reason']}")
    if done.returncode not in (0, 1, 3):
        raise Broken(f"wait: exit {done.returncode}: {done.stderr.strip()}")


def status_of(row):
    return row["task_status"]["status"]


def settle(place):
    """Lets everything come to rest; true where a recover was needed."""
    for task, row in place.list().items():
        if status_of(row) == "unknown":
            raise Broken(f"{task} is unknown: {row['task_status']['reason']}")
        if status_of(row) not in scenarios.TERMINAL:
            wait(place, task)
    if all(status_of(row) in scenarios.TERMINAL for row in place.list().values()):
        return False
    done = place.tasks("recover", "--all")
    if done.returncode not in (0, 5):
        raise Broken(f"recover --all: exit {done.returncode}: {done.stdout} {done.stderr}")
    for task in place.list():
        wait(place, task)
    for task, row in place.list().items():
        if status_of(row) not in scenarios.TERMINAL:
            reason = row["task_status"]["reason"]
            raise Broken(f"after recover {task} is {status_of(row)}: {reason}")
    return True


def check_error(done):
    """A command that met a fault says what it was, or has overcome it."""
    if done.returncode in (0, 5) or "loading shared libraries" in done.stderr:
        return
    if done.returncode < 0 or done.returncode >= 126:
        raise Broken(f"a failing call made it end with {done.returncode}: {done.stderr.strip()}")
    if not done.stderr.strip() and not done.stdout.strip():
        raise Broken(f"exit {done.returncode} without a word")


def run(scenario_class, installation, directory, fault):
    """`fault` is a plan without its report: `count`, `kill N` or `error …`. Returns the report."""
    place = Place(installation, directory, scenario_class.config)
    scenario = scenario_class()
    scenario.may_fail = fault.startswith("error")
    try:
        scenario.prepare(place)
        done = scenario.act(place, f"{fault} {place.report_file()}")
        if scenario.actor == "cli" and fault.startswith("error"):
            check_error(done)
        place.list()
        scenario.finish(place)
        recovered = settle(place)
        scenario.verify(place, done)
        if place.lines("overlaps"):
            raise Broken("two carriers at the same time")
        # Where its own bell fails as well, a worker finds out by itself after half a minute.
        limit = 100 if scenario.may_fail else 10
        if not processes.wait_until(lambda: not place.processes(), limit=limit):
            left = [f"{pid} {processes.command_line(pid)}" for pid in place.processes()]
            raise Broken(f"these processes stay: {left}")
        report = place.wait_for_report() or {"calls": 0, "injected": 0, "call": "", "sequence": []}
        report["recovered"] = recovered
        report["exit"] = done.returncode
        return report
    except (Broken, OSError, ValueError, KeyError, json.JSONDecodeError) as failure:
        raise Broken(f"{scenario.name}, {fault}: {failure}\n    {place.describe()}") from failure
    finally:
        place.remove()
        installation.take_away()


def files_below(directory):
    """Every file below a directory with what it holds."""
    found = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, directory)] = file.read()
    return found


def visible_points(sequence):
    """Numbers of the calls before which something visible has just happened."""
    points = [1]
    for number, call in enumerate(sequence, start=1):
        if call in VISIBLE:
            points.append(number + 1)
    return points


