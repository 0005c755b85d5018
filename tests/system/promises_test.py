"""What background tasks elsewhere get wrong, one test for each: our side of it."""

import os
import statistics
import threading
import time

from loong_system import PROGRAM, SystemTest, await_death, is_alive, kept_state, main, parent_of


class PromisesTest(SystemTest):
    def test_one_id_a_task(self):
        """Tasks of one scope do not share an id, and no verb hits a sibling."""
        ids = [self.create("--session", "scope", "--hold", f"echo {n}") for n in range(5)]
        self.assertEqual(len(set(ids)), 5)
        self.loong("tasks", "cancel", "--session", "scope", ids[2])
        rows = self.loong("tasks", "list", "--json", "--session", "scope").json()["tasks"]
        words = {row["task_id"]: row["task_status"]["status"] for row in rows}
        self.assertEqual([words[task] for task in ids],
                         ["waiting", "waiting", "cancelled", "waiting", "waiting"])
        self.assertEqual(len({row["task_session_id"] for row in rows}), 5)

    def test_cancel_acts_on_running_work(self):
        """Delivered, acknowledged, final: the process is gone, not only a note taken."""
        post = self.signpost()
        task = self.create(f"{post.tell('$$')}; exec sleep 1000")
        work = int(post.await_line())
        self.loong("tasks", "cancel", "--wait", task)
        self.assertFalse(is_alive(work))
        session = self.detail(task)["session"]
        self.assertIsNotNone(session["cancel_requested_at"])
        self.assertIsNotNone(session["cancel_acknowledged_at"])
        self.assertEqual(self.status(task), "cancelled")

    def test_recover_does_more_than_mark_failed(self):
        gate, post = self.gate(), self.signpost()
        task = self.create(f"{post.tell()}; {gate.wait}; echo whole")
        post.await_line()
        self.kill(self.worker_of(task))
        self.assertEqual(self.recover(task)["action"]["kind"], "adopted")
        gate.let_through()
        self.wait(task)
        self.assertEqual((self.status(task), self.output(task)), ("completed", "whole\n"))

    def test_death_of_a_worker_is_seen_at_once(self):
        """From the lease, long before any timeout."""
        task = self.create_running("exec sleep 1000", "--timeout", "10h")
        worker = self.worker_of(task)
        self.kill(worker)
        begun = time.monotonic()
        status = self.detail(task)["task_status"]
        took = time.monotonic() - begun
        self.assertEqual(status["status"], "recoverable")
        self.assertIn("carrier_lost", status["signals"])
        self.say(f"asked at once after the death, right after {took * 1000:.0f} ms")

    def test_events_are_whole(self):
        """Terminal events are there, and a cursor never stalls."""
        task = self.create("true")
        self.wait(task)
        kinds, cursor = [], 0
        while True:
            page = self.loong("tasks", "events", "--json", "--limit", "1", "--after-id",
                              str(cursor), task).json()
            kinds += [event["kind"] for event in page["events"]]
            self.assertTrue(page["next_after_id"] > cursor or not page["has_more"])
            cursor = page["next_after_id"]
            if not page["has_more"]:
                break
        self.assertEqual(kinds, ["task_created", "delegate_queued", "delegate_started",
                                 "delegate_completed"])

    def test_statuses_surface_on_real_tasks(self):
        """Each status that needs no operator's request, brought about for real, in every view."""
        self.configure("workers: {max_parallel: 2}\n")
        self.environment["LOONG"] = PROGRAM
        wanted = {}

        def ended(word, *words, code=1):
            task = self.create(*words)
            self.wait(task, code=code)
            wanted[task] = word

        ended("completed", "true", code=0)
        ended("failed", "false")
        ended("timed_out", "--timeout", "1s", "exec sleep 1000")
        held = self.create("--hold", "true")
        wanted[held] = "waiting"
        cancelled = self.create("--hold", "true")
        self.loong("tasks", "cancel", cancelled)
        wanted[cancelled] = "cancelled"
        failed = next(task for task, word in wanted.items() if word == "failed")
        wanted[self.create("--after", failed, "true")] = "blocked"
        # A worker that stands still can neither end its work nor start what waits.
        lingering = self.create_running("exec sleep 1000", "--grace", "1h")
        os.kill(self.worker_of(lingering), 19)
        self.loong("tasks", "cancel", lingering)
        wanted[lingering] = "cancel_requested"
        running = self.create_running("exec sleep 1000")
        wanted[running] = "running"
        wanted[self.create("true")] = "queued"
        late = self.create("--start-within", "1s", "true")
        self.loong("tasks", "wait", "--until", "attention", late, code=3)
        wanted[late] = "overdue"
        found = self.loong("tasks", "list", "--json").json()
        shown = {row["task_id"]: row["task_status"]["status"] for row in found["tasks"]}
        self.assertEqual(shown, wanted)
        for row in found["tasks"]:
            detail = self.detail(row["task_id"])["task_status"]
            self.assertEqual(detail["status"], row["task_status"]["status"])
            self.assertEqual(detail["next_action"], row["task_status"]["next_action"])
            self.assertTrue(detail["reason"])
        counts = {word: list(wanted.values()).count(word) for word in wanted.values()}
        self.assertEqual({k: v for k, v in found["counts"].items() if k != "needs_attention"},
                         counts)
        for pid in self.workers():
            self.kill(pid)
        # A worker that was just starting another keeps its leases until that one has begun.
        self.loong("tasks", "wait", "--until", "recoverable", running, code=3)
        self.say(f"statuses brought about {len(set(wanted.values())) + 1}")

    def test_next_command_is_accepted(self):
        """What a status proposes, word for word, does what it says."""
        held, failed = self.create("--hold", "true"), self.create("[ -e $HOME/good ]")
        self.wait(failed, code=1)
        self.write("good", "")
        lost = self.create_running("exec sleep 1000")
        self.kill(self.worker_of(lost))
        done = 0
        for task in (held, failed, lost):
            command = self.detail(task)["task_status"]["next_command"].split()
            self.assertEqual(command[:2], ["loong", "tasks"])
            self.loong(*command[1:])
            done += 1
        self.wait(held, failed)
        self.loong("tasks", "cancel", "--force", lost)
        self.say(f"proposals followed {done}")

    def test_the_answer_is_shown(self):
        task = self.create("echo the answer; echo a remark >&2; exit 4")
        self.wait(task, code=1)
        shown = self.loong("tasks", "output", task)
        self.assertEqual((shown.out, shown.err), ("the answer\n", "a remark\n"))
        text = self.loong("tasks", "status", task).out
        self.assertIn("failed", text)
        self.assertIn("4", text)

    def test_errors_and_exit_codes(self):
        """Errors are objects under --json, and outcomes differ by their exit status."""
        ended = {"true": 0, "false": 1}
        for text, code in ended.items():
            self.loong("tasks", "create", "--wait", text, code=code)
        missing = self.loong("tasks", "status", "--json", "zzzzz", code=4)
        self.assert_error(missing, "task_not_found")
        self.assertEqual(missing.out, "")
        self.loong("tasks", "create", "--wait", "--wait-timeout", "1s", "exec sleep 100", code=124)
        self.loong("tasks", "list", "--exit-code", code=1)

    def test_one_unreadable_task_does_not_spoil_the_list(self):
        ids = [self.create(f"echo {n}") for n in range(5)]
        self.wait(*ids)
        self.await_idle()
        broken = ids[2]
        kept_state.damage_task(self.home, broken)
        for index_is_there in (True, False):
            if not index_is_there:
                kept_state.lose_what_can_be_lost(self.home)
            found = self.loong("tasks", "list", "--json").json()
            words = {row["task_id"]: row["task_status"]["status"] for row in found["tasks"]}
            self.assertEqual(words, {task: "unknown" if task == broken else "completed"
                                     for task in ids})
            text = self.loong("tasks", "list").out
            self.assertIn("unknown", text)
        done = self.loong("tasks", "output", "--json", broken, code=None)
        self.assertIn(done.code, (0, 2))
        fresh = self.create("echo still works")
        self.wait(fresh)
        self.say("unreadable 1, shown 5 of 5, with and without the index")

    def test_create_takes_milliseconds(self):
        gate, post = self.gate(), self.signpost()
        self.configure("workers: {max_parallel: 1}\n")
        blocker = self.create(f"{post.tell()}; {gate.wait}")
        post.await_line()
        times = []
        for _ in range(30):
            begun = time.monotonic()
            self.create("true")
            times.append(time.monotonic() - begun)
        self.say(f"creates {len(times)}, median {statistics.median(times) * 1000:.1f} ms, "
                 f"worst {max(times) * 1000:.1f} ms, the start of the program included")
        self.assertLess(statistics.median(times), 0.25)
        self.loong("tasks", "cancel", "--force", blocker)

    def test_no_process_for_a_queued_task(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate, post = self.gate(), self.signpost()
        self.create(f"{post.tell()}; {gate.wait}")
        post.await_line()
        before = len(self.processes())
        for _ in range(30):
            self.create("true")
        self.assertLessEqual(len(self.processes()), before)
        self.say(f"queued 30, processes {before}")

    def test_no_daemon_is_left(self):
        task = self.create("true")
        self.wait(task)
        self.await_idle()
        # What closes the watch of a `wait` may outlive it by some milliseconds.
        for pid in self.processes("wait"):
            await_death(pid)
        self.assertEqual(self.processes(), [])

    def test_completed_work_never_runs_again(self):
        """Recoverers, retries and deaths around a task that has ended: it stays as it is."""
        task = self.create("echo x >> $HOME/ledger")
        self.wait(task)
        for worker in self.workers():
            try:
                self.kill(worker)
            except ProcessLookupError:
                continue
        calls = [threading.Thread(target=self.loong, args=("tasks", "recover", *words, task),
                                  kwargs={"code": 5}) for words in ([], ["--retry"], ["--fail"])]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
        self.loong("tasks", "recover", "--all", "--retry")
        self.await_idle()
        self.assertEqual(self.lines("ledger"), ["x"])
        self.assertEqual(self.status(task), "completed")

    def test_archive_clears_attention_and_keeps_the_files(self):
        task = self.create("echo kept; exit 1")
        self.wait(task, code=1)
        self.assertEqual(self.loong("tasks", "list", "-q", "--attention").out.split(), [task])
        self.loong("tasks", "archive", task)
        self.assertEqual(self.loong("tasks", "list", "-q").out, "")
        self.assertEqual(self.output(task), "kept\n")
        directory = self.detail(task)["paths"]["directory"]
        self.loong("tasks", "prune", task)
        self.assertFalse(os.path.exists(directory))
        self.loong("tasks", "status", task, code=4)

    def test_state_is_copied_whole(self):
        """A machine that loses its index, or its leases, loses nothing."""
        ids = [self.create(f"echo {n}") for n in range(5)]
        self.wait(*ids)
        self.await_idle()
        kept_state.lose_what_can_be_lost(self.home)
        found = self.loong("tasks", "list", "--json").json()
        self.assertEqual(found["counts"], {"completed": 5, "needs_attention": 0})
        kept_state.lose_what_can_be_lost(self.home, os.urandom(65536))
        found = self.loong("tasks", "list", "--json").json()
        self.assertEqual(found["counts"], {"completed": 5, "needs_attention": 0})
        for number, task in enumerate(ids):
            self.assertEqual(self.output(task), f"{number}\n")

    def test_plan_goes_on_at_the_first_step_that_is_not_completed(self):
        gate, post = self.gate(), self.signpost()
        plan = self.write("plan.yaml", f"""
steps:
  - name: first
    run: echo first >> $HOME/ledger
  - name: second
    run: |
      echo second >> $HOME/ledger
      {post.tell('$$')}
      {gate.wait}
    retry: 1
  - name: third
    run: echo third >> $HOME/ledger
""")
        task = self.create("--file", plan)
        work = int(post.await_line())
        worker = self.worker_of(task)
        keeper = parent_of(work)
        for pid in (worker, keeper, work):
            os.kill(pid, 9)
        for pid in (worker, keeper, work):
            await_death(pid)
        self.assertEqual(self.status(task), "recoverable")
        self.assertEqual(self.recover(task)["action"]["kind"], "resumed")
        gate.let_through()
        self.wait(task)
        self.assertEqual(self.lines("ledger"), ["first", "second", "second", "third"])


if __name__ == "__main__":
    main()
