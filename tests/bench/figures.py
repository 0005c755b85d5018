#!/usr/bin/env python3
"""How long commands take beside so many tasks, in either store.

    figures.py --build DIR [--tasks N]... [--store NAME]... [--times N]

Fills a state directory of its own with held tasks, runs each command so many times as a user's shell
would, start of the program included, and prints the medians. `/bin/true` is what starting a process takes
on this machine at that moment. 100,000 tasks in store-files take some minutes to make.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time

BATCH = 1000


class Place:
    """A state directory with one store."""

    def __init__(self, program, directory, store):
        self.program = program
        config = os.path.join(directory, "config.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"store: {{plugin: {store}}}\n")
        os.chmod(config, 0o600)
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": directory, "LC_ALL": "C.UTF-8",
                            "LOONG_HOME": os.path.join(directory, "state"), "LOONG_CONFIG": config}

    def loong(self, *words, given=None):
        done = subprocess.run([self.program, "tasks", *words], env=self.environment, input=given,
                              capture_output=True, text=True, check=True)
        return done.stdout

    def fill(self, count):
        """Makes held tasks, so that nothing else runs meanwhile; how long one took, in ms."""
        begin = time.monotonic()
        for first in range(0, count, BATCH):
            lines = "".join(f"- {{text: 'true', hold: true, label: task {number}}}\n"
                            for number in range(first, min(first + BATCH, count)))
            batch = os.path.join(self.environment["HOME"], "batch.yaml")
            with open(batch, "w", encoding="utf-8") as file:
                file.write(lines)
            self.loong("create", "-q", "--batch", batch)
        return (time.monotonic() - begin) * 1000 / count


def median(times, action):
    taken = []
    for _ in range(times):
        begin = time.monotonic()
        action()
        taken.append((time.monotonic() - begin) * 1000)
    return statistics.median(taken)


def measure(program, store, count, times):
    with tempfile.TemporaryDirectory(prefix="loong-figures-") as directory:
        place = Place(program, directory, store)
        each = place.fill(count)
        newest = place.loong("list", "-q", "--limit", "1").strip()
        commands = {
            "/bin/true": lambda: subprocess.run(["/bin/true"], check=True),
            "create": lambda: place.loong("create", "--hold", "true"),
            "status": lambda: place.loong("status", newest),
            "list": lambda: place.loong("list"),
            "list --attention": lambda: place.loong("list", "--attention"),
        }
        found = {"in a batch": each}
        for name, action in commands.items():
            action()
            found[name] = median(times, action)
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True, help="a build tree, or an installed one")
    parser.add_argument("--tasks", type=int, action="append", help="default: 1000 and 100000")
    parser.add_argument("--store", action="append", help="default: both")
    parser.add_argument("--times", type=int, default=21)
    arguments = parser.parse_args()
    program = os.path.abspath(os.path.join(arguments.build, "bin", "loong"))
    print("milliseconds, the median of", arguments.times)
    head = None
    for store in arguments.store or ["store-files", "store-sqlite"]:
        for count in arguments.tasks or [1000, 100_000]:
            found = measure(program, store, count, arguments.times)
            if head is None:
                head = list(found)
                print("| store | tasks | " + " | ".join(head) + " |")
                print("|---" * (len(head) + 2) + "|")
            cells = " | ".join(f"{found[name]:.1f}" for name in head)
            print(f"| {store} | {count:,} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
