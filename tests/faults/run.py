#!/usr/bin/env python3
"""Faults on the real programs.

    run.py kill --build DIR [--every | --points N] [--scenario NAME]...

See tests/README.md for what each does and how long it takes.
"""

import argparse
import os
import random
import sys

from loong_faults import injection, scenarios
from loong_faults.campaign import Campaign, print_counts
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


def main():
    parser = argparse.ArgumentParser(description="Faults on the real programs of loong.")
    parser.add_argument("--build", required=True, help="a build tree, or an installed one")
    parser.add_argument("--lanes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", default="loong")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("kill", help="SIGKILL at system calls, one after the other")
    verb.add_argument("--every", action="store_true", help="at every single call")
    verb.add_argument("--points", type=int, help="at so many of each scenario")
    verb.add_argument("--scenario", action="append")
    verb.set_defaults(action=kill)
    arguments = parser.parse_args()
    try:
        return 0 if arguments.action(arguments) else 1
    except Broken as failure:
        print(f"FAILED {failure}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
