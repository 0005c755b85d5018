"""Many creators, cancellers and recoverers, and a killer who shoots random workers, keepers and
callers. In the end each accepted task is accounted for by what it has written itself.

LOONG_SOAK_SECONDS says for how long; LOONG_SOAK_SEED repeats the dice, though not the timing.
"""

import os
import random
import signal
import threading
import time

from loong_system import SystemTest, main

WORK = 'echo "$LOONG_TASK_ID $LOONG_TASK_SESSION_ID begin" >> $HOME/ledger; sleep 0.0$PAUSE; ' \
       'echo "$LOONG_TASK_ID $LOONG_TASK_SESSION_ID end" >> $HOME/ledger'


class SoakTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("LOONG_SOAK_SEED", time.time_ns() % 1000000))
        self.stop = threading.Event()
        self.accepted = []
        self.cancelled = set()
        self.surprises = []
        self.killed = {"worker": 0, "keeper": 0, "caller": 0}

    def call(self, *words, **options):
        process = self.start(*words, **options)
        out, err = process.communicate()
        code = process.returncode
        # Killed by the killer, or one of the exit codes that these verbs have.
        if code not in (0, 1, 3, 4, 5, -signal.SIGKILL):
            self.surprises.append((words, code, (out + err).decode()))
        return code, out.decode()

    def create_tasks(self, dice):
        while not self.stop.is_set():
            environment = dict(self.environment, PAUSE=str(dice.randrange(1, 9)))
            words = ["tasks", "create", "-q", "--retry", "20", WORK]
            code, out = self.call(*words, env=environment)
            if out.strip():
                self.accepted.append(out.strip())
            elif code == 0:
                self.surprises.append((words, code, "no id"))

    def cancel_tasks(self, dice):
        while not self.stop.is_set():
            if self.accepted:
                task = dice.choice(self.accepted[-20:])
                code, _ = self.call("tasks", "cancel", "--force", task)
                if code == 0:
                    self.cancelled.add(task)
            self.stop.wait(dice.uniform(0.2, 0.6))

    def recover_tasks(self, dice):
        while not self.stop.is_set():
            self.call("tasks", "recover", "--all")
            self.stop.wait(dice.uniform(0.1, 0.5))

    def shoot(self, dice):
        while not self.stop.wait(dice.uniform(0.05, 0.3)):
            kind = dice.choice(["worker", "worker", "keeper", "caller"])
            if kind == "keeper":
                pids = self.keepers()
            elif kind == "worker":
                pids = self.workers()
            else:
                pids = self.processes("create") + self.processes("recover")
            if pids:
                try:
                    os.kill(dice.choice(pids), signal.SIGKILL)
                    self.killed[kind] += 1
                except ProcessLookupError:
                    pass

    def settle(self):
        """What an operator does afterwards: recover until nothing asks for it any more."""
        for rounds in range(1, 20):
            self.loong("tasks", "recover", "--all", code=None)
            found = self.loong("tasks", "list", "--json", "--limit", "10000").json()
            hanging = [row["task_id"] for row in found["tasks"]
                       if row["task_status"]["status"] in ("recoverable", "overdue")]
            unknown = [row for row in found["tasks"] if row["task_status"]["status"] == "unknown"]
            self.assertEqual(unknown, [])
            if not hanging:
                ids = [row["task_id"] for row in found["tasks"]]
                done = self.loong("tasks", "wait", *ids, code=None, patience=100)
                if done.code in (0, 1):
                    return rounds
        raise AssertionError(f"still hanging after {rounds} rounds: {hanging}")

    def test_everything_at_once(self):
        seconds = float(os.environ.get("LOONG_SOAK_SECONDS", "10"))
        self.say(f"seed {self.seed}, {seconds:.0f} s")
        self.loong("tasks", "list")
        actors = [self.create_tasks] * 3 + [self.cancel_tasks, self.recover_tasks, self.shoot]
        threads = [threading.Thread(target=actor, args=(random.Random(self.seed + number),))
                   for number, actor in enumerate(actors)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        self.stop.set()
        for thread in threads:
            thread.join()
        rounds = self.settle()
        rows = self.loong("tasks", "list", "--json", "--limit", "10000").json()["tasks"]
        words = {row["task_id"]: row["task_status"]["status"] for row in rows}
        sessions = {row["task_id"]: row["task_session_id"] for row in rows}
        lost = [task for task in self.accepted if task not in words]
        begun, ended = {}, {}
        for line in self.lines("ledger"):
            task, session, what = line.split()
            place = begun if what == "begin" else ended
            place.setdefault(task, []).append(session)
        twice = [task for task, found in begun.items() if len(found) != len(set(found))]
        untrue = [task for task, word in words.items()
                  if word == "completed" and ended.get(task, [])[-1:] != [sessions[task]]]
        revived = [task for task in self.cancelled
                   if words.get(task) not in ("cancelled", "completed")]
        others = [task for task, word in words.items()
                  if word not in ("completed", "cancelled")]
        counts = {word: list(words.values()).count(word) for word in set(words.values())}
        self.say(f"accepted {len(self.accepted)}, kept {len(words)}, {counts}")
        self.say(f"killed {self.killed}")
        self.say(f"lost {len(lost)}, sessions begun twice {len(twice)}, untrue outcomes "
                 f"{len(untrue)}, revived after cancel {len(revived)}, otherwise ended "
                 f"{len(others)}, rounds of recover {rounds}, surprises {len(self.surprises)}")
        self.assertEqual((lost, twice, untrue, revived, others), ([], [], [], [], []))
        self.assertEqual(self.surprises, [])


if __name__ == "__main__":
    main()
