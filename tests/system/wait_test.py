"""Waiting, following, and reading events: by events and not by the clock, with the right exit
codes, gap-free across every change of worker."""

import calendar
import json
import os
import pty
import signal
import statistics
import subprocess
import time

from loong_system import PATIENCE, PROGRAM, SystemTest, main


class WaitTest(SystemTest):
    def exit_code(self, *words):
        return self.loong("tasks", "wait", *words, code=None).code

    def await_asleep(self, process):
        """Until a process sleeps in a poll; only then it waits."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with open(f"/proc/{process.pid}/wchan", encoding="utf-8") as file:
                place = file.read()
            # Some kernels do not tell the place; then that it sleeps has to be enough.
            with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
                sleeps = file.read().rpartition(")")[2].split()[0] == "S"
            if "poll" in place or (place in ("", "0") and sleeps):
                return
            os.sched_yield()
        raise AssertionError("it never waits")

    def test_exit_codes(self):
        completed, failed = self.create("true"), self.create("exit 3")
        held, lost = self.create("--hold", "true"), self.create_running("exec sleep 1000")
        self.kill(self.worker_of(lost))
        cases = [
            (0, [completed]), (1, [failed]), (1, [completed, failed]),
            (0, ["--until", "terminal", completed]), (3, [lost]),
            (3, ["--until", "attention", lost]), (3, ["--until", "recoverable", lost]),
            (1, ["--until", "running", completed]), (124, ["--timeout", "1s", held]),
            (0, ["--until", "waiting", held]), (1, [failed, lost]),
            (0, ["--any", completed, held]), (1, ["--any", failed, held]),
            (4, ["task-nothere"]), (4, [completed, "task-nothere"]),
            (2, ["--until", "nonsense", held]),
            (2, ["--timeout", "soon", held]), (2, []),
        ]
        for code, words in cases:
            self.assertEqual(self.exit_code(*words), code, words)
        self.say(f"cases {len(cases)}")

    def test_any_and_all(self):
        gate = self.gate()
        first, second = self.create("true"), self.create(gate.wait)
        done = self.loong("tasks", "wait", "--any", "--json", first, second).json()
        words = {one["task_id"]: one["wait_status"] for one in done["results"]}
        self.assertEqual(words[first], "completed")
        both = self.start("tasks", "wait", first, second)
        self.await_asleep(both)
        self.assertIsNone(both.poll())
        gate.let_through()
        both.communicate()
        self.assertEqual(both.returncode, 0)

    def test_until_a_status_that_becomes_impossible(self):
        gate = self.gate()
        task = self.create(gate.wait)
        waiting = self.start("tasks", "wait", "--json", "--until", "cancelled", task)
        self.await_asleep(waiting)
        gate.let_through()
        out, _ = waiting.communicate()
        self.assertEqual(json.loads(out)["wait_status"], "impossible")
        self.assertEqual(waiting.returncode, 1)

    def test_timeout(self):
        task = self.create("--hold", "true")
        begun = time.monotonic()
        done = self.loong("tasks", "wait", "--json", "--timeout", "1s", task, code=124).json()
        took = time.monotonic() - begun
        self.assertEqual(done["wait_status"], "timeout")
        self.assertGreaterEqual(took, 1.0)
        self.assertLess(took, 5.0)

    def test_death_of_the_carrier_ends_the_wait(self):
        task = self.create_running("exec sleep 1000")
        waiting = self.start("tasks", "wait", task)
        self.await_asleep(waiting)
        self.kill(self.worker_of(task))
        out, _ = waiting.communicate(timeout=PATIENCE)
        self.assertEqual(waiting.returncode, 3)
        self.assertIn(b"recoverable", out)

    def test_wakes_at_once(self):
        """From the moment at which the end is recorded to the end of the waiting program."""
        delays = []
        for _ in range(30):
            gate = self.gate(f"gate-{len(delays)}")
            task = self.create(gate.wait)
            waiting = self.start("tasks", "wait", "-q", task)
            self.await_asleep(waiting)
            gate.let_through()
            waiting.communicate()
            ended = time.time()
            self.assertEqual(waiting.returncode, 0)
            recorded = self.detail(task)["terminal_outcome"]["recorded_at"]
            stamp = time.strptime(recorded[:19], "%Y-%m-%dT%H:%M:%S")
            delays.append(ended - calendar.timegm(stamp) - float("0" + recorded[19:-1]))
        delays.sort()
        median, late = statistics.median(delays), delays[int(len(delays) * 0.99)]
        self.say(f"waits {len(delays)}, from record to exit p50 {median * 1000:.1f} ms, "
                 f"p99 {late * 1000:.1f} ms")
        self.assertLess(median, 0.05)

    def test_waiting_costs_no_processor_time(self):
        task = self.create_running("exec sleep 1000")
        waiting = self.start("tasks", "wait", task)
        worker = self.worker_of(task)
        self.await_asleep(waiting)

        def ticks(pid):
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                fields = file.read().rpartition(")")[2].split()
            return int(fields[11]) + int(fields[12])

        def switches(pid):
            with open(f"/proc/{pid}/status", encoding="utf-8") as file:
                return sum(int(line.split()[1]) for line in file if "ctxt_switches" in line)

        before = ticks(waiting.pid), ticks(worker), switches(waiting.pid)
        # The second that passes is measured by another task's wait, which must not disturb.
        other = self.create("--session", "other", "--hold", "true")
        self.loong("tasks", "wait", "--session", "other", "--timeout", "2s", other, code=124)
        after = ticks(waiting.pid), ticks(worker), switches(waiting.pid)
        self.say(f"in 2 s: wait {after[0] - before[0]} ticks, worker {after[1] - before[1]} ticks, "
                 f"wait woke {after[2] - before[2]} times")
        self.assertLessEqual(after[0] - before[0], 1)
        self.assertLessEqual(after[1] - before[1], 2)
        self.loong("tasks", "cancel", "--force", task)
        waiting.communicate()

    def test_one_of_many_is_enough_to_know_that_the_wait_goes_on(self):
        """What the others do meanwhile wakes nobody, or waiting for many would cost their square."""
        others = [self.create("--hold", "true") for _ in range(20)]
        gate = self.gate()
        last = self.create_running(gate.wait)
        waiting = self.start("tasks", "wait", "--json", *others, last)
        self.await_asleep(waiting)

        def switches():
            with open(f"/proc/{waiting.pid}/status", encoding="utf-8") as file:
                return next(int(line.split()[1]) for line in file
                            if line.startswith("voluntary_ctxt_switches"))

        before = switches()
        self.loong("tasks", "release", *others)
        self.loong("tasks", "wait", *others)
        woke = switches() - before
        self.say(f"{len(others)} tasks ended, wait woke {woke} times")
        self.assertLessEqual(woke, 1)
        gate.let_through()
        out, _ = waiting.communicate(timeout=PATIENCE)
        self.assertEqual(waiting.returncode, 0)
        results = json.loads(out)["results"]
        self.assertEqual([one["wait_status"] for one in results], ["completed"] * 21)
        self.assertTrue(all(one["events"][-1]["kind"] == "delegate_completed" for one in results))

    def test_without_inotify(self):
        """A machine allows few instances a user; without one, waiting and working only get slow."""
        forbid = ["unshare", "--user", "--map-root-user", "/bin/sh", "-c",
                  'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"', "sh"]
        if subprocess.run([*forbid, "true"], check=False, capture_output=True).returncode != 0:
            self.skipTest("the limit cannot be lowered here")
        task = self.create_running("exec sleep 1000")
        waiting = subprocess.Popen([*forbid, PROGRAM, "tasks", "wait", task],
                                   env=self.environment, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        self.loong("tasks", "cancel", "--force", task)
        out, err = waiting.communicate(timeout=PATIENCE)
        self.assertEqual(waiting.returncode, 1, out + err)
        self.await_idle()
        done = subprocess.run([*forbid, PROGRAM, "tasks", "create", "-q", "--wait", "--retry", "1",
                               "[ -e $HOME/again ] || { touch $HOME/again; exit 1; }"],
                              env=self.environment, check=False, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_interrupt(self):
        task = self.create_running("exec sleep 1000")
        for words in (["wait", task], ["events", "--follow", task], ["output", "--follow", task]):
            for number in (signal.SIGINT, signal.SIGTERM):
                process = self.start("tasks", *words)
                self.await_asleep(process)
                process.send_signal(number)
                process.communicate(timeout=PATIENCE)
                wanted = {130} if number == signal.SIGINT else {130, 143, -signal.SIGTERM}
                self.assertIn(process.returncode, wanted, words)
        self.assertEqual(self.status(task), "running")

    def test_interrupt_of_create_wait(self):
        """The task goes on, and its id is printed."""
        post, gate = self.signpost(), self.gate()
        creating = self.start("tasks", "create", "--wait", f"{post.tell()}; {gate.wait}")
        post.await_line()
        self.await_asleep(creating)
        creating.send_signal(signal.SIGINT)
        out, err = creating.communicate()
        self.assertEqual(creating.returncode, 130)
        task = self.loong("tasks", "list", "-q").out.strip()
        self.assertIn(task, (out + err).decode())
        self.assertEqual(self.status(task), "running")
        gate.let_through()
        self.wait(task)

    def test_key_in_a_terminal(self):
        """Control-C at the terminal, as a person presses it."""
        post, gate = self.signpost(), self.gate()
        child, master = pty.fork()
        if child == 0:
            try:
                os.execve(PROGRAM, [PROGRAM, "tasks", "create", "--wait",
                                    f"{post.tell()}; {gate.wait}"], self.environment)
            finally:
                os._exit(127)
        post.await_line()
        os.write(master, b"\x03")
        seen = b""
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        _, status = os.waitpid(child, 0)
        os.close(master)
        self.assertEqual(os.waitstatus_to_exitcode(status), 130)
        task = self.loong("tasks", "list", "-q").out.strip()
        self.assertIn(task.encode(), seen)
        gate.let_through()
        self.wait(task)


class EventsTest(SystemTest):
    def test_gap_free_across_workers(self):
        """Read in small steps while workers die and others take over: dense ids, none twice."""
        post, gate = self.signpost(), self.gate()
        self.environment["LOONG"] = PROGRAM
        task = self.create("--retry", "1",
                           f'for i in 1 2 3 4 5; do "$LOONG" tasks report --progress $i; done; '
                           f'{post.tell()}; {gate.wait}; '
                           f'[ -e $HOME/again ] || {{ touch $HOME/again; exit 1; }}')
        post.await_line()
        follower = self.start("tasks", "events", "--json", "--follow", "--after-id", "0", task)
        for _ in range(3):
            self.kill(self.worker_of(task))
            self.recover(task)
            self.loong("tasks", "wait", "--until", "running", task)
        gate.let_through()
        post.await_line()
        gate.let_through()
        self.wait(task)
        seen, cursor, calls = [], 0, 0
        while True:
            page = self.loong("tasks", "events", "--json", "--after-id", str(cursor), "--limit",
                              "3", task).json()
            calls += 1
            seen += page["events"]
            self.assertEqual(page["after_id"], cursor)
            cursor = page["next_after_id"]
            if not page["has_more"]:
                break
        self.assertEqual([one["id"] for one in seen], list(range(1, len(seen) + 1)))
        out, _ = follower.communicate(timeout=PATIENCE)
        followed = [json.loads(line) for line in out.splitlines()]
        followed = [one.get("event", one) for one in followed]
        self.assertEqual([one["id"] for one in followed], [one["id"] for one in seen])
        self.assertEqual(follower.returncode, 0)
        kinds = [one["kind"] for one in seen]
        self.assertEqual(kinds.count("delegate_recovery_applied"), 3)
        self.assertEqual(kinds[-1], "delegate_completed")
        newest = self.loong("tasks", "events", "--json", "--limit", "2", task).json()["events"]
        self.assertEqual(newest, seen[-2:])
        self.say(f"events {len(seen)}, pages {calls}, workers killed 3, gaps 0")

    def test_wait_reports_the_events_since_a_cursor(self):
        task = self.create("true")
        first = self.loong("tasks", "wait", "--json", "--after-id", "0", task).json()
        self.assertEqual([one["id"] for one in first["events"]],
                         list(range(1, first["next_after_id"] + 1)))
        again = self.loong("tasks", "wait", "--json", "--after-id", str(first["next_after_id"]),
                           task).json()
        self.assertEqual(again["events"], [])

    def test_output_is_followed_to_its_end(self):
        gate, post = self.gate(), self.signpost()
        task = self.create(f"echo one; {post.tell()}; {gate.wait}; echo two; echo err >&2")
        post.await_line()
        follower = self.start("tasks", "output", "--follow", task)
        self.assertEqual(follower.stdout.readline(), b"one\n")
        gate.let_through()
        out, err = follower.communicate(timeout=PATIENCE)
        self.assertEqual((out, err, follower.returncode), (b"two\n", b"err\n", 0))


if __name__ == "__main__":
    main()
