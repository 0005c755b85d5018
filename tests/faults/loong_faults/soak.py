"""Creators, cancellers, recoverers, and a killer that shoots at everything, all at once."""

import random
import threading
import time

from . import processes, scenarios
from .place import Broken, Place

# Each leaves its id in its own file once, and takes a while, so that something can happen to it.
PAUSES = ("0", "0.02", "0.1", "0.3")


class Soak:
    def __init__(self, installation, directory, seconds, seed):
        self.place = Place(installation, directory, "workers: {max_parallel: 3}\n")
        self.place.write(
            "work.sh",
            'exec 9>"lock.$1"\nflock -n 9 || echo "$1" >>overlaps\n'
            'echo "$1" >>effects\nsleep "$2"\necho "$1" >>ends\n',
        )
        self.end = time.monotonic() + seconds
        self.seed = seed
        self.lock = threading.Lock()
        self.accepted = {}
        self.cancelled = set()
        self.counts = dict.fromkeys(("created", "refused", "cancels", "recovers", "kills"), 0)
        self.broken = []

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def creator(self, number):
        chance = random.Random(f"{self.seed} creator {number}")
        turn = 0
        while time.monotonic() < self.end:
            turn += 1
            tag = f"{number}-{turn}"
            work = ("sh", self.place.directory + "/work.sh", tag, chance.choice(PAUSES))
            done = self.run("create", "-q", "--grace", "1s", "--", *work)
            if done is None or done.returncode < 0:
                continue
            if done.returncode == 0:
                with self.lock:
                    self.accepted[done.stdout.strip()] = tag
                self.count("created")
            else:
                self.count("refused")
            time.sleep(chance.random() * 0.2)

    def run(self, *arguments):
        """None where the killer was faster."""
        try:
            return self.place.tasks(*arguments)
        except Broken as failure:
            if "signal 9" not in str(failure):
                self.broken.append(str(failure))
            return None

    def canceller(self):
        chance = random.Random(f"{self.seed} canceller")
        while time.monotonic() < self.end:
            time.sleep(chance.random() * 0.5)
            with self.lock:
                tasks = list(self.accepted)[-6:]
            if not tasks:
                continue
            task = chance.choice(tasks)
            done = self.run("cancel", task)
            if done is not None and done.returncode == 0:
                self.cancelled.add(task)
                self.count("cancels")

    def recoverer(self):
        chance = random.Random(f"{self.seed} recoverer")
        while time.monotonic() < self.end:
            time.sleep(chance.random())
            done = self.run("recover", "--all")
            if done is not None:
                self.count("recovers")
                # The worker that it started may be the next one that is shot.
                shot = "worker_unavailable" in done.stderr and "it ended at once" in done.stderr
                if done.returncode not in (0, 5) and not shot:
                    self.broken.append(f"recover --all: exit {done.returncode}: {done.stderr}")

    def killer(self):
        chance = random.Random(f"{self.seed} killer")
        while time.monotonic() < self.end:
            time.sleep(chance.random() * 0.3)
            victims = self.victims()
            if victims:
                processes.kill(chance.choice(victims), limit=0)
                self.count("kills")

    def victims(self):
        """Workers, keepers and commands of this place; the work itself is left to them."""
        found = []
        for pid in processes.with_environment("LOONG_HOME=" + self.place.home):
            if "loong" in processes.command_line(pid).split(" ")[0]:
                found.append(pid)
        for pid in self.place.keepers():
            found.append(pid)
        return found

    def run_all(self):
        threads = [threading.Thread(target=self.creator, args=(i,)) for i in range(3)]
        for actor in (self.canceller, self.recoverer, self.killer):
            threads.append(threading.Thread(target=actor))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def settle(self):
        """`recover --all` until nothing is left to recover; how often that took."""
        for rounds in range(1, 20):
            rows = self.place.list()
            for task, row in rows.items():
                if row["task_status"]["status"] not in scenarios.TERMINAL:
                    done = self.place.tasks("wait", task, "--timeout", "60s")
                    if done.returncode == 124:
                        status = self.place.status(task)["task_status"]
                        raise Broken(f"{task} stays {status['status']}: {status['reason']}")
            rows = self.place.list()
            if all(row["task_status"]["status"] in scenarios.TERMINAL for row in rows.values()):
                return rounds, rows
            done = self.place.tasks("recover", "--all")
            if done.returncode not in (0, 5):
                raise Broken(f"recover --all: exit {done.returncode}: {done.stderr}")
        raise Broken("recover --all does not come to an end")

    def account(self, rows):
        """Every accepted task by its own traces; how many were lost, and how many ran twice."""
        lost, twice, lies = [], [], list(self.broken)
        ends = self.place.lines("ends")
        for task, tag in self.accepted.items():
            if task not in rows:
                lost.append(task)
                continue
            status = rows[task]["task_status"]
            ran = self.place.effects(tag)
            if ran > 1:
                twice.append(task)
            if status["status"] == "completed" and (ran != 1 or ends.count(tag) != 1):
                lies.append(f"{task} is completed, and its work ended {ends.count(tag)} times")
            if status["status"] == "cancelled" and task not in self.cancelled:
                # A cancel whose command was killed after it had taken effect.
                continue
        lies += [f"two carriers of {tag}" for tag in self.place.lines("overlaps")]
        return lost, twice, lies


def run(installation, directory, seconds, seed):
    soak = Soak(installation, directory, seconds, seed)
    try:
        soak.run_all()
        rounds, rows = soak.settle()
        lost, twice, lies = soak.account(rows)
        ends = {}
        for row in rows.values():
            status = row["task_status"]["status"]
            ends[status] = ends.get(status, 0) + 1
        print(", ".join(f"{what}: {count}" for what, count in soak.counts.items()))
        print(", ".join(f"{what}: {count}" for what, count in sorted(ends.items())))
        print(
            f"accepted tasks: {len(soak.accepted)}, settled after {rounds - 1} recover --all, "
            f"tasks lost: {len(lost)}, tasks run twice: {len(twice)}, other promises broken: "
            f"{len(lies)}"
        )
        for failure in [*lost, *twice, *lies]:
            print(f"FAILED {failure}")
        return not lost and not twice and not lies and soak.counts["kills"] > 0
    finally:
        soak.place.remove()
