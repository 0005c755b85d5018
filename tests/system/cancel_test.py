"""Cancel is delivered, acknowledged, forced, and final."""

import os
import threading

from loong_system import PROGRAM, SystemTest, await_death, is_alive, main


class CancelTest(SystemTest):
    def cancel(self, *words, code=0):
        return self.loong("tasks", "cancel", "--json", *words, code=code).json()

    def test_ready_is_cancelled_at_once(self):
        held = self.create("--hold", "touch $HOME/never")
        done = self.cancel(held)
        self.assertEqual((done["result"], done["action"]["kind"]), ("applied", "cancelled"))
        self.assertEqual(self.status(held), "cancelled")
        self.loong("tasks", "release", held, code=5)
        self.assertFalse(os.path.exists(self.path("never")))

    def test_queued_is_cancelled_at_once(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate, post = self.gate(), self.signpost()
        blocker = self.create(f"{post.tell()}; {gate.wait}")
        post.await_line()
        task = self.create("touch $HOME/never")
        self.cancel(task)
        self.assertEqual(self.status(task), "cancelled")
        gate.let_through()
        self.wait(blocker)
        self.await_idle()
        self.assertFalse(os.path.exists(self.path("never")))

    def test_running_is_asked(self):
        task = self.create_running("trap 'echo asked; exit 0' TERM; while :; do sleep 0.05; done")
        done = self.cancel("--wait", task)
        self.assertEqual(done["result"], "applied")
        self.assertEqual(self.status(task), "cancelled")
        self.assertEqual(self.output(task), "asked\n")
        kinds = self.kinds(task)
        self.assertEqual(kinds[-3:], ["delegate_cancel_requested", "delegate_cancel_acknowledged",
                                      "delegate_cancelled"])

    def test_running_is_forced_after_the_grace_time(self):
        post = self.signpost()
        task = self.create("--grace", "1s",
                           f"trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & "
                           f"{post.tell('$!')}; while :; do sleep 1; done")
        child = int(post.await_line())
        self.cancel(task)
        self.assertEqual(self.status(task), "cancel_requested")
        self.wait(task, code=1)
        self.assertEqual(self.status(task), "cancelled")
        self.assertFalse(is_alive(child))

    def test_force(self):
        task = self.create_running("trap '' TERM; while :; do sleep 1; done", "--grace", "1h")
        self.cancel("--force", "--wait", task)
        self.assertEqual(self.status(task), "cancelled")

    def test_force_after_a_polite_request(self):
        task = self.create_running("trap '' TERM; while :; do sleep 1; done", "--grace", "1h")
        self.cancel(task)
        self.assertEqual(self.status(task), "cancel_requested")
        self.cancel("--force", "--wait", task)
        self.assertEqual(self.status(task), "cancelled")

    def test_terminal_is_skipped(self):
        completed, failed = self.create("true"), self.create("false")
        self.wait(completed, failed, code=1)
        cancelled = self.create("--hold", "true")
        self.cancel(cancelled)
        for task in (completed, failed, cancelled):
            before = self.kinds(task)
            done = self.cancel(task, code=5)
            self.assertEqual(done["result"], "skipped_not_cancellable")
            self.assertEqual(self.kinds(task), before)

    def test_dry_run(self):
        task = self.create("--hold", "true")
        before = self.kinds(task)
        self.assertEqual(self.cancel("--dry-run", task)["result"], "would_apply")
        self.assertEqual(self.kinds(task), before)

    def test_several_with_one_missing(self):
        tasks = [self.create("--hold", "true") for _ in range(2)]
        done = self.loong("tasks", "cancel", "--json", tasks[0], "task-nothere", tasks[1], code=4)
        results = done.json()["results"]
        self.assertEqual([one.get("result") for one in results], ["applied", None, "applied"])
        for task in tasks:
            self.assertEqual(self.status(task), "cancelled")

    def test_cascade(self):
        self.environment["LOONG"] = PROGRAM
        post = self.signpost()
        leaf = f"{post.tell()}; exec sleep 1000"
        middle = f"\"$LOONG\" -q tasks create '{leaf}'; exec sleep 1000"
        self.environment.update(LEAF=leaf, MIDDLE=middle)
        root = self.create('"$LOONG" -q tasks create "$MIDDLE"; "$LOONG" -q tasks create '
                           '--hold true; exec sleep 1000')
        other = self.create("--hold", "true")
        post.await_line()
        ids = set(self.loong("tasks", "list", "-q", "--all-sessions").out.split())
        self.assertEqual(len(ids), 5)
        done = self.cancel("--cascade", "--wait", root)
        self.assertEqual({one["task_id"] for one in done["results"]}, ids - {other})
        self.wait("--all-sessions", *(ids - {other}), code=1)
        for task in ids - {other}:
            self.assertEqual(self.status(task), "cancelled")
        self.assertEqual(self.status(other), "waiting")
        self.say(f"cancelled {len(ids) - 1}, spared 1")

    def test_cancel_of_a_task_whose_carrier_is_gone(self):
        post = self.signpost()
        task = self.create(f"{post.tell('$$')}; exec sleep 1000")
        work = int(post.await_line())
        self.kill(self.worker_of(task))
        self.assertTrue(is_alive(work))
        self.cancel(task)
        self.wait(task, code=1)
        self.assertEqual(self.status(task), "cancelled")
        await_death(work, 10)

    def test_cancel_beats_automatic_retries(self):
        task = self.create_running("exec sleep 1000", "--retry", "5")
        self.cancel("--wait", task)
        self.await_idle()
        self.assertEqual(self.status(task), "cancelled")
        self.assertEqual(self.detail(task)["attempt"], 1)

    def test_cancel_during_the_back_off(self):
        task = self.create("--retry", "5", "exit 1")
        self.loong("tasks", "wait", "--until", "waiting", task)
        self.cancel(task)
        self.assertEqual(self.status(task), "cancelled")
        self.await_idle()
        self.assertEqual(self.status(task), "cancelled")

    def race(self, prepare, rounds, *others):
        """Cancel against other calls, all at once; whatever was told, it stays so."""
        words = {}
        for _ in range(rounds):
            task = prepare()
            told = {}

            def call(name, *command, task=task, told=told):
                told[name] = self.loong("tasks", *command, task, code=None).code

            calls = [threading.Thread(target=call, args=("cancel", "cancel", "--force"))]
            calls += [threading.Thread(target=call, args=(other[0] + str(number), *other))
                      for number, other in enumerate(others)]
            for one in calls:
                one.start()
            for one in calls:
                one.join()
            self.wait(task, code=None)
            word = self.status(task)
            self.assertIn(told["cancel"], (0, 5), told)
            if told["cancel"] == 0:
                self.assertIn(word, ("cancelled", "completed"), told)
            words[word] = words.get(word, 0) + 1
            kinds = self.kinds(task)
            ends = [kind for kind in kinds if kind in ("delegate_completed", "delegate_cancelled")]
            self.assertEqual(len(ends), 1, kinds)
            if word == "cancelled":
                self.loong("tasks", "recover", "--retry", task, code=5)
                self.assertEqual(self.status(task), "cancelled")
        return words

    def test_race_with_recover(self):
        def lost_task():
            task = self.create_running("exec sleep 1000")
            self.kill(self.worker_of(task))
            return task

        words = self.race(lost_task, 5, ["recover"], ["recover", "--retry"])
        self.say(f"races {sum(words.values())}, ended {words}")
        self.assertEqual(set(words), {"cancelled"})

    def test_race_with_claim_and_completion(self):
        words = self.race(lambda: self.create("true"), 20)
        self.say(f"races {sum(words.values())}, ended {words}")

    def test_race_with_a_dying_worker(self):
        words = {}
        for _ in range(5):
            task = self.create_running("exec sleep 1000")
            worker = self.worker_of(task)
            call = self.start("tasks", "cancel", "--force", task)
            self.kill(worker)
            call.communicate()
            self.assertEqual(call.returncode, 0)
            if self.status(task) == "recoverable":
                done = self.recover(task)
                words[done["action"]["kind"]] = words.get(done["action"]["kind"], 0) + 1
            else:
                words["cancelled by cancel"] = words.get("cancelled by cancel", 0) + 1
            self.wait(task, code=1)
            self.assertEqual(self.status(task), "cancelled")
        self.say(f"races {sum(words.values())}, {words}")


if __name__ == "__main__":
    main()
