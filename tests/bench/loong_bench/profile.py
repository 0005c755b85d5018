"""Where the time of a command goes: to the processor, or to waiting, which is mostly for the disk."""

import contextlib
import dataclasses
import statistics

from loong_bench import peers, timing
from loong_bench.measures import TRUE, bare_create, plugged_create
from loong_bench.place import Place
from loong_bench.report import time_text


@dataclasses.dataclass(frozen=True)
class Line:
    what: str
    seconds: float
    processor: float

    @property
    def waiting(self):
        return max(self.seconds - self.processor, 0.0)


def measure(bench):
    """How much of a command's time is the processor's. It has no targets: a table of its own."""
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(Place(bench, workers=1))
        task = place.keep_a_worker()
        without_library = timing.Command([bench.probe("stamp"), "/dev/null"], {})
        commands = {"no C library": without_library, "/bin/true": TRUE,
                    "bare": timing.Command(bare_create(bench, place), {}),
                    "bare, plugged": timing.Command(plugged_create(bench, place), {})}
        for kind in peers.installed(peers.Nq, peers.Tsp, peers.Pueue):
            peer = kind(bench)
            stack.callback(peer.close)
            commands[kind.name] = peer.command("true")
        commands["loong --version"] = place.command("--version")
        commands["status"] = place.command("tasks", "status", task)
        commands["create"] = place.command("tasks", "create", "-q", "--", "true")
        times = {what: [] for what in commands}
        for turn in range(bench.rounds(100) + 1):
            for what, command in commands.items():
                taken = timing.run(command)
                if turn:
                    times[what].append(taken)
    return [Line(what, *(statistics.median(column) for column in zip(*taken)))
            for what, taken in times.items()]


def print_table(lines, out):
    if not lines:
        return
    print(f"\n{'':<18}{'by the clock':>14}{'processor':>12}{'waiting':>10}", file=out)
    for line in lines:
        print(f"{line.what:<18}{time_text(line.seconds):>14}{time_text(line.processor):>12}"
              f"{time_text(line.waiting):>10}", file=out)


def as_json(lines):
    return [dict(dataclasses.asdict(line), waiting=line.waiting) for line in lines]
