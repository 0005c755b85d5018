"""The slot of a session that waits for the operator: others get it, and it comes back ahead of them."""

import os
import signal
import time
import unittest

from loong_system import PATIENCE, PROGRAM, SystemTest, kept_state, main

ASKING = "steps:\n  - approve: May I?\n  - run: {}\n"


class SlotTest(SystemTest):
    plans = 0

    def start(self, *words, **options):
        # The work writes into the directory that it is created from.
        options.setdefault("cwd", self.directory)
        return super().start(*words, **options)

    def waiting(self, then="true", *options):
        """A plan that waits for an approval, and then runs `then`."""
        SlotTest.plans += 1
        plan = self.write(f"plan-{SlotTest.plans}.yaml", ASKING.format(repr(then)))
        task = self.create(*options, "--file", plan)
        self.loong("tasks", "wait", "--until", "approval_pending", task, code=3)
        return task

    def await_lease(self, name):
        """Until somebody has taken this lease for the first time."""
        path = os.path.join(self.home, "leases", name)
        end = time.monotonic() + PATIENCE
        while not os.path.exists(path):
            self.assertLess(time.monotonic(), end, f"nobody took {name}")
            time.sleep(0.01)

    @staticmethod
    def alone(word):
        """Work that notices when other such work runs beside it."""
        return f"mkdir alone || echo overlap >> overlap; echo {word} >> order; rmdir alone"

    def test_others_get_the_slot(self):
        self.configure("workers: {max_parallel: 1}\n")
        task = self.waiting("echo late >> order")
        self.wait(self.create("echo early >> order"))
        self.assertEqual(self.status(task), "approval_pending")
        self.loong("tasks", "approve", task)
        self.wait(task)
        self.assertEqual(self.lines("order"), ["early", "late"])

    def test_what_was_queued_already_gets_it_too(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate = self.gate()
        first = self.create_running(gate.wait)
        plan = self.write("plan.yaml", ASKING.format("echo late"))
        asking = self.create("--priority", "5", "--file", plan)
        behind = self.create("echo behind")
        gate.let_through()
        self.wait(first, behind)
        self.assertEqual(self.status(asking), "approval_pending")

    def test_answered_ones_go_ahead_of_new_claims(self):
        self.configure("workers: {max_parallel: 1}\n")
        task = self.waiting(self.alone("answered"))
        gate = self.gate()
        between = self.create_running(gate.wait + "; " + self.alone("between"))
        queued = [self.create("--priority", "100", self.alone("queued")) for _ in range(3)]
        self.loong("tasks", "approve", task)
        self.await_lease("returning-0")
        self.assertEqual(self.status(task), "running")
        for one in queued:
            self.assertEqual(self.status(one), "queued")
        gate.let_through()
        self.wait(task, between, *queued)
        self.assertEqual(self.lines("order"), ["between", "answered"] + ["queued"] * 3)
        self.assertEqual(self.lines("overlap"), [])

    def test_the_timeout_stands_still_until_the_slot_is_there(self):
        self.configure("workers: {max_parallel: 1}\n")
        task = self.waiting("true", "--timeout", "1s", "--grace", "0s")
        gate = self.gate()
        between = self.create_running(gate.wait)
        self.loong("tasks", "approve", task)
        self.await_lease("returning-0")
        # Longer than the timeout.
        self.loong("tasks", "wait", "--until", "terminal", "--timeout", "2s", task, code=124)
        detail = self.detail(task)
        self.assertEqual((detail["task_status"]["status"], detail["deadline_at"]),
                         ("running", None))
        gate.let_through()
        self.wait(task, between)
        self.assertEqual([kind for kind in self.kinds(task) if "slot" in kind],
                         ["delegate_slot_awaited", "delegate_slot_taken"])

    @unittest.skipIf(kept_state.IS_SQLITE, "events are changed by hand here, in a file")
    def test_a_timekeeper_leaves_its_slot(self):
        """The only slot is held by a worker that waits for something to become due, in an hour."""
        self.configure("workers: {max_parallel: 1}\n")
        later = self.create("--hold", "true")
        path = os.path.join(self.home, "tasks", later, "events.yaml")
        due = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() + 3600))
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed = text.replace('"reason":"created"', f'"reason":"created","not_before":"{due}"')
        self.assertNotEqual(changed, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
        kept_state.lose_what_can_be_lost(self.home)
        task = self.waiting("echo ran > ran")
        self.loong("tasks", "release", later)
        self.wait(self.create("true"))
        self.await_lease("timekeeper")
        self.loong("tasks", "approve", task)
        # By itself it looks again after half a minute.
        self.wait(task, patience=20)
        self.assertEqual(self.lines("ran"), ["ran"])
        self.assertEqual(self.status(later), "waiting")

    def test_ask_from_inside_returns_with_the_slot(self):
        self.configure("workers: {max_parallel: 1}\n")
        task = self.create(f"{PROGRAM} tasks ask --approve Now?; " + self.alone("answered"))
        self.loong("tasks", "wait", "--until", "approval_pending", task, code=3)
        gate = self.gate()
        between = self.create_running(gate.wait + "; " + self.alone("between"))
        queued = self.create(self.alone("queued"))
        self.loong("tasks", "approve", task)
        self.await_lease("returning-0")
        gate.let_through()
        self.wait(task, between, queued)
        self.assertEqual(self.lines("order"), ["between", "answered", "queued"])
        self.assertEqual(self.lines("overlap"), [])

    def test_never_more_than_the_slots_run(self):
        self.configure("workers: {max_parallel: 1}\n")
        tasks = [self.waiting(self.alone(f"plan{i}")) for i in range(6)]
        others = [self.create(self.alone("other")) for _ in range(6)]
        for task in tasks:
            self.loong("tasks", "approve", task)
        self.wait(*tasks, *others)
        self.assertEqual(len(self.lines("order")), 12)
        self.assertEqual(self.lines("overlap"), [])
        self.await_idle()
        self.say("sessions that waited 6, beside others 6, overlaps 0")

    def test_beyond_max_waiting_the_slot_is_kept(self):
        self.configure("workers: {max_parallel: 1, max_waiting: 1}\n")
        first, second = self.waiting(), self.waiting()
        queued = self.create("true")
        self.loong("tasks", "wait", "--timeout", "1s", queued, code=124)
        self.assertEqual(self.status(queued), "queued")
        self.loong("tasks", "approve", second)
        self.wait(second, queued)
        self.assertEqual(self.status(first), "approval_pending")
        self.loong("tasks", "approve", first)
        self.wait(first)

    def test_a_runtime_s_own_slot_is_given_too(self):
        self.configure("workers: {max_parallel: 3}\n"
                       "runtimes:\n  local: {plugin: runtime-local, max_parallel: 1}\n")
        task = self.waiting(self.alone("answered"))
        gate = self.gate()
        between = self.create_running(gate.wait + "; " + self.alone("between"))
        queued = self.create("--priority", "9", self.alone("queued"))
        self.loong("tasks", "approve", task)
        self.await_lease("runtime-local-returning-0")
        gate.let_through()
        self.wait(task, between, queued)
        self.assertEqual(self.lines("order"), ["between", "answered", "queued"])
        self.assertEqual(self.lines("overlap"), [])

    def test_cancelled_while_it_waits(self):
        self.configure("workers: {max_parallel: 1}\n")
        task = self.waiting("echo ran > ran")
        gate = self.gate()
        beside = self.create_running(gate.wait)
        self.loong("tasks", "cancel", "--wait", task)
        self.assertEqual(self.status(task), "cancelled")
        queued = self.create("true")
        gate.let_through()
        self.wait(beside, queued)
        self.assertEqual(self.lines("ran"), [])

    def test_cancelled_while_it_comes_back(self):
        self.configure("workers: {max_parallel: 1}\n")
        task = self.waiting("echo ran > ran")
        gate = self.gate()
        beside = self.create_running(gate.wait)
        queued = self.create("true")
        self.loong("tasks", "approve", task)
        self.await_lease("returning-0")
        self.loong("tasks", "cancel", "--wait", task)
        gate.let_through()
        self.wait(beside, queued)
        self.assertEqual(self.status(task), "cancelled")
        self.assertEqual(self.lines("ran"), [])

    def test_killed_while_it_comes_back(self):
        self.configure("workers: {max_parallel: 1}\n")
        task = self.waiting("echo ran >> ran")
        gate = self.gate()
        beside = self.create_running(gate.wait)
        queued = self.create("true")
        self.loong("tasks", "approve", task)
        self.await_lease("returning-0")
        self.kill(self.worker_of(task))
        gate.let_through()
        self.wait(beside, queued)
        self.assertEqual(self.status(task), "recoverable")
        self.recover(task)
        self.wait(task)
        self.assertEqual(self.lines("ran"), ["ran"])

    def test_one_that_waits_serves_the_queue(self):
        """The worker with the only slot dies: the one that waits starts another."""
        self.configure("workers: {max_parallel: 1}\n")
        task = self.waiting()
        gate = self.gate()
        lost = self.create_running(gate.wait)
        queued = self.create("true")
        self.kill(self.worker_of(lost))
        self.wait(queued)
        self.assertEqual(self.status(lost), "recoverable")
        self.assertEqual(self.status(task), "approval_pending")

    def test_created_from_inside_while_it_waits(self):
        """The new task's worker is not among the processes that end with the one that created it."""
        self.configure("workers: {max_parallel: 1}\n")
        gate, post, inner = self.gate(), self.signpost(), self.gate("inner")
        task = self.create(f"{PROGRAM} tasks ask Well? & {gate.wait}; "
                           f"{PROGRAM} tasks create -q '{inner.wait}; echo done' > created; "
                           f"{post.tell()}; exit 0")
        self.loong("tasks", "wait", "--until", "blocked", task, code=3)
        # The slot is free from the moment on at which others run.
        self.wait(self.create("true"))
        gate.let_through()
        post.await_line()
        self.wait(task)
        created, = self.lines("created")
        self.loong("tasks", "wait", "--until", "running", created, "--all-sessions")
        inner.let_through()
        self.wait(created, "--all-sessions")

    def test_a_killed_waiter_leaves_no_trace(self):
        self.configure("workers: {max_parallel: 1, max_waiting: 1}\n")
        for _ in range(3):
            task = self.waiting("echo ran >> ran")
            self.kill(self.worker_of(task), signal.SIGKILL)
            self.wait(self.create("true"))
            self.recover(task)
            self.loong("tasks", "wait", "--until", "approval_pending", task, code=3)
            self.loong("tasks", "approve", task)
            self.wait(task)
        self.assertEqual(self.lines("ran"), ["ran"] * 3)


if __name__ == "__main__":
    main()
