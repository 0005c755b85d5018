#!/usr/bin/env python3
"""Faults on the real programs.

    run.py --build DIR kill [--every | --points N] [--scenario NAME]...
    run.py --build DIR error [--for-good] [--points N] [--scenario NAME]...
    run.py --build DIR soak [--seconds N]
    run.py --build DIR damage [--per-file N]
    run.py --build DIR reboot
    run.py --build DIR copy [--points N]

`--store store-sqlite`, before the verb, tries the same with that store.

See tests/README.md for what each does and how long it takes.
"""

import argparse
import os
import random
import shlex
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))

import kept_state  # noqa: E402
from loong_faults import copy, damage, injection, reboot, scenarios, soak
from loong_faults.campaign import Campaign, print_counts
from loong_faults.installation import Installation, missing_from
from loong_faults.place import Broken


def chosen_scenarios(arguments):
    names = arguments.scenario
    chosen = [one for one in scenarios.ALL if not names or one.name in names]
    if not chosen:
        sys.exit("no such scenario; there are: " + ", ".join(one.name for one in scenarios.ALL))
    return chosen


def spread(points, count, seed):
    """`count` of the points, evenly, from an offset that differs between seeds."""
    if count is None or count >= len(points):
        return points
    step = len(points) / count
    offset = random.Random(seed).random() * step
    return [points[int(offset + index * step)] for index in range(count)]


def kill(arguments):
    with Campaign(arguments.build, arguments.lanes) as campaign:
        work = []
        for scenario, sequence in campaign.sequences(chosen_scenarios(arguments)).items():
            # A run is a little longer or shorter than the next.
            points = list(range(1, len(sequence) + 20))
            if not arguments.every:
                points = injection.visible_points(sequence)
            for point in spread(points, arguments.points, arguments.seed):
                work.append((scenario, f"kill {point}"))
        random.Random(arguments.seed).shuffle(work)
        return print_counts(campaign.run(work), "kill points")


# What a full disk refuses, what a failing one does, and what a process without free descriptors
# cannot have.
WRITING = (
    "write,pwrite64,ftruncate,fallocate,fsync,fdatasync,mkdir,mkdirat,rename,renameat,renameat2"
)
FAULTS = {
    "ENOSPC": WRITING + ",openat,openat2",
    "EIO": WRITING + ",read,pread64,openat,openat2",
    "EMFILE": "openat,openat2,pipe2,socketpair,eventfd2,inotify_init1,memfd_create",
}


def error(arguments):
    """Every failing call once; with `--for-good`, all calls from that one on as well."""
    with Campaign(arguments.build, arguments.lanes) as campaign:
        work = []
        chosen = [one for one in chosen_scenarios(arguments) if not one.kills_only]
        for scenario, sequence in campaign.sequences(chosen).items():
            for name, calls in FAULTS.items():
                known = calls.split(",")
                count = sum(call in known for call in sequence)
                seed = arguments.seed + scenario.name + name
                for point in spread(list(range(1, count + 1)), arguments.points, seed):
                    work.append((scenario, f"error {name} {point} {calls}"))
                    if arguments.for_good:
                        work.append((scenario, f"error {name} {point}+ {calls}"))
        random.Random(arguments.seed).shuffle(work)
        return print_counts(campaign.run(work), "calls failed")


def run_soak(arguments):
    with tempfile.TemporaryDirectory(prefix="loong-faults-") as directory:
        installation = Installation(arguments.build, os.path.join(directory, "prefix"))
        return soak.run(installation, directory, arguments.seconds, arguments.seed)


def run_damage(arguments):
    with tempfile.TemporaryDirectory(prefix="loong-faults-") as directory:
        installation = Installation(arguments.build, os.path.join(directory, "prefix"))
        return damage.run(installation, directory, arguments.per_file, arguments.seed)


def run_reboot(arguments):
    with tempfile.TemporaryDirectory(prefix="loong-faults-") as directory:
        installation = Installation(arguments.build, os.path.join(directory, "prefix"))
        return reboot.run(installation, directory)


def run_copy(arguments):
    with tempfile.TemporaryDirectory(prefix="loong-faults-") as directory:
        installation = Installation(arguments.build, os.path.join(directory, "prefix"))
        return copy.run(installation, directory, arguments.points)


def how_to_build(build):
    commands = [f"cmake --build {shlex.quote(build)} --target loong_product fault-injector"]
    if not os.path.exists(os.path.join(build, "CMakeCache.txt")):
        commands.insert(0, f"cmake --preset release -B {shlex.quote(build)}")
    return " && ".join(commands)


def main():
    parser = argparse.ArgumentParser(description="Faults on the real programs of loong.")
    parser.add_argument("--build", required=True, help="a build tree, or an installed one")
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--store", default="store-files", help="or store-sqlite")
    parser.add_argument("--seed", default="loong")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("kill", help="SIGKILL at system calls, one after the other")
    verb.add_argument("--every", action="store_true", help="at every single call")
    verb.add_argument("--points", type=int, help="at so many of each scenario")
    verb.add_argument("--scenario", action="append")
    verb.set_defaults(action=kill)
    verb = verbs.add_parser("error", help="failing system calls: ENOSPC, EIO, EMFILE")
    verb.add_argument("--points", type=int, help="at so many of each scenario and error")
    verb.add_argument("--for-good", action="store_true", help="also all calls from each on")
    verb.add_argument("--scenario", action="append")
    verb.set_defaults(action=error)
    verb = verbs.add_parser("soak", help="everything at once, and a killer")
    verb.add_argument("--seconds", type=float, default=20)
    verb.set_defaults(action=run_soak)
    verb = verbs.add_parser("damage", help="files cut at every length, and random bytes")
    verb.add_argument("--per-file", type=int, help="at most so many of each kind for each file")
    verb.set_defaults(action=run_damage)
    verb = verbs.add_parser("reboot", help="the machine started anew; other versions")
    verb.set_defaults(action=run_reboot)
    verb = verbs.add_parser("copy", help="`store copy` killed, into either store, and run again")
    verb.add_argument("--points", type=int, help="at so many calls of each; else at every one")
    verb.set_defaults(action=run_copy)
    arguments = parser.parse_args()
    if missing := missing_from(arguments.build):
        print(f"run.py: {missing} is not there; {how_to_build(arguments.build)} builds it",
              file=sys.stderr)
        return 2
    kept_state.choose(arguments.store)
    try:
        return 0 if arguments.action(arguments) else 1
    except Broken as failure:
        print(f"FAILED {failure}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
