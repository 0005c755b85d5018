"""Many creators at once: every task is carried, each exactly once, and never by more workers than
allowed."""

import json
import os
import subprocess
import threading
import time

from loong_system import PROGRAM, SystemTest, main

SHELL_LOOP = """
i=0
while [ $i -lt "$HOW_MANY" ]; do
    "$PROGRAM" -q tasks create --label crowd 'echo $LOONG_TASK_ID >> "$LEDGER"' || exit 1
    i=$((i + 1))
done
"""


class Crowd(SystemTest):
    def check_each_exactly_once(self, ids, begun):
        self.wait("--label", "crowd", patience=110)
        took = time.monotonic() - begun
        self.assertEqual(len(set(ids)), len(ids))
        ledger = self.lines("ledger")
        self.assertEqual(sorted(ledger), sorted(ids))
        found = self.loong("tasks", "list", "--json", "--limit", "10000").json()
        self.assertEqual(found["counts"], {"completed": len(ids), "needs_attention": 0})
        self.assertEqual(found["matched_count"], len(ids))
        self.assertEqual(found["returned_count"], len(ids))
        self.assertEqual({row["task_id"] for row in found["tasks"]}, set(ids))
        self.say(f"tasks {len(ids)}, carried {len(ledger)}, carried twice "
                 f"{len(ledger) - len(set(ledger))}, lost {len(ids) - len(set(ledger))}, "
                 f"{took:.1f} s")

    def four_shells(self, each):
        begun = time.monotonic()
        environment = dict(self.environment, HOW_MANY=str(each), PROGRAM=PROGRAM,
                           LEDGER=self.path("ledger"))
        shells = [subprocess.Popen(["/bin/sh", "-c", SHELL_LOOP], env=environment,
                                   stdout=subprocess.PIPE) for _ in range(4)]
        ids = []
        for shell in shells:
            ids += shell.communicate()[0].decode().split()
            self.assertEqual(shell.returncode, 0)
        self.say(f"created {len(ids)} in {time.monotonic() - begun:.1f} s")
        self.assertEqual(len(ids), 4 * each)
        self.check_each_exactly_once(ids, begun)

    def four_batches(self, each):
        begun = time.monotonic()
        environment = dict(self.environment, LEDGER=self.path("ledger"))
        line = json.dumps({"text": 'echo $LOONG_TASK_ID >> "$LEDGER"', "label": "crowd"}) + "\n"
        batch = self.write("batch.jsonl", line * each)
        shells = [self.start("tasks", "create", "-q", "--batch", batch, env=environment)
                  for _ in range(4)]
        ids = []
        for shell in shells:
            out, err = shell.communicate()
            self.assertEqual(shell.returncode, 0, err)
            ids += out.decode().split()
        self.say(f"created {len(ids)} in {time.monotonic() - begun:.1f} s")
        self.assertEqual(len(ids), 4 * each)
        self.check_each_exactly_once(ids, begun)


class CrowdTest(Crowd):
    def test_four_shells_at_once(self):
        self.four_shells(50)

    def test_four_batches_at_once(self):
        self.four_batches(50)

    def test_twenty_creators_on_an_empty_queue(self):
        """All are served, no status flaps, and never are there more workers than allowed."""

        seen = {}
        stop = threading.Event()
        self.loong("tasks", "list")

        def sample():
            while not stop.is_set():
                for row in self.loong("tasks", "list", "--json", "--limit", "1000").json()["tasks"]:
                    word = row["task_status"]["status"]
                    seen[word] = seen.get(word, 0) + 1

        sampler = threading.Thread(target=sample)
        sampler.start()
        rounds, creators = 5, 20
        text = 'echo "begin" >> "$JOURNAL"; echo "end" >> "$JOURNAL"'
        environment = dict(self.environment, PROGRAM=PROGRAM, JOURNAL=self.path("journal"))
        try:
            for number in range(rounds):
                start, finish = os.pipe()
                line = f'read _; exec "$PROGRAM" -q tasks create --label crowd \'{text}\''
                shells = [subprocess.Popen(["/bin/sh", "-c", line], env=environment, stdin=start,
                                           stdout=subprocess.PIPE) for _ in range(creators)]
                os.close(start)
                os.write(finish, b"\n" * creators)
                os.close(finish)
                for shell in shells:
                    shell.communicate()
                    self.assertEqual(shell.returncode, 0)
                self.wait("--label", "crowd")
                if number % 2 == 0:
                    # Every other round begins on a queue that no worker serves.
                    self.await_idle()
        finally:
            stop.set()
            sampler.join()
        working = most = 0
        journal = self.lines("journal")
        for line in journal:
            working += 1 if line == "begin" else -1
            most = max(most, working)
        self.assertEqual(len(journal), 2 * rounds * creators)
        self.assertLessEqual(most, 4)
        found = self.loong("tasks", "list", "--json", "--limit", "1").json()
        self.assertEqual(found["counts"]["completed"], rounds * creators)
        self.say(f"rounds {rounds}, creators {creators}, most at work at once {most}, "
                 f"statuses seen {seen}")
        self.assertLessEqual(set(seen), {"queued", "running", "completed"})

    def test_no_more_work_at_once_than_allowed(self):
        self.configure("workers: {max_parallel: 2}\n")
        gate, post = self.gate(), self.signpost()
        ids = [self.create(f"{post.tell()}; {gate.wait}") for _ in range(6)]
        for _ in range(2):
            post.await_line()
        found = self.loong("tasks", "list", "--json").json()
        self.assertEqual(found["counts"], {"running": 2, "queued": 4, "needs_attention": 0})
        self.assertTrue(post.is_silent())
        gate.let_through(len(ids))
        self.wait(*ids)
        self.say(f"tasks {len(ids)}, allowed at once 2")

    def test_creating_while_the_worker_leaves(self):
        """Each create falls into the moments in which the last worker finds nothing and exits."""
        cycles = 60
        slowest = [0.0, 0.0]
        failures = []

        def one_shell(number):
            for cycle in range(cycles):
                begun = time.monotonic()
                done = self.loong("tasks", "create", "-q", "--wait", "--wait-timeout", "30s",
                                  "true", code=None)
                if done.code != 0:
                    failures.append(str(done))
                    return
                slowest[number] = max(slowest[number], time.monotonic() - begun)
                # Steps of a tenth of a millisecond walk over the moments after the end.
                end = time.monotonic() + (cycle % 40) * 0.0001
                while time.monotonic() < end:
                    pass

        shells = [threading.Thread(target=one_shell, args=(number,)) for number in range(2)]
        for shell in shells:
            shell.start()
        for shell in shells:
            shell.join()
        self.assertEqual(failures, [])
        found = self.loong("tasks", "list", "--json", "--limit", "1").json()
        self.assertEqual(found["counts"], {"completed": 2 * cycles, "needs_attention": 0})
        self.say(f"cycles {2 * cycles}, stuck 0, slowest {max(slowest) * 1000:.0f} ms")


class LargeCrowdTest(Crowd):
    def test_two_thousand_from_four_shells(self):
        self.four_shells(500)

    def test_two_thousand_from_four_batches(self):
        self.four_batches(500)


if __name__ == "__main__":
    main()
