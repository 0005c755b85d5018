"""Whole processes, timed one beside the other."""

import dataclasses
import os
import random
import statistics
import time


@dataclasses.dataclass(frozen=True)
class Spread:
    """Seconds: the middle of many, and where the middle eight tenths of them lie."""

    median: float
    low: float
    high: float
    count: int

    @staticmethod
    def of(values):
        ordered = sorted(values)
        last = len(ordered) - 1
        return Spread(statistics.median(ordered), ordered[round(last * 0.1)],
                      ordered[round(last * 0.9)], len(ordered))

    def as_json(self):
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class Command:
    argv: list
    environment: dict
    # Exit codes that are as they should be.
    codes: tuple = (0,)


def run(command, output="/dev/null"):
    """Starts a process and waits for it: its seconds by the clock, and those of its processor."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
    ]
    begin = time.perf_counter()
    pid = os.posix_spawn(command.argv[0], command.argv, command.environment, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - begin
    code = os.waitstatus_to_exitcode(status)
    if code not in command.codes:
        raise RuntimeError(f"exit code {code}: {' '.join(command.argv)}")
    return seconds, usage.ru_utime + usage.ru_stime


def alternate(commands, rounds, before=None):
    """Each command once a round, so that what disturbs the machine disturbs all of them, and in
    another order each round, so that each comes after each of the others; with nothing left to be
    written by the one before, for which one that syncs would have to wait. `before` names what is
    called, untimed, before a command. The first round is not counted."""
    before = before or {}
    times = {name: [] for name in commands}
    order = list(commands)
    shuffle = random.Random(rounds).shuffle
    for turn in range(rounds + 1):
        shuffle(order)
        for name in order:
            if name in before:
                before[name]()
            os.sync()
            seconds, _ = run(commands[name])
            if turn:
                times[name].append(seconds)
    return {name: Spread.of(values) for name, values in times.items()}
