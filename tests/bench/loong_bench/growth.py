"""How the cost of each verb grows with the number of tasks, for both stores."""

from loong_bench import timing
from loong_bench.place import Place

SIZES = (1, 1_000, 100_000, 1_000_000)
STORES = ("store-files", "store-sqlite")
VERBS = ("create", "status", "events", "list", "list --attention", "list --status failed", "release",
         "cancel")


def measure(bench, sizes):
    """Each verb in stores of ever more tasks, with either store.

    {store: {verb: {size: spread}}}; the sizes of a store are measured side by side."""
    table = {}
    for store in STORES:
        places, commands = {}, {}
        try:
            for size in sizes:
                bench.say(f"filling {store} with {size:,} tasks")
                place = places[size] = Place(bench, store)
                place.fill(size, bench.say)
                place.keep_a_worker()
                for verb, command in commands_of(place).items():
                    commands[verb, size] = command
            rounds = bench.rounds(30)
            # Each changes another task.
            changed = {size: iter([place.create("--hold", "--", "true")
                                   for _ in range(2 * (rounds + 1))])
                       for size, place in places.items()}
            spreads = timing.alternate(commands, rounds)
            for verb in ("release", "cancel"):
                for size, place in places.items():
                    times = [timing.run(place.command("tasks", verb, next(changed[size])))[0]
                             for _ in range(rounds)]
                    spreads[verb, size] = timing.Spread.of(times)
            table[store] = {verb: {size: spreads[verb, size] for size in places} for verb in VERBS}
        finally:
            for place in places.values():
                place.__exit__()
    return table


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
