"""How the cost of each verb grows with the number of tasks, for both stores."""

import os

from loong_bench import timing
from loong_bench.place import Place
from loong_bench.report import Row, time_text

TRUE = timing.Command(["/bin/true"], {})

SIZES = (1, 1_000, 100_000, 1_000_000)
STORES = ("store-files", "store-sqlite")
VERBS = ("create", "status", "events", "list", "list --attention", "list --status failed", "release",
         "cancel")


def measure(bench, sizes):
    """Each verb in stores of ever more tasks, with either store.

    {store: {verb: {size: spread}}}, where the sizes of a store are measured side by side; and the
    figures of store-files that have a target."""
    table, rows = {}, []
    for store in STORES:
        places, commands = {}, {}
        try:
            for size in sizes:
                bench.say(f"filling {store} with {size:,} tasks")
                place = places[size] = Place(bench, store, workers=1)
                place.fill(size, bench.say)
                few = [place.create("--", "false") for _ in range(5)]
                place.loong("tasks", "wait", *few, codes=(1,))
                place.keep_a_worker()
                for verb, command in commands_of(place).items():
                    commands[verb, size] = command
            rounds = bench.rounds(30)
            # Each changes another task.
            changed = {size: iter([place.create("--hold", "--", "true")
                                   for _ in range(2 * (rounds + 1))])
                       for size, place in places.items()}
            spreads = timing.alternate({"true": TRUE, **commands}, rounds)
            for verb in ("release", "cancel"):
                for size, place in places.items():
                    times = [timing.run(place.command("tasks", verb, next(changed[size])))[0]
                             for _ in range(rounds)]
                    spreads[verb, size] = timing.Spread.of(times)
            table[store] = {verb: {size: spreads[verb, size] for size in places} for verb in VERBS}
            if store == STORES[0]:
                rows = rows_of(spreads, sizes) + [size_on_disk(places[sizes[-1]], sizes[-1])]
        finally:
            for place in places.values():
                place.__exit__()
    return table, rows


def rows_of(spreads, sizes):
    def row(what, ours, theirs, beside, target):
        return Row(what, time_text(spreads[ours].median), beside, time_text(spreads[theirs].median),
                   spreads[ours].median / spreads[theirs].median, target, False,
                   {str(name): spreads[name].as_json() for name in (ours, theirs)})

    few, many = sizes[0], sizes[-1]
    among = f"among {many:,}"
    rows = [row(f"create among {size:,}", ("create", size), ("create", few), f"among {few:,}", 1.2)
            for size in sizes[2:]]
    status = ("status", many)
    return rows + [
        row(f"status {among}", status, "true", "/bin/true", 4),
        row(f"status {among}", status, ("status", few), f"among {few:,}", 1.2),
        row(f"list {among}", ("list", many), status, "status", 1.5),
        row(f"list --attention {among}", ("list --attention", many), status, "status", 2),
        row(f"list --status failed {among}", ("list --status failed", many), status, "status", 2)]


def size_on_disk(place, count):
    """Bytes of content, without what the file system rounds up to its own blocks."""
    total = 0
    for directory, _, files in os.walk(place.home):
        total += sum(os.lstat(os.path.join(directory, name)).st_size for name in files)
    each = total / count
    return Row(f"on disk, a task of {count:,}", f"{each:.0f} B", "1 KiB", "1024 B", each / 1024, 1.5)


def commands_of(place):
    task = place.create("--hold", "--", "true")
    return {
        "create": place.command("tasks", "create", "-q", "--hold", "--", "true"),
        "status": place.command("tasks", "status", task),
        "events": place.command("tasks", "events", task),
        "list": place.command("tasks", "list", "--limit", "20"),
        "list --attention": place.command("tasks", "list", "--attention"),
        "list --status failed": place.command("tasks", "list", "--status", "failed"),
    }


def print_table(table, out):
    """Markdown, as the README shows it: milliseconds, medians."""
    for store, verbs in table.items():
        sizes = list(next(iter(verbs.values())))
        print(f"\n| {store}, ms | " + " | ".join(f"{size:,}" for size in sizes) + " |", file=out)
        print("|---" * (len(sizes) + 1) + "|", file=out)
        for verb, spreads in verbs.items():
            print(f"| `{verb}` | " + " | ".join(f"{spreads[size].median * 1e3:.1f}"
                                                for size in sizes) + " |", file=out)


def as_json(table):
    return {store: {verb: {str(size): spread.as_json() for size, spread in spreads.items()}
                    for verb, spreads in verbs.items()} for store, verbs in table.items()}
