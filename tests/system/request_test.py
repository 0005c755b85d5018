"""What tasks ask of the operator: plans that stop, `tasks ask`, answers that race, and everything that
may happen while a question is open."""

import os
import signal
import subprocess

from loong_system import PROGRAM, SystemTest, await_death, main

PLAN = """
name: release
steps:
  - name: build
    run: echo built >> built; echo built
  - name: agree
    approve: Publish 1.4.0?
  - name: publish
    run: cat built > published; echo published
"""


class RequestTest(SystemTest):
    def start(self, *words, **options):
        # The work writes into the directory that it is created from.
        options.setdefault("cwd", self.directory)
        return super().start(*words, **options)

    def pending(self, *words):
        """Waits until a task needs the operator."""
        self.loong("tasks", "wait", "--until", "attention", *words, code=3)

    def plan(self, text=PLAN, *options):
        task = self.create(*options, "--file", self.write("plan.yaml", text))
        self.pending(task)
        return task

    def asking(self, *words, before="true", after="true"):
        """A task whose work asks and tells what it got and how the call ended."""
        text = (f"{before}; said=$({PROGRAM} tasks ask {' '.join(words)}); code=$?; "
                f"echo \"said: $said\"; echo \"code: $code\"; {after}")
        task = self.create(text)
        self.pending(task)
        return task

    def requests(self, task):
        return self.detail(task)["approval"]["requests"]

    def kill_everything(self):
        """SIGKILL to every process of this place, and their deaths awaited."""
        while True:
            pids = self.processes() + self.keepers()
            if not pids:
                return
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            for pid in pids:
                await_death(pid)

    # ---- plans --------------------------------------------------------------------------------

    def test_a_plan_stops_and_goes_on_when_it_is_approved(self):
        task = self.plan()
        self.assertEqual(self.status(task), "approval_pending")
        listed = self.loong("tasks", "list", "--attention").out
        self.assertIn('"Publish 1.4.0?"', listed)
        self.assertIn(f"loong tasks approve {task}\n", listed)
        self.assertIn(f"loong tasks deny {task}\n", listed)
        self.assertEqual(self.lines("published"), [])
        answer = self.loong("tasks", "approve", "--json", task).json()
        self.assertEqual(answer["action"], {"kind": "approved", "request_id": "r1"})
        self.wait(task)
        self.assertEqual(self.lines("published"), ["built"])
        self.assertEqual(self.lines("built"), ["built"])

    def test_a_denied_step_fails_the_plan(self):
        task = self.plan()
        self.loong("tasks", "deny", task, "--note", "not on a Friday")
        self.wait(task, code=1)
        outcome = self.detail(task)["terminal_outcome"]
        self.assertIn("not on a Friday", outcome["message"])
        self.assertEqual(self.lines("published"), [])

    def test_an_answer_given_while_everything_was_dead_is_found(self):
        task = self.plan()
        self.kill_everything()
        detail = self.detail(task)
        self.assertEqual(detail["task_status"]["status"], "recoverable")
        self.assertIn("approval_pending", detail["task_status"]["signals"])
        self.assertIn(f"loong tasks approve {task}", detail["task_status"]["next_commands"])
        shown = self.loong("approvals", "show", "--json", task).json()["request"]
        self.assertIn("recovered", shown["answers"][0]["follows"])
        done = self.loong("tasks", "approve", task).out
        self.assertIn("when the task is recovered", done)
        self.recover(task)
        self.wait(task)
        self.assertEqual((self.lines("built"), self.lines("published")), (["built"], ["built"]))
        self.assertEqual(self.kinds(task).count("approval_requested"), 1)

    def test_a_question_stays_open_when_everything_dies(self):
        task = self.plan()
        for _ in range(3):
            self.kill_everything()
            self.recover(task)
            self.loong("tasks", "wait", "--until", "approval_pending", task, code=3)
        request, = self.requests(task)
        self.assertEqual((request["request_id"], request["state"]), ("r1", "open"))
        self.loong("tasks", "approve", f"{task}/r1")
        self.wait(task)
        self.assertEqual((self.lines("built"), self.lines("published")), (["built"], ["built"]))
        self.say("times that everything was killed 3")

    def test_a_step_that_asks_for_a_text(self):
        task = self.plan("steps:\n  - name: version\n    ask: Which?\n"
                         "  - run: echo \"$LOONG_ANSWER_VERSION\"\n")
        self.assertEqual(self.detail(task)["task_status"]["next_command"],
                         f"loong tasks answer {task} ANSWER")
        self.loong("tasks", "answer", task, "1.4.0 'beta'")
        self.wait(task)
        self.assertEqual(self.output(task), "1.4.0 'beta'\n")

    def test_a_step_with_a_time_limit_expires(self):
        task = self.create("--file", self.write("plan.yaml", PLAN.replace(
            "    approve: Publish 1.4.0?", "    approve: Publish 1.4.0?\n    timeout: 1s")))
        self.wait(task, code=1)
        self.assertEqual(self.requests(task)[0]["state"], "expired")
        self.assertEqual(self.lines("published"), [])
        late = self.loong("tasks", "approve", "--json", task, code=5)
        self.assert_error(late, "request_already_resolved", "expired")

    def test_the_clock_of_the_timeout_stands_still(self):
        task = self.plan(PLAN, "--timeout", "1s")
        self.loong("tasks", "wait", "--until", "terminal", "--timeout", "2s", task, code=124)
        self.assertEqual(self.status(task), "approval_pending")
        self.loong("tasks", "approve", task)
        self.wait(task)

    def test_a_cancel_withdraws_what_is_open(self):
        task = self.plan()
        self.loong("tasks", "cancel", "--wait", task)
        self.assertEqual(self.requests(task)[0]["state"], "withdrawn")
        late = self.loong("tasks", "approve", "--json", task, code=5)
        self.assert_error(late, "request_already_resolved", "withdrawn")
        self.assertEqual(self.loong("approvals", "list").out, "Nothing is asked.\n")
        self.assertEqual(self.lines("published"), [])

    # ---- answers ------------------------------------------------------------------------------

    def test_the_first_of_many_answers_wins(self):
        task = self.plan()
        calls = [self.start("tasks", "approve" if i % 2 else "deny", "--json", task)
                 for i in range(10)]
        codes = []
        for call in calls:
            out, err = call.communicate(timeout=60)
            codes.append(call.returncode)
            if call.returncode == 0:
                decision = b'"approved"' in out
            else:
                self.assertIn(b"request_already_resolved", err)
        self.assertEqual(sorted(codes), [0] + [5] * 9)
        self.wait(task, code=0 if decision else 1)
        self.assertEqual(self.kinds(task).count("approval_resolved"), 1)
        self.say(f"answers {len(codes)}, won 1")

    def test_answers_that_are_none(self):
        task = self.plan()
        before = self.kinds(task)
        for words, code, error in [
                (("approve", "nothing"), 4, "task_not_found"),
                (("approve", task, "--request", "r9"), 4, "request_not_found"),
                (("approve", f"{task}/r9"), 4, "request_not_found"),
                (("approve", f"{task}/"), 2, "invalid_argument"),
                (("approve", f"{task}/r1", "--request", "r2"), 2, "invalid_argument"),
                (("answer", task, "yes"), 4, "request_not_found"),
                (("answer", f"{task}/r1", "yes"), 2, "invalid_argument"),
                (("answer", task), 2, "invalid_argument"),
                (("approve",), 2, "invalid_argument"),
                (("approve", task, "--session", "other"), 4, "visibility_denied"),
                (("deny", task, "--note", "x" * 5000), 2, "invalid_argument"),
        ]:
            self.assert_error(self.loong("tasks", "--json", *words, code=code), error)
        self.assertEqual(self.kinds(task), before)

    def test_several_that_are_open_have_to_be_named(self):
        ask = f"{PROGRAM} tasks ask --approve"
        task = self.create(f"{ask} One >one & {ask} Two >two & wait")
        for count in (1, 2):
            while len(self.requests(task)) < count:
                revision = self.loong("tasks", "events", "--json", task).json()["next_after_id"]
                self.loong("tasks", "wait", "--until", "terminal", "--after-id", str(revision),
                           "--timeout", "1s", task, code=124)
        error = self.assert_error(self.loong("tasks", "approve", "--json", task, code=2),
                                  "ambiguous_id", '"One"', '"Two"')
        self.assertIn("--request", error["hint"])
        rows = self.loong("approvals", "list", "--json").json()["requests"]
        for row in rows:
            command = row["answers"][0]["command"]
            self.assertIn(f"--request {row['request_id']}", command)
            subprocess.run(command.replace("loong ", PROGRAM + " ", 1), shell=True,
                           check=True, env=self.environment, stdout=subprocess.DEVNULL)
        self.wait(task)

    # ---- from inside the work -----------------------------------------------------------------

    def test_ask_prints_the_answer(self):
        task = self.asking("'Which version?'", "--detail", "'1.3.9 was the last'")
        request = self.requests(task)[0]
        self.assertEqual((request["kind"], request["question"], request["detail"]),
                         ("input", "Which version?", "1.3.9 was the last"))
        self.assertEqual(self.detail(task)["phase"], "waiting_for_operator")
        self.loong("tasks", "answer", task, "1.4.0")
        self.wait(task)
        self.assertEqual(self.output(task), "said: 1.4.0\ncode: 0\n")

    def test_ask_for_an_approval(self):
        for verb, said, code in (("approve", "allowed", 0), ("deny", "denied", 1)):
            task = self.asking("--approve", "'Go on?'")
            self.loong("tasks", verb, task)
            self.wait(task)
            self.assertEqual(self.output(task), f"said: {said}\ncode: {code}\n")

    def test_ask_expires(self):
        for words, said in ((("--approve",), "expired"), ((), "")):
            task = self.create(f"said=$({PROGRAM} tasks ask {' '.join(words)} Well? "
                               "--expires 1s); code=$?; echo \"$said $code\"")
            self.wait(task)
            self.assertEqual(self.output(task), f"{said} 1\n")
            self.assertEqual(self.requests(task)[0]["state"], "expired")

    def test_ask_expires_also_without_a_worker(self):
        task = self.asking("--approve", "Well?", "--expires", "3s")
        worker = self.worker_of(task)
        self.kill(worker)
        keepers = self.keepers()
        for keeper in keepers:
            await_death(keeper)
        self.assertEqual(self.requests(task)[0]["state"], "expired")
        self.recover(task)
        self.wait(task)
        self.assertEqual(self.output(task), "said: expired\ncode: 1\n")

    def test_a_key_finds_its_answer_in_one_attempt(self):
        ask = f"{PROGRAM} tasks ask --key name 'Your name?'"
        task = self.create("--retry", "1", f"{ask}; {ask}; exit 3")
        self.pending(task)
        self.loong("tasks", "answer", task, "Ada")
        # The second attempt asks anew.
        self.loong("tasks", "wait", "--until", "blocked", task, code=3)
        first, second = self.requests(task)
        self.assertEqual((first["state"], second["state"]), ("answered", "open"))
        self.assertNotEqual(first["session_id"], second["session_id"])
        self.loong("tasks", "answer", task, "Grace")
        self.wait(task, code=1)
        self.assertEqual(self.output(task, "--session-id", first["session_id"]), "Ada\nAda\n")
        self.assertEqual(self.output(task), "Grace\nGrace\n")

    def test_a_loop_without_a_key_asks_each_time(self):
        task = self.create(f"for i in 1 2; do {PROGRAM} tasks ask --approve Next?; done")
        for _ in range(2):
            self.pending(task)
            self.loong("tasks", "approve", task)
            self.loong("tasks", "wait", "--until", "running", "--timeout", "1s", task, code=None)
        self.wait(task)
        self.assertEqual(self.kinds(task).count("approval_requested"), 2)

    def test_ask_outlives_the_worker(self):
        task = self.asking("'Which version?'")
        self.kill(self.worker_of(task))
        detail = self.detail(task)
        self.assertEqual(detail["task_status"]["status"], "recoverable")
        self.assertIn("work_alive", detail["task_status"]["signals"])
        keepers = self.keepers()
        self.loong("tasks", "answer", task, "1.4.0")
        for keeper in keepers:
            await_death(keeper)
        self.assertEqual(self.recover(task)["action"]["kind"], "outcome_collected")
        self.assertEqual(self.output(task), "said: 1.4.0\ncode: 0\n")

    def test_an_adopted_session_goes_on_to_wait(self):
        task = self.asking("'Which version?'")
        self.kill(self.worker_of(task))
        self.assertEqual(self.recover(task)["action"]["kind"], "adopted")
        self.assertEqual(self.status(task), "blocked")
        self.loong("tasks", "answer", task, "1.4.0")
        self.wait(task)
        self.assertEqual(self.output(task), "said: 1.4.0\ncode: 0\n")

    def test_an_interrupted_ask_withdraws_its_question(self):
        post = self.signpost()
        task = self.create(f"{PROGRAM} tasks ask Well? & {post.tell('$!')}; wait $!; "
                           "echo code: $?")
        asker = int(post.await_line())
        self.pending(task)
        os.kill(asker, signal.SIGTERM)
        self.wait(task)
        self.assertEqual(self.output(task), "code: 130\n")
        self.assertEqual(self.requests(task)[0]["state"], "withdrawn")

    def test_ask_outside_of_a_task(self):
        refused = self.loong("tasks", "ask", "--json", "Well?", code=2)
        self.assert_error(refused, "invalid_argument", "inside")

    def test_progress_shows_at_once(self):
        post, gate = self.signpost(), self.gate()
        report = f"{PROGRAM} tasks report"
        task = self.create(f"{report} --progress 40 --note compiling; {post.tell()}; {gate.wait}; "
                           f"{report} --state waiting --note 'for the mirror'; {post.tell()}; "
                           f"{gate.wait}; {report} --state blocked --note 'no key'; {post.tell()}; "
                           f"{gate.wait}")
        for status, note in (("running", "compiling"), ("waiting", "for the mirror"),
                             ("blocked", "no key")):
            post.await_line()
            detail = self.detail(task)
            self.assertEqual((detail["task_status"]["status"], detail["progress"]["note"]),
                             (status, note))
            row = self.loong("tasks", "list", "--json").json()["tasks"][0]
            self.assertEqual((row["task_status"], row["progress"]),
                             (detail["task_status"] | {"reason": row["task_status"]["reason"]},
                              detail["progress"]))
            attention = self.loong("tasks", "list", "--attention", "-q").out.split()
            self.assertEqual(attention, [task] if status == "blocked" else [])
            gate.let_through()
        self.wait(task)

    # ---- what a terminal sees -----------------------------------------------------------------

    def test_no_question_writes_to_the_terminal(self):
        evil = "\x1b]0;owned\x07\x1b[2J\r\x9b31m\u202e"
        script = self.write("evil.sh", f"#!/bin/sh\nexec {PROGRAM} tasks ask --approve "
                            f"'{evil}' --detail '{evil}\n{evil}' --key '{evil}'\n")
        refused = self.loong("tasks", "create", "--json", "--label", evil, "true", code=2)
        self.assert_error(refused, "invalid_argument")
        task = self.create(f"sh {script}")
        self.pending(task)
        views = [("approvals", "list"), ("approvals", "show", task), ("tasks", "status", task),
                 ("tasks", "list", "--attention"), ("tasks", "list"), ("tasks", "events", task),
                 ("approvals", "list", "--all"), ("tasks", "approve", task, "--note", evil),
                 ("approvals", "show", task), ("tasks", "approve", task)]
        for view in views:
            shown = self.loong(*view, code=None)
            for stream in (shown.out, shown.err):
                self.assertFalse(set(stream) & set("\x1b\x07\r\x9b"), f"{view}: {stream!r}")
        self.say(f"views {len(views)}, control characters through 0")

    def test_the_inbox_of_resolved_ones(self):
        task = self.plan()
        self.loong("tasks", "approve", task, "--note", "go")
        self.wait(task)
        self.assertEqual(self.loong("approvals", "list", "--json").json()["requests"], [])
        row, = self.loong("approvals", "list", "--all", "--json").json()["requests"]
        self.assertEqual((row["state"], row["answer"], row["resolved_by"], row["answers"]),
                         ("allowed", "go", "default", []))
        self.assertIs(row["self_approval_possible"], True)


if __name__ == "__main__":
    main()
