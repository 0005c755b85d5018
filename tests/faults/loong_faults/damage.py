"""Every file of a state directory cut at every length, and with random bytes in it."""

import json
import os
import random
import shutil

from . import injection, processes
from .place import Broken, Place

# Without these nothing can be said about any task, and that is said.
OF_THE_STORE = ("store.yaml", "tasks.sqlite", "tasks.sqlite-wal")
# What holds all tasks: damage in it may be to any of them.
OF_ALL_TASKS = ("tasks.sqlite", "tasks.sqlite-wal")
# What may be found damaged, as `error: CODE: …` says it.
CODES = ("store_corrupt", "store_version", "store_io", "not_on_this_host")


class Damage:
    def __init__(self, installation, directory):
        self.place = Place(installation, directory)
        for tag in ("a", "b"):
            created = self.place.create(tag)
            if created.returncode != 0:
                raise Broken(f"create: {created.stderr}")
        injection.settle(self.place)
        processes.wait_until(lambda: not self.place.processes())
        rows = self.place.list()
        self.victim, self.other = (
            next(task for task, row in rows.items() if row["label"].endswith(tag)) for tag in "ab"
        )
        self.pristine = self.place.home + ".pristine"
        shutil.copytree(self.place.home, self.pristine, symlinks=True)
        self.counts = {"cases": 0, "same": 0, "older": 0, "unknown": 0, "refused": 0}
        self.failures = []

    def files(self):
        """Of the store, and of one of the two tasks."""
        found = []
        for folder, _, names in os.walk(self.pristine):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.pristine)
                if self.other not in path:
                    found.append(path)
        return sorted(found)

    def content(self, path):
        with open(os.path.join(self.pristine, path), "rb") as file:
            return file.read()

    def restore(self):
        shutil.rmtree(self.place.home)
        shutil.copytree(self.pristine, self.place.home, symlinks=True)

    def case(self, path, content, what):
        self.restore()
        with open(os.path.join(self.place.home, path), "r+b") as file:
            file.truncate(0)
            file.write(content)
        self.counts["cases"] += 1
        try:
            self.counts[self.look(path)] += 1
        except Broken as failure:
            self.failures.append(f"{path} {what}: {failure}")
            print(f"FAILED {self.failures[-1]}", flush=True)

    def look(self, path):
        listed = self.place.tasks("list", "--json", "--all-sessions")
        self.check_exit(listed, "list")
        for verb in ("status", "events", "output"):
            self.check_exit(self.place.tasks(verb, self.victim), verb)
        if listed.returncode != 0:
            if path not in OF_THE_STORE:
                raise Broken(f"it fails the whole list: {listed.stderr.strip()}")
            return "refused"
        rows = {row["task_id"]: row["task_status"] for row in json.loads(listed.stdout)["tasks"]}
        if path in OF_ALL_TASKS:
            return self.look_at_any(rows)
        if rows.get(self.other, {}).get("status") != "completed":
            raise Broken(f"another task is {rows.get(self.other)}")
        if self.victim not in rows:
            raise Broken("the task is not listed any more")
        status = rows[self.victim]
        if status["status"] == "completed":
            return "same"
        if status["status"] == "unknown":
            if not status["reason"]:
                raise Broken("unknown, without a reason")
            return "unknown"
        if status["status"] not in ("recoverable", "queued"):
            raise Broken(f"the task is {status['status']}: {status['reason']}")
        return "older"

    def look_at_any(self, rows):
        """No more can be asked than that what is said of each task is one of the things it may be:
        the file has no sums over its content, and what was changed in a text is a text as well."""
        found = {rows[task]["status"] for task in (self.victim, self.other) if task in rows}
        if len(rows) == 2 and found == {"completed"}:
            return "same"
        return "unknown" if "unknown" in found or len(rows) < 2 else "older"

    def check_exit(self, done, verb):
        if done.returncode == 2 and not any(code in done.stderr for code in CODES):
            raise Broken(f"{verb} does not say what is damaged: {done.stderr.strip()}")
        if done.returncode not in (0, 2, 3):
            raise Broken(f"{verb}: exit {done.returncode}: {done.stderr.strip()}")


def lengths(size, most):
    """All lengths below the size; at most so many, evenly, with both ends."""
    if most is None or size <= most:
        return list(range(size))
    return sorted({round(index * (size - 1) / (most - 1)) for index in range(most)})


def run(installation, directory, per_file, seed):
    """`per_file`: at most so many cuts and as many random changes of each file; None: all cuts."""
    damage = Damage(installation, directory)
    chance = random.Random(seed)
    try:
        for path in damage.files():
            content = damage.content(path)
            if not content:
                continue
            # Of a database of pages every length is no more than every page and some between.
            most = per_file if per_file or len(content) <= 4096 else 512
            for length in lengths(len(content), most):
                damage.case(path, content[:length], f"cut to {length} bytes")
            for turn in range(per_file or 64):
                changed = bytearray(content)
                begin = chance.randrange(len(changed))
                size = min(chance.choice((1, 4, 64)), len(changed) - begin)
                changed[begin : begin + size] = chance.randbytes(size)
                damage.case(path, bytes(changed), f"random {size} bytes at {begin}, {turn}")
        damage.restore()
        rows = damage.place.list()
        if len(rows) != 2:
            damage.failures.append(f"{len(rows)} tasks are left of 2")
        print(", ".join(f"{what}: {count}" for what, count in damage.counts.items()))
        lost = sum("not listed" in failure for failure in damage.failures)
        print(f"tasks lost: {lost}, other promises broken: {len(damage.failures) - lost}")
        return not damage.failures and damage.counts["cases"] > 0
    finally:
        damage.place.remove()
