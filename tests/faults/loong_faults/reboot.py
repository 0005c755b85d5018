"""The machine started anew, and a state directory of another version.

A start of the machine is every process ended at once, and another boot id: files that name the one
before are changed to name none that ever was.
"""

import os
import re

import kept_state

from . import injection, processes
from .place import Broken, Place
from .scenarios import ONE_AT_A_TIME, kill_everything, kill_worker, require, started

OTHER_BOOT = "00000000-0000-4000-8000-000000000000"


def start_anew(place):
    # A machine stops as a whole: nobody records that somebody else was killed first.
    victims = {*place.processes(), *place.keepers()}
    processes.stop(*victims)
    require(processes.kill(*victims), "killed processes stay")
    for folder, _, names in os.walk(place.home):
        for name in names:
            if name not in ("loong-handle", "boot.json", "clock"):
                continue
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(re.sub(r'("boot_id":")[^"]*', r"\g<1>" + OTHER_BOOT, text))
    # A handle that was saved with the start.
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
        kept_state.change_events(place.home, file.read().strip(), OTHER_BOOT)


def statuses(place):
    return {
        row["label"].split()[-1]: row["task_status"]["status"] for row in place.list().values()
    }


def check_queue(place):
    """One command brings the whole queue back; what was running runs again only where it may."""
    started(place, "running")
    for tag in ("first", "second"):
        place.create(tag)
    start_anew(place)
    require(set(statuses(place).values()) == {"recoverable"}, f"they are {statuses(place)}")
    injection.settle(place)
    found = statuses(place)
    expected = {"running": "failed", "first": "completed", "second": "completed"}
    require(found == expected, f"after recover --all they are {found}")
    for tag in expected:
        require(place.effects(tag) == 1, f"{tag} ran {place.effects(tag)} times")


def check_retry(place):
    started(place, "again", "--retry", "1")
    start_anew(place)
    processes.remove(place.directory + "/gate.again")
    injection.settle(place)
    require(statuses(place) == {"again": "completed"}, f"with a retry left: {statuses(place)}")
    require(place.effects("again") == 2, "an attempt that was left was not made")


def check_record(place):
    """Work that ended before the power went is not lost, and not run again."""
    task = started(place, "done")
    kill_worker(place, task)
    session = place.status(task)["task_session_id"]
    place.open_gate("done")
    ended = processes.wait_until(lambda: not place.session_processes(session))
    require(ended, "the keeper of ended work stays")
    start_anew(place)
    injection.settle(place)
    require(statuses(place) == {"done": "completed"}, f"with an exit record: {statuses(place)}")
    require(place.effects("done") == 1, "it ran again")


def check_retry_later(place):
    """Where a failure is collected with an attempt left, somebody waits until it is due."""
    task = started(place, "a", "--retry", "1")
    kill_worker(place, task)
    session = place.status(task)["task_session_id"]
    work = [
        pid
        for pid in place.session_processes(session)
        if not processes.command_line(pid).startswith("loong-keeper")
    ]
    processes.kill(*work)
    ended = processes.wait_until(lambda: not place.session_processes(session))
    require(ended, "the keeper of ended work stays")
    processes.remove(place.directory + "/gate.a")
    injection.settle(place)
    require(statuses(place) == {"a": "completed"}, f"after the retry: {statuses(place)}")


def check_cancel(place):
    task = started(place, "a")
    kill_everything(place, task)
    start_anew(place)
    done = place.tasks("cancel", task)
    require(done.returncode == 0, f"cancel: exit {done.returncode}: {done.stderr}")
    require(statuses(place) == {"a": "cancelled"}, f"after a cancel: {statuses(place)}")


def snapshot(folder):
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with open(path, "rb") as file:
                found[path] = file.read()
    return found


def check_newer_format(place):
    """A directory of a newer version is refused, by every command, and left as it is."""
    task = place.create("a").stdout.strip()
    injection.settle(place)
    processes.wait_until(lambda: not place.processes())
    path = os.path.join(place.home, "store.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("format: 1\n", "format: 99\n"))
    before = snapshot(place.home)
    for words in (("list",), ("create", "true"), ("cancel", task), ("recover", "--all")):
        done = place.tasks(*words)
        require(done.returncode == 2, f"{words[0]} on a newer format: exit {done.returncode}")
        require("store_version" in done.stderr, f"{words[0]} says: {done.stderr.strip()}")
    require(snapshot(place.home) == before, "a newer format was touched")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    require(statuses(place) == {"a": "completed"}, "it is not as it was")


def check_newer_task(place):
    """One task of a newer version does not keep the others from being seen."""
    task = place.create("a").stdout.strip()
    place.create("b")
    injection.settle(place)
    processes.wait_until(lambda: not place.processes())
    kept_state.change_document(place.home, task, "format: 2\n", "format: 99\n")
    done = place.tasks("status", task)
    require("store_version" in done.stderr + done.stdout, f"status: {done.stdout}{done.stderr}")
    found = {row["task_id"] == task: row["task_status"]["status"] for row in place.list().values()}
    # Its row may still be known from before; it must not be made up anew.
    require(found[False] == "completed" and found[True] in ("unknown", "completed"), f"{found}")


CHECKS = (
    (check_queue, ONE_AT_A_TIME),
    (check_retry, ""),
    (check_retry_later, ""),
    (check_record, ""),
    (check_cancel, ""),
    (check_newer_format, ""),
    (check_newer_task, ""),
)


def run(installation, directory):
    failures = 0
    for check, config in CHECKS:
        place = Place(installation, directory, config)
        try:
            check(place)
            print(f"{check.__name__[6:].replace('_', ' ')}: as promised")
        except Broken as failure:
            failures += 1
            print(f"FAILED {check.__name__[6:]}: {failure}\n    {place.describe()}")
        finally:
            place.remove()
    return failures == 0
