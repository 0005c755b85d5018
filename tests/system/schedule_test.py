"""When work starts, how often, and when it is ended: dependencies, priorities, holding, retries,
limits of time and output; and that nobody has to be there for any of it."""

import os
import subprocess
import time

from loong_system import PROGRAM, SystemTest, is_alive, main


class OrderTest(SystemTest):
    def test_after(self):
        gate = self.gate()
        first = self.create(f"{gate.wait}; echo first >> $HOME/order")
        second = self.create("--after", first, "echo second >> $HOME/order")
        third = self.create("--after", first, "--after", second, "echo third >> $HOME/order")
        self.assertEqual(self.status(second), "waiting")
        self.assertEqual(self.detail(third)["phase"], "waiting_for_dependency")
        gate.let_through()
        self.wait(third)
        self.assertEqual(self.lines("order"), ["first", "second", "third"])

    def test_after_a_failure(self):
        """Success was asked for and has become impossible: blocked, and it says by what."""
        gate = self.gate()
        first = self.create(f"{gate.wait}; exit 3")
        strict = self.create("--after", first, "true")
        lax = self.create("--after-any", first, "echo anyway")
        gate.let_through()
        self.wait(lax)
        self.assertEqual(self.output(lax), "anyway\n")
        self.loong("tasks", "wait", strict, code=3)
        status = self.detail(strict)["task_status"]
        self.assertEqual(status["status"], "blocked")
        self.assertIn("dependency_failed", status["signals"])
        self.assertEqual(status["next_action"], "cancel")
        self.assertIn(first[-5:], status["reason"])

    def test_after_a_task_that_fails_and_is_tried_again(self):
        first = self.create("[ -e $HOME/good ]")
        self.wait(first, code=1)
        second = self.create("--after", first, "echo second")
        self.assertEqual(self.status(second), "blocked")
        self.write("good", "")
        self.loong("tasks", "recover", "--retry", first)
        self.wait(second)
        self.assertEqual(self.output(second), "second\n")

    def test_after_with_a_command(self):
        """A value is one word, also where more words and a command follow."""
        first = self.create("true")
        text = self.create("--after", first, "echo text")
        command = self.create("--after", first, "--", "echo", "--after", "-x")
        self.wait(text, command)
        self.assertEqual(self.output(text), "text\n")
        self.assertEqual(self.output(command), "--after -x\n")

    def test_dependency_wakes_without_any_creator(self):
        for parallel in (1, 2):
            self.configure(f"workers: {{max_parallel: {parallel}}}\n")
            gate = self.gate(f"gate-{parallel}")
            first = self.create(gate.wait)
            second = self.create("--after", first, "true")
            third = self.create("--after-any", second, "--retry", "1",
                                "[ -e $HOME/again ] || { touch $HOME/again; exit 1; }")
            gate.let_through()
            self.wait(third)
            os.unlink(self.path("again"))
            self.await_idle()
        self.say("limits of workers tried 2")

    def test_priority(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate, post = self.gate(), self.signpost()
        blocker = self.create(f"{post.tell()}; {gate.wait}")
        post.await_line()
        ids = [self.create("--priority", str(number), f"echo {number} >> $HOME/order")
               for number in (0, 5, -3, 5, 1000)]
        gate.let_through()
        self.wait(blocker, *ids)
        self.assertEqual(self.lines("order"), ["1000", "5", "5", "0", "-3"])

    def test_age_decides_between_equals(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate, post = self.gate(), self.signpost()
        blocker = self.create(f"{post.tell()}; {gate.wait}")
        post.await_line()
        ids = [self.create(f"echo {number} >> $HOME/order") for number in range(8)]
        gate.let_through()
        self.wait(blocker, *ids)
        self.assertEqual(self.lines("order"), [str(number) for number in range(8)])

    def test_hold_and_release(self):
        task = self.create("--hold", "echo released")
        status = self.detail(task)["task_status"]
        self.assertEqual((status["status"], status["next_action"]), ("waiting", "release"))
        self.await_idle()
        self.assertEqual(self.status(task), "waiting")
        self.loong("tasks", "release", task)
        self.wait(task)
        self.assertEqual(self.output(task), "released\n")
        again = self.loong("tasks", "release", "--json", task, code=5).json()
        self.assertTrue(again["result"].startswith("skipped"))
        self.assertLessEqual({"task_held", "task_released"}, set(self.kinds(task)))

    def test_dedupe_key(self):
        first = self.create("--dedupe-key", "nightly", "echo once >> $HOME/ledger")
        creators = [self.start("tasks", "create", "-q", "--dedupe-key", "nightly",
                               "echo once >> $HOME/ledger") for _ in range(10)]
        for creator in creators:
            out, err = creator.communicate()
            self.assertEqual(creator.returncode, 0, err)
            self.assertEqual(out.decode().strip(), first)
        self.wait(first)
        self.assertEqual(self.create("--dedupe-key", "nightly", "false"), first)
        self.assertEqual(self.lines("ledger"), ["once"])

    def test_dedupe_key_from_the_start_at_once(self):
        self.loong("tasks", "list")
        line = 'read _; exec "$0" -q tasks create --dedupe-key k "echo once >> $HOME/ledger"'
        start, finish = os.pipe()
        shells = [subprocess.Popen(["/bin/sh", "-c", line, PROGRAM], env=self.environment,
                                   stdin=start, stdout=subprocess.PIPE) for _ in range(12)]
        os.close(start)
        os.write(finish, b"\n" * len(shells))
        os.close(finish)
        ids = {shell.communicate()[0].decode().strip() for shell in shells}
        self.assertEqual(len(ids), 1, ids)
        self.wait(*ids)
        self.assertEqual(self.lines("ledger"), ["once"])
        self.say(f"creators {len(shells)}, tasks {len(ids)}")


class RetryTest(SystemTest):
    def test_retries_with_back_off(self):
        """A new session each time; the back-off grows, and nobody has to be there for it."""
        for parallel in (1, 2):
            self.configure(f"workers: {{max_parallel: {parallel}}}\n")
            task = self.create("--retry", "2", "echo try; echo x >> $HOME/tries; "
                               "[ $(wc -l < $HOME/tries) -eq 3 ]")
            self.wait(task)
            detail = self.detail(task)
            self.assertEqual(detail["attempt"], 3)
            self.assertEqual([one["state"] for one in detail["lineage"]],
                             ["failed", "failed", "completed"])
            self.assertEqual(len({one["session_id"] for one in detail["lineage"]}), 3)
            self.assertEqual(self.kinds(task).count("delegate_retry_scheduled"), 2)
            for one in detail["lineage"]:
                self.assertEqual(self.output(task, "--session-id", one["session_id"]), "try\n")
            os.unlink(self.path("tries"))
            self.await_idle()
        self.say("limits of workers tried 2")

    def test_waiting_for_the_back_off_is_served(self):
        """While an attempt is not yet due, a worker is there that will wake it."""
        task = self.create("--retry", "1", "exit 1")
        self.loong("tasks", "wait", "--until", "waiting", task)
        self.assertNotEqual(self.workers(), [])
        self.assertEqual(self.detail(task)["phase"], "waiting_for_retry")
        self.wait(task, code=1)
        self.assertEqual(self.status(task), "failed")

    def test_other_work_goes_on_during_the_back_off(self):
        self.configure("workers: {max_parallel: 1}\n")
        task = self.create("--retry", "1", "exit 1")
        self.loong("tasks", "wait", "--until", "waiting", task)
        other = self.create("true")
        self.wait(other)
        self.assertEqual(self.detail(task)["attempt"], 2)
        self.wait(task, code=1)

    def test_timekeeper_is_killed(self):
        """Then the truth is shown, and one recover puts it right."""
        task = self.create("--retry", "1", "[ -e $HOME/again ] || { touch $HOME/again; exit 1; }")
        self.loong("tasks", "wait", "--until", "waiting", task)
        for pid in self.workers():
            self.kill(pid)
        self.loong("tasks", "wait", "--until", "attention", task, code=3)
        self.assertEqual(self.status(task), "recoverable")
        self.assertEqual(self.recover(task)["action"]["kind"], "worker_started")
        self.wait(task)


class LimitTest(SystemTest):
    def test_timeout(self):
        begun = time.monotonic()
        task = self.create("--timeout", "1s", "trap 'echo told; exit 9' TERM; "
                           "while :; do sleep 0.05; done")
        self.wait(task, code=1)
        self.assertLess(time.monotonic() - begun, 8)
        self.assertEqual(self.status(task), "timed_out")
        self.assertEqual(self.output(task), "told\n")

    def test_timeout_ends_the_whole_group(self):
        """TERM, the grace time, KILL; a child that ignores TERM has gone as well."""
        post = self.signpost()
        task = self.create(
            "--timeout", "1s", "--grace", "1s",
            f"(trap '' TERM; while :; do sleep 1; done) & {post.tell('$!')}; "
            f"setsid sh -c 'trap \"\" TERM; {post.tell('$$')}; while :; do sleep 1; done' & "
            f"wait; wait")
        pids = [int(post.await_line()), int(post.await_line())]
        self.wait(task, code=1)
        self.assertEqual(self.status(task), "timed_out")
        self.assertEqual([pid for pid in pids if is_alive(pid)], [])
        self.say(f"processes that ignored TERM {len(pids)}, left 0")

    def test_start_within(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate, post = self.gate(), self.signpost()
        blocker = self.create(f"{post.tell()}; {gate.wait}")
        post.await_line()
        task = self.create("--start-within", "1s", "true")
        self.loong("tasks", "wait", "--until", "attention", task, code=3)
        status = self.detail(task)["task_status"]
        self.assertEqual((status["status"], status["next_action"]), ("overdue", "recover"))
        gate.let_through()
        self.wait(blocker)

    def test_max_output(self):
        task = self.create("--max-output", "1MiB", "yes | head -c 3000000; echo done >&2")
        self.wait(task)
        kept = self.loong("tasks", "output", "--raw", "--stream", "stdout", task).raw_out
        self.assertGreaterEqual(len(kept), 1 << 20)
        self.assertLess(len(kept), (1 << 20) + 4096)
        self.assertEqual(kept[:1000], b"y\n" * 500)
        self.assertEqual(self.loong("tasks", "output", "--stream", "stderr", task).err, "done\n")

    def test_streams_stay_apart_and_whole(self):
        task = self.create("seq 1 20000; seq 1 20000 >&2")
        self.wait(task)
        expected = "".join(f"{number}\n" for number in range(1, 20001))
        shown = self.loong("tasks", "output", "--raw", task)
        self.assertEqual((shown.out, shown.err), (expected, expected))

    def test_exit_codes_and_signals_are_kept(self):
        for code in (0, 1, 7, 126, 127, 255):
            task = self.create(f"exit {code}")
            self.wait(task, code=0 if code == 0 else 1)
            outcome = self.detail(task)["terminal_outcome"]
            self.assertEqual((outcome["exit_code"], outcome["signal"]), (code, None))
        for number in (6, 9, 15):
            task = self.create(f"kill -{number} $$")
            self.wait(task, code=1)
            self.assertEqual(self.detail(task)["terminal_outcome"]["signal"], number)
        self.assertEqual(self.loong("tasks", "create", "--pass-exit-code", "exit 42",
                                    code=42).code, 42)


if __name__ == "__main__":
    main()
