"""What `recover` finds and does, a test for each row of its table; --dry-run first, which must name
the same action and change nothing."""

import datetime
import fcntl
import json
import os
import signal
import struct

from loong_system import SystemTest, await_death, is_alive, main, parent_of, tree


def lock(file, byte):
    """A lock that belongs to the open file, as those of leases do."""
    set_lock_of_open_file = 37
    fcntl.fcntl(file, set_lock_of_open_file,
                struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, byte, 1, 0))


class RecoverTest(SystemTest):
    def lost(self, text, *options):
        """A task whose worker was killed while its work waits at a gate."""
        gate, post = self.gate(f"gate-{len(self.meeting_points)}"), \
            self.signpost(f"post-{len(self.meeting_points)}")
        task = self.create(*options, f"{post.tell('$$')}; {gate.wait}; {text}")
        work = int(post.await_line())
        self.kill(self.worker_of(task))
        return task, gate, work

    def recover_as(self, kind, *words):
        """A dry run which names the action and changes nothing, then the recovery itself."""
        before = tree(self.path("state"))
        plan = self.recover("--dry-run", *words)
        self.assertEqual((plan["dry_run"], plan["result"], plan["action"]["kind"]),
                         (True, "would_apply", kind))
        self.assertEqual(tree(self.path("state")), before)
        done = self.recover(*words)
        self.assertEqual((done["dry_run"], done["result"], done["action"]["kind"]),
                         (False, "applied", kind))
        return done

    def assert_lost(self, task, *signals):
        status = self.detail(task)["task_status"]
        self.assertEqual(status["status"], "recoverable")
        self.assertEqual(status["next_action"], "recover")
        self.assertIn(task, status["next_command"])
        self.assertLessEqual({"carrier_lost", *signals}, set(status["signals"]))

    def test_worker_started(self):
        """Ready, and no worker is there: one is started, nothing else changes."""
        self.configure("workers: {max_parallel: 1}\n")
        task, gate, _ = self.lost("true")
        queued = self.create("--hold", "echo carried")
        # Released while the only slot is taken by a worker that dies before it claims.
        self.recover(task)
        self.loong("tasks", "wait", "--until", "running", task)
        self.loong("tasks", "release", queued)
        self.kill(self.worker_of(task))
        self.assertEqual(self.status(queued), "recoverable")
        events = self.kinds(queued)
        self.recover_as("worker_started", queued)
        self.wait(queued)
        self.assertEqual(self.output(queued), "carried\n")
        self.assertEqual(self.kinds(queued)[:len(events)], events)
        self.assertNotIn("delegate_recovery_applied", self.kinds(queued))
        gate.let_through()

    def test_lease_of_another(self):
        """Whoever holds the lease of a dead carrier does not make it live."""
        task, gate, _ = self.lost("true")
        session = self.detail(task)["task_session_id"]
        path = self.path(f"state/leases/{session}")
        with open(path, "r+b", buffering=0) as lease:
            lock(lease, 1)
            holder = json.loads(os.pread(lease.fileno(), 256, 0))
            now = datetime.datetime.now(datetime.timezone.utc)
            holder.update(token=holder["token"] + 1, pid=os.getpid(),
                          since=now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
            text = json.dumps(holder, separators=(",", ":"))
            os.pwrite(lease.fileno(), f"{text:255}\n".encode(), 0)
            lock(lease, 0)
            self.assert_lost(task, "work_alive")
            rows = self.loong("tasks", "list", "--json").json()["tasks"]
            self.assertEqual(rows[0]["task_status"]["status"], "recoverable")
        self.recover(task)
        gate.let_through()
        self.wait(task)

    def test_adopted(self):
        """The work lives on undisturbed; its session, output and exit code are the same."""
        task, gate, work = self.lost("echo after; exit 7")
        self.assert_lost(task, "work_alive")
        session = self.detail(task)["task_session_id"]
        self.recover_as("adopted", task)
        detail = self.detail(task)
        self.assertEqual(detail["task_status"]["display"], "running (recovered)")
        self.assertEqual(detail["task_session_id"], session)
        self.assertTrue(is_alive(work))
        gate.let_through()
        self.wait(task, code=1)
        outcome = self.detail(task)["terminal_outcome"]
        self.assertEqual((outcome["exit_code"], outcome["recorded_by"]), (7, "carrier"))
        self.assertEqual(self.output(task), "after\n")

    def test_adopted_again_and_again(self):
        task, gate, _ = self.lost("seq 1 1000")
        for _ in range(3):
            self.recover_as("adopted", task)
            self.kill(self.worker_of(task))
            self.assert_lost(task, "work_alive")
        self.recover(task)
        gate.let_through()
        self.wait(task)
        self.assertEqual(self.output(task), "".join(f"{i}\n" for i in range(1, 1001)))
        self.assertEqual(len(self.detail(task)["lineage"]), 1)
        self.say("workers killed 4")

    def test_adopted_work_can_be_cancelled_and_times_out(self):
        cancelled, _, _ = self.lost("true")
        self.recover(cancelled)
        self.loong("tasks", "cancel", "--wait", cancelled)
        self.assertEqual(self.status(cancelled), "cancelled")
        limited, _, work = self.lost("true", "--timeout", "2s")
        self.recover(limited)
        self.wait(limited, code=1)
        self.assertEqual(self.status(limited), "timed_out")
        self.assertFalse(is_alive(work))

    def test_outcome_collected(self):
        """The work ended while nobody carried it: its true outcome, exit code included."""
        task, gate, work = self.lost("echo alone; exit 5")
        keeper = parent_of(work)
        gate.let_through()
        await_death(keeper)
        self.assert_lost(task)
        self.recover_as("outcome_collected", task)
        detail = self.detail(task)
        self.assertEqual(detail["task_status"]["status"], "failed")
        outcome = detail["terminal_outcome"]
        self.assertEqual((outcome["exit_code"], outcome["recorded_by"]), (5, "recovery"))
        self.assertEqual(self.output(task), "alone\n")

    def test_outcome_collected_of_success(self):
        task, gate, work = self.lost("echo alone", "--retry", "3")
        keeper = parent_of(work)
        gate.let_through()
        await_death(keeper)
        self.recover_as("outcome_collected", task)
        self.assertEqual(self.status(task), "completed")
        self.assertEqual(self.detail(task)["attempt"], 1)

    def kill_all(self, task, work):
        keeper = parent_of(work)
        for pid in (keeper, work):
            os.kill(pid, signal.SIGKILL)
        await_death(keeper)
        await_death(work)
        self.assert_lost(task)

    def test_marked_failed(self):
        task, _, work = self.lost("true")
        self.kill_all(task, work)
        self.recover_as("marked_failed", task)
        self.assertEqual(self.status(task), "failed")
        self.assertIn("delegate_carrier_lost", self.kinds(task))

    def test_retried_with_attempts_left(self):
        task, gate, work = self.lost("true", "--retry", "1")
        self.kill_all(task, work)
        gate.let_through()
        self.recover_as("retried", task)
        self.wait(task)
        detail = self.detail(task)
        self.assertEqual([one["state"] for one in detail["lineage"]], ["failed", "completed"])

    def test_retried_on_request(self):
        task, gate, work = self.lost("true")
        self.kill_all(task, work)
        gate.let_through()
        self.recover_as("retried", "--retry", task)
        self.wait(task)
        self.assertEqual(self.detail(task)["attempt"], 2)

    def test_fail_rather_than_retry(self):
        task, _, work = self.lost("true", "--retry", "5")
        self.kill_all(task, work)
        self.recover_as("marked_failed", "--fail", task)
        self.assertEqual(self.status(task), "failed")

    def test_keeper_killed_but_not_the_work(self):
        """What is left of the work is ended before anything new starts."""
        task, _, work = self.lost("true")
        keeper = parent_of(work)
        os.kill(keeper, signal.SIGKILL)
        await_death(keeper)
        status = self.detail(task)["task_status"]
        self.assertEqual(status["status"], "recoverable")
        done = self.recover("--fail", task)
        self.assertEqual(done["result"], "applied")
        self.assertFalse(is_alive(work))
        self.assertEqual(self.status(task), "failed")

    def test_cancelled(self):
        """The cancel came while the worker was not there to act on it."""
        task = self.create_running("trap '' TERM; while :; do sleep 1; done", "--grace", "1s")
        worker = self.worker_of(task)
        os.kill(worker, signal.SIGSTOP)
        self.loong("tasks", "cancel", task)
        self.kill(worker)
        self.assert_lost(task, "cancel_requested")
        self.recover_as("cancelled", task)
        self.assertEqual(self.status(task), "cancelled")

    def test_ended_overdue(self):
        """A worker that is stopped can end nothing at the timeout."""
        post = self.signpost()
        task = self.create("--timeout", "1s", "--grace", "1s",
                           f"{post.tell('$$')}; while :; do sleep 1; done")
        work = int(post.await_line())
        os.kill(self.worker_of(task), signal.SIGSTOP)
        self.loong("tasks", "wait", "--until", "attention", task, code=3)
        self.assertEqual(self.status(task), "overdue")
        self.recover_as("ended_overdue", task)
        self.assertEqual(self.status(task), "timed_out")
        self.assertFalse(is_alive(work))
        self.await_idle()

    def test_ended_overdue_after_a_cancel(self):
        post = self.signpost()
        task = self.create("--grace", "1s", f"{post.tell('$$')}; while :; do sleep 1; done")
        work = int(post.await_line())
        os.kill(self.worker_of(task), signal.SIGSTOP)
        self.loong("tasks", "cancel", task)
        self.loong("tasks", "wait", "--until", "overdue", task, code=3)
        self.recover_as("ended_overdue", task)
        self.assertEqual(self.status(task), "cancelled")
        self.assertFalse(is_alive(work))

    def test_expired(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate, post = self.gate(), self.signpost()
        blocker = self.create(f"{post.tell()}; {gate.wait}")
        post.await_line()
        plain = self.create("--start-within", "1s", "touch $HOME/never")
        again = self.create("--start-within", "1s", "--retry", "1", "echo carried")
        self.loong("tasks", "wait", "--until", "overdue", plain, again, code=3)
        self.recover_as("expired", plain)
        self.assertEqual(self.status(plain), "failed")
        self.assertIn("start", self.detail(plain)["last_error"])
        self.recover_as("expired", again)
        self.assertEqual(self.detail(again)["attempt"], 2)
        gate.let_through()
        self.wait(blocker)
        self.wait("--timeout", "30s", again, code=None)
        self.assertFalse(os.path.exists(self.path("never")))

    def test_failed_is_retried_and_keeps_its_past(self):
        task = self.create("echo attempt; [ -e $HOME/good ]")
        self.wait(task, code=1)
        old = self.detail(task)
        events = self.kinds(task)
        self.write("good", "")
        self.assertEqual(self.recover(task, code=5)["result"], "skipped_not_recoverable")
        self.recover_as("retried", "--retry", task)
        self.wait(task)
        new = self.detail(task)
        self.assertNotEqual(new["task_session_id"], old["task_session_id"])
        self.assertEqual(len(new["lineage"]), 2)
        self.assertEqual(self.output(task, "--session-id", old["task_session_id"]), "attempt\n")
        self.assertEqual(self.kinds(task)[:len(events)], events)

    def test_timed_out_is_retried(self):
        task = self.create("--timeout", "1s", "[ -e $HOME/good ] || sleep 1000")
        self.wait(task, code=1)
        self.write("good", "")
        self.recover_as("retried", "--retry", task)
        self.wait(task)

    def test_nothing_to_recover(self):
        completed, failed, held = self.create("true"), self.create("false"), \
            self.create("--hold", "true")
        self.wait(completed, failed, code=1)
        cancelled = self.create("--hold", "true")
        self.loong("tasks", "cancel", cancelled)
        running = self.create_running("exec sleep 1000")
        before = tree(self.path("state"))
        for words in ([completed], ["--retry", completed], [failed], [cancelled],
                      ["--retry", cancelled], [held], [running], ["--retry", running]):
            done = self.recover(*words, code=5)
            self.assertEqual(done["result"], "skipped_not_recoverable", words)
        self.assertEqual(tree(self.path("state")), before)
        self.say("skips 8")

    def test_everything_at_once(self):
        """After every worker and keeper was killed, one command puts the whole queue right."""
        post, gate = self.signpost(), self.gate()
        running = [self.create("--retry", "1", f"{post.tell('$$')}; {gate.wait}; "
                               "echo $LOONG_TASK_ID >> $HOME/ledger") for _ in range(4)]
        works = [int(post.await_line()) for _ in running]
        queued = [self.create("echo $LOONG_TASK_ID >> $HOME/ledger") for _ in range(6)]
        pids = self.workers() + [parent_of(work) for work in works] + works
        # All of a sudden: a worker that sees another one die fills its place.
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                os.kill(pid, number)
        for pid in pids:
            await_death(pid)
        found = self.loong("tasks", "list", "--json").json()
        self.assertEqual(found["counts"], {"recoverable": 10, "needs_attention": 10})
        done = self.recover("--all")
        kinds = [one["action"]["kind"] for one in done["results"]]
        gate.let_through(len(running))
        self.wait(*running, *queued)
        self.assertEqual(sorted(self.lines("ledger")), sorted(running + queued))
        self.say(f"tasks 10, processes killed {len(pids)}, actions {kinds}, lost 0, twice 0")

    def test_two_recoverers_at_once(self):
        """Never two carriers: each attempt leaves one line."""
        for kill_work in (False, True):
            task, gate, work = self.lost("echo end >> $HOME/ledger", "--retry", "1")
            if kill_work:
                self.kill_all(task, work)
            calls = [self.start("tasks", "recover", task) for _ in range(6)]
            codes = []
            for call in calls:
                call.communicate()
                codes.append(call.returncode)
            self.assertIn(0, codes)
            self.assertLessEqual(set(codes), {0, 5})
            gate.let_through()
            self.wait(task)
            self.assertEqual(self.lines("ledger"), ["end"])
            os.unlink(self.path("ledger"))
        self.say("recoverers 12, carriers at the same time 1")


if __name__ == "__main__":
    main()
