"""Every figure that has a target, one function each."""

import contextlib
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time

from loong_bench import peers, timing
from loong_bench.place import Place
from loong_bench.report import Row, time_text

TRUE = timing.Command(["/bin/true"], {})


def row(what, spreads, ours, theirs, target, beside=None, at_least=False):
    return Row(what, time_text(spreads[ours].median), beside or theirs,
               time_text(spreads[theirs].median), spreads[ours].median / spreads[theirs].median,
               target, at_least,
               {name: spreads[name].as_json() for name in (ours, theirs, "bare", "plugged") if name in spreads})


def bare_create(bench, place):
    """The bare program, told to write as many bytes as one of our tasks has."""
    return [bench.probe("bare"), "create", *bare_task(bench, place)]


def plugged_create(bench, place):
    """The same with what any program has to do that has its store and its runtime as plugins."""
    return [bench.probe("plugged"), *bare_create(bench, place)[1:],
            *(bench.plugin(name) for name in ("store-files", "runtime-local"))]


def bare_carry(bench, place, role, *words):
    return timing.Command([bench.probe("carry"), role, *bare_task(bench, place), *words], {})


def bare_task(bench, place):
    """A directory for bare tasks, and how many bytes the files of one have."""
    task = place.create("--", "true")
    directory = os.path.join(place.home, "tasks", task)
    record = os.path.getsize(os.path.join(directory, "task.yaml"))
    with open(os.path.join(directory, "events.yaml"), "rb") as file:
        # As they are when the task is new: created, queued.
        events = sum(len(line) for line in file.read().splitlines(True)[:3])
    tasks = tempfile.mkdtemp(prefix="bare-", dir=bench.scratch)
    return [tasks, str(record), str(events)]


def create(bench):
    """`create` of work that does nothing, with workers alive in all slots."""
    with contextlib.ExitStack() as stack:
        place = stack.enter_context(Place(bench, workers=1))
        place.keep_a_worker()
        commands = {"loong": place.command("tasks", "create", "-q", "--", "true"),
                    "bare": timing.Command(bare_create(bench, place), {}),
                    "plugged": timing.Command(plugged_create(bench, place), {}), "true": TRUE}
        before = {"loong": lambda: empty_queue(place)}
        for kind in peers.installed(peers.Nq, peers.Tsp, peers.Pueue):
            peer = kind(bench)
            stack.callback(peer.close)
            commands[kind.name] = peer.command("true")
            if kind is peers.Nq:
                before["nq"] = peer.wait
        spreads = timing.alternate(commands, bench.rounds(200), before)
        rows = [row("create, nothing queued", spreads, "loong", "bare", 2.5)]
        for name, target in (("nq", 1.5), ("tsp", 2.0), ("pueue", 0.5)):
            if name in spreads:
                rows.append(row("create, nothing queued", spreads, "loong", name, target,
                                f"bare, plugged: {time_text(spreads['plugged'].median)}; {name}:"))
        return rows


def empty_queue(place):
    if queued := place.loong("tasks", "list", "--status", "queued", "-q").split():
        place.loong("tasks", "cancel", "-q", *queued)


def create_behind_a_queue(bench):
    """The same behind a queue of a thousand."""
    queued = bench.size(1000)
    if not peers.installed(peers.Nq):
        return []
    with Place(bench, workers=1) as place:
        place.keep_a_worker()
        line = json.dumps({"command": ["true"]}) + "\n"
        place.loong("tasks", "create", "-q", "--batch", "-", given=line * queued)
        nq = peers.Nq(bench)
        try:
            nq.queue(queued)
            spreads = timing.alternate({
                "loong": place.command("tasks", "create", "-q", "--", "true"),
                "bare": timing.Command(bare_create(bench, place), {}),
                "nq": nq.command("true")}, bench.rounds(50))
        finally:
            nq.close()
        return [row(f"create, {queued:,} queued", spreads, "loong", "nq", 1.0,
                    f"bare: {time_text(spreads['bare'].median)}; nq:")]


def batch(bench):
    """A hundred thousand tasks in one call, and what they take on the disk."""
    count = bench.size(100_000)
    ratios, ours, theirs = [], [], []
    line = json.dumps({"command": ["true"], "hold": True}) + "\n"
    for _ in range(bench.repeats(3)):
        with Place(bench) as place:
            bare = bare_create(bench, place)
            begin = time.perf_counter()
            place.loong("tasks", "create", "-q", "--batch", "-", given=line * count)
            ours.append(time.perf_counter() - begin)
        seconds, _ = timing.run(timing.Command([bare[0], "batch", *bare[2:], str(count)], {}))
        theirs.append(seconds)
        shutil.rmtree(bare[2])
        ratios.append(theirs[-1] / ours[-1])
    return [Row(f"create --batch of {count:,}", f"{count / statistics.median(ours):,.0f}/s", "bare",
                f"{count / statistics.median(theirs):,.0f}/s", statistics.median(ratios), 0.5, True,
                {"loong": timing.Spread.of(ours).as_json(),
                 "bare": timing.Spread.of(theirs).as_json()})]


def drain(bench):
    """From the first `create` to the end of the last piece of work."""
    count = bench.size(2000)
    spreads = {"loong": [], "bare": []}
    kinds = peers.installed(peers.Nq, peers.Tsp)
    for kind in kinds:
        spreads[kind.name] = []
    line = json.dumps({"command": ["true"], "label": "drained"}) + "\n"
    for _ in range(bench.repeats(3)):
        with Place(bench, workers=2) as place:
            begin = time.perf_counter()
            place.loong("tasks", "create", "-q", "--batch", "-", given=line * count)
            place.loong("tasks", "wait", "--label", "drained")
            spreads["loong"].append(time.perf_counter() - begin)
            place.end_processes()
            bare = bare_carry(bench, place, "drain", str(count), *TRUE.argv)
        spreads["bare"].append(timing.run(bare)[0])
        for kind in kinds:
            peer = kind(bench) if kind is peers.Nq else kind(bench, slots=2)
            begin = time.perf_counter()
            for _ in range(count):
                timing.run(peer.command("true"))
            peer.wait()
            spreads[kind.name].append(time.perf_counter() - begin)
            peer.close()
    spreads = {name: timing.Spread.of(values) for name, values in spreads.items()}
    bare = time_text(spreads["bare"].median)
    return [row(f"drain of {count:,}, two slots", spreads, "loong", name, target,
                f"bare: {bare}; {name}:")
            for name, target in (("nq", 0.7), ("tsp", 1.5)) if name in spreads]


def fifo(place, name):
    """A path, and a descriptor to read what is written there."""
    path = os.path.join(place.directory, name)
    os.mkfifo(path)
    return path, os.open(path, os.O_RDWR | os.O_CLOEXEC)


def start_of_work(bench):
    """From the start of `create` to the first instruction of the work."""
    rows = []
    for what, target, live in (("none yet", 10, False), ("live", 3, True)):
        with Place(bench) as place:
            if live:
                place.keep_a_worker()
            # The work is waited for without a process that would run beside it, and nothing is
            # written to the disk that loong does not write.
            made, created = fifo(place, "made")
            stamp, told = fifo(place, "stamp")
            create = place.command("tasks", "create", "-q", "--", bench.probe("stamp"), stamp)
            bare = bare_carry(bench, place, "start", bench.probe("stamp"), stamp)
            ours, bares, theirs = [], [], []
            for turn in range(bench.rounds(60) + 1):
                begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                timing.run(create, made)
                took = (int(os.read(told, 64)) - begin) / 1e9
                place.loong("tasks", "wait", os.read(created, 64).decode().strip())
                if not live:
                    place.end_processes()
                begin = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                timing.run(bare)
                bare_took = (int(os.read(told, 64)) - begin) / 1e9
                true_took, _ = timing.run(TRUE)
                if turn:
                    ours.append(took)
                    bares.append(bare_took)
                    theirs.append(true_took)
            os.close(created)
            os.close(told)
            spreads = {"loong": timing.Spread.of(ours), "bare": timing.Spread.of(bares),
                       "true": timing.Spread.of(theirs)}
            rows.append(row(f"create to first instruction, worker {what}", spreads, "loong", "true",
                            target, f"bare: {time_text(spreads['bare'].median)}; /bin/true:"))
    return rows


def wake_up(bench):
    """From the last thing that the work does to the return of `wait`, and what that costs."""
    late, bares = [], []
    with Place(bench) as place:
        place.keep_a_worker()
        gate, opener = fifo(place, "gate")
        stamp, told = fifo(place, "stamp")
        work = ["/bin/sh", "-c", f"read _ < '{gate}'; exec '{bench.probe('stamp')}' '{stamp}'"]
        bare = bare_carry(bench, place, "start", *work)

        def end_work(waiting):
            """How long after its end the one who waits is gone."""
            await_sleep(waiting.pid)
            os.write(opener, b"\n")
            waiting.wait()
            now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
            return (now - int(os.read(told, 64))) / 1e9

        def wait_for(task):
            return subprocess.Popen([place.program, "tasks", "wait", task], env=place.environment,
                                    stdout=subprocess.DEVNULL)

        for _ in range(bench.rounds(500)):
            late.append(end_work(wait_for(place.create("--", *work))))
            bares.append(bare_wake_up(bench, bare, end_work))
        task = place.create(f"read _ < '{gate}'")
        waiting = wait_for(task)
        await_sleep(waiting.pid)
        before = processor_ticks(waiting.pid)
        # The passing of time is what is measured here.
        time.sleep(2 if bench.quick else 10)
        ticks = processor_ticks(waiting.pid) - before
        os.write(opener, b"\n")
        waiting.wait()
        os.close(opener)
        os.close(told)
    worst = late_percentile(late)
    return [Row("wait, wake-up, 99th percentile", time_text(worst),
                f"bare: {time_text(late_percentile(bares))}; limit:", "5 ms", worst / 0.005, 1,
                spreads={"loong": timing.Spread.of(late).as_json(),
                         "bare": timing.Spread.of(bares).as_json()}),
            Row("wait, processor while waiting", f"{ticks} ticks", "1 tick", "", ticks, 0)]


def late_percentile(seconds):
    return sorted(seconds)[max(0, int(len(seconds) * 0.99) - 1)]


def bare_wake_up(bench, bare, end_work):
    """The same for the bare program, whose task somebody watches with inotify."""
    with subprocess.Popen(bare.argv, env=bare.environment) as carrier:
        await_sleep(carrier.pid)
        tasks = bare.argv[2]
        name, = os.listdir(tasks)
        task = os.path.join(tasks, name)
        late = end_work(subprocess.Popen([bench.probe("watch"), os.path.join(task, "events.yaml")]))
    shutil.rmtree(task)
    return late


def await_sleep(pid):
    """Until a process sleeps and has used no more processor for a while: it waits then."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 0.03:
        ticks = processor_ticks(pid)
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            sleeps = file.read().rpartition(")")[2].split()[0] == "S"
        if ticks != last or not sleeps:
            last, since = ticks, time.monotonic()
        time.sleep(0.002)


def processor_ticks(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def output(bench):
    """How fast what the work writes is kept."""
    count = bench.size(1 << 30)
    source = os.path.join(bench.scratch, "output-source")
    with open(source, "wb") as file:
        block = bytes(range(32, 126)) * 11 + b"\n"
        block *= 1000
        while file.tell() < count:
            file.write(block[:count - file.tell()])
    cat = timing.Command(["/bin/cat", source], {})
    # What a pipe costs, which is between the work and its output whoever keeps it.
    two = timing.Command(["/bin/sh", "-c", 'cat "$0" | cat', source], {"PATH": "/usr/bin:/bin"})
    ours, theirs, piped = [], [], []
    copy = os.path.join(bench.scratch, "output-copy")
    for _ in range(bench.repeats(15)):
        # None is to pay for what the one before has left to be written.
        for command, times in ((cat, theirs), (two, piped)):
            os.sync()
            times.append(timing.run(command, copy)[0])
            os.unlink(copy)
        with Place(bench) as place:
            place.keep_a_worker()
            os.sync()
            begin = time.perf_counter()
            task = place.create("--max-output", "2GiB", "--", "cat", source)
            place.loong("tasks", "wait", task)
            ours.append(time.perf_counter() - begin)
    os.unlink(source)
    spreads = {"loong": timing.Spread.of(ours), "cat": timing.Spread.of(theirs),
               "cat | cat": timing.Spread.of(piped)}

    def rate(times):
        return f"{count / statistics.median(times) / 2**20:,.0f} MiB/s"

    return [Row(f"output of {count >> 20} MiB", rate(ours),
                f"two cats and a pipe: {rate(piped)}; cat to a file:", rate(theirs),
                statistics.median(theirs) / statistics.median(ours), 0.5, True,
                {name: spread.as_json() for name, spread in spreads.items()})]


def resident(bench):
    """Resident bytes of an idle worker and of the keeper beside it."""
    def kibibytes(pid):
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:"))

    with Place(bench) as place:
        task = place.keep_a_worker()
        worker = json.loads(place.loong("tasks", "status", "--json", task))["task"]["session"]["pid"]
        keeper, = place.keepers()
        # Idle is what has come to rest.
        last = 0
        while last != (last := kibibytes(worker)):
            time.sleep(0.5)
        figures = (("worker", kibibytes(worker), 8192), ("keeper", kibibytes(keeper), 1024))
        before = sum(1 for _ in place.processes())
        place.fill(bench.size(1000))
        more = sum(1 for _ in place.processes()) - before
    return [Row(f"resident, {what}", f"{kib} KiB", f"{limit} KiB", "", kib / limit, 1)
            for what, kib, limit in figures] + [
                Row("processes for a queued task", str(more), "1", "", more, 0)]


def recover(bench):
    """Tasks whose worker and work are gone, as after a loss of power."""
    count = bench.size(1000)
    with Place(bench, workers=min(count, 200)) as place:
        # As many run at once as there are slots; the rest is lost in further turns.
        lost = 0
        while lost < count:
            share = min(count - lost, 200)
            ids = place.loong("tasks", "create", "-q", "--batch", "-", given=(
                json.dumps({"command": ["sleep", "1000000"]}) + "\n") * share).split()
            place.loong("tasks", "wait", "--until", "running", *ids)
            place.end_processes()
            lost += share
        begin = time.perf_counter()
        place.loong("tasks", "recover", "--all", "--fail", codes=(0, 1, 3))
        took = time.perf_counter() - begin
    return [Row(f"recover --all of {count:,} lost", time_text(took), "2 s", "", took / 2, 1)]


def rebuild(bench):
    """The first command after the index of a hundred thousand tasks is lost."""
    count = bench.size(100_000)
    with Place(bench) as place:
        bench.say(f"filling a store with {count:,} tasks")
        place.fill(count, bench.say)
        for name in os.listdir(place.home):
            if name.startswith("index.sqlite"):
                os.unlink(os.path.join(place.home, name))
        begin = time.perf_counter()
        place.loong("tasks", "list")
        took = time.perf_counter() - begin
    return [Row(f"rebuild of the index of {count:,}", time_text(took), "20 s", "", took / 20, 1)]


ALL = {"create": create, "create-queued": create_behind_a_queue, "start": start_of_work,
       "wait": wake_up, "drain": drain, "output": output, "resident": resident, "recover": recover,
       "batch": batch, "rebuild": rebuild}
