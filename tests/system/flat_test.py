"""The cost of a command does not grow with the number of tasks. Counted, not timed: system calls
are the same on every machine and under every load."""

import json
import os
import subprocess
import time

from loong_system import PATIENCE, PROGRAM, SystemTest, main

INJECTOR = os.environ["LOONG_INJECTOR"]
FEW, MANY = 20, 2_000
# Each tree of the index may be a level deeper, which is some pages more to read and to write.
ALLOWANCE = 64
VERBS = {
    "create": ("create", "--hold", "--", "true"),
    "status": ("status",),
    "events": ("events",),
    "list": ("list", "--limit", "20"),
    "list --attention": ("list", "--attention"),
    "list --status failed": ("list", "--status", "failed"),
    "list --status waiting": ("list", "--status", "waiting"),
    "list --label": ("list", "--label", "one"),
    "list --label, a pattern": ("list", "--label", "on*"),
}


class FlatTest(SystemTest):
    def fill(self, count):
        """Half of them held, the others behind the only slot."""
        tasks = [{"command": ["true"], "hold": i % 2 == 0, "label": f"many {i}"}
                 for i in range(count)]
        lines = "".join(json.dumps(task) + "\n" for task in tasks)
        self.loong("tasks", "create", "-q", "--batch", "-", given=lines.encode())

    def calls_of(self, words):
        """How many system calls one command makes."""
        report = self.path("report")
        done = subprocess.run([INJECTOR, "count " + report, PROGRAM, "tasks", *words],
                              env=self.environment, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=PATIENCE, check=False)
        self.assertEqual(done.returncode, 0, done)
        # The tracer writes it down when the command has ended.
        end = time.monotonic() + PATIENCE
        while not os.path.exists(report) and time.monotonic() < end:
            time.sleep(0.002)
        first, sequence = self.read("report").split("\n", 1)
        os.unlink(report)
        self.assertEqual(int(first.split()[0]), len(sequence.split()))
        return len(sequence.split())

    def test_a_command_makes_as_many_calls_among_many_tasks_as_among_few(self):
        self.configure("workers: {max_parallel: 1}\n")
        self.create_running(self.gate().wait)
        task = self.create("--hold", "--label", "one", "--", "true")
        counts = {}
        have = 2
        for size in (FEW, MANY):
            self.fill(size - have)
            have = size
            self.loong("tasks", "list")
            for verb, words in VERBS.items():
                named = (task,) if verb in ("status", "events") else ()
                counts[verb, size] = self.calls_of((*words, *named))
        for verb in VERBS:
            few, many = counts[verb, FEW], counts[verb, MANY]
            self.say(f"{verb}: {few} system calls among {FEW} tasks, {many} among {MANY:,}")
            self.assertLessEqual(many, few + ALLOWANCE, verb)


if __name__ == "__main__":
    main()
