"""The notify command: told at least once, tried again, and never anything that a task waits for."""

import json
import os
import shlex
import signal

from loong_system import PROGRAM, SystemTest, await_death, is_alive, main


class NotifyTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.told = self.signpost("told")

    def notify(self, script, more=""):
        """`script` is what the command does; what it was given lies in notes/, a file a call."""
        os.makedirs(self.path("notes"), exist_ok=True)
        path = self.write("notifier", f"""#!/bin/sh
note={shlex.quote(self.path("notes"))}/$(date +%s%N)-$$
cat > "$note.json"
env | grep ^LOONG_ > "$note.env"
{script}
""")
        os.chmod(path, 0o700)
        self.configure(f"notify: {{command: [{path}, a word]{more}}}\nworkers: {{max_parallel: 1}}\n")

    def tell(self):
        return self.told.tell('"$LOONG_NOTIFY $LOONG_TASK_STATUS $LOONG_TASK_ID"')

    def notes(self):
        notes = []
        for name in sorted(os.listdir(self.path("notes"))):
            if name.endswith(".json"):
                notes.append(json.loads(self.read(f"notes/{name}")))
        return notes

    def notifications(self, task):
        return self.detail(task)["notifications"]

    def notifiers(self):
        return self.processes("--notify")

    def await_told(self, task):
        """What is written down once the command has ended, by a process that then leaves."""
        self.await_idle()
        return self.notifications(task)

    def test_the_end_is_told(self):
        self.notify(self.tell())
        task = self.create("--label", "a label", "exit 3")
        self.assertEqual(self.told.await_line(), f"terminal failed {task}")
        self.wait(task, code=1)
        [told] = self.await_told(task)
        self.assertEqual((told["on"], told["status"], told["state"]),
                         ("terminal", "failed", "delivered"))
        self.assertEqual((told["attempts"], told["last_error"]), (1, None))
        [note] = self.notes()
        self.assertEqual(list(note)[:7], ["schema", "command", "config", "current_session_id",
                                          "warnings", "task_id", "notification"])
        self.assertEqual((note["schema"], note["command"], note["task_id"]), (1, "notify", task))
        self.assertEqual(note["task"]["terminal_outcome"]["exit_code"], 3)
        self.assertEqual(note["task"]["label"], "a label")
        [name] = [name for name in os.listdir(self.path("notes")) if name.endswith(".env")]
        found = dict(line.split("=", 1) for line in self.lines(f"notes/{name}"))
        self.assertEqual(found["LOONG_TASK_LABEL"], "a label")
        self.assertEqual(found["LOONG_TASK_NEXT_COMMAND"],
                         note["task"]["task_status"]["next_command"])
        self.assertEqual(found["LOONG_SESSION_ID"], "default")
        self.assertNotIn("LOONG_WORKER", found)
        self.assertEqual(self.kinds(task)[-1], "notification_delivered")
        self.assertIn("told", self.loong("tasks", "status", task).out)

    def test_questions_are_told_and_answers_are_not_waited_for(self):
        self.notify(self.tell())
        task = self.create(f"{PROGRAM} tasks ask --approve 'Go on?'")
        self.assertEqual(self.told.await_line(), f"attention approval_pending {task}")
        self.loong("tasks", "approve", task)
        self.assertEqual(self.told.await_line(), f"terminal completed {task}")
        told = self.await_told(task)
        self.assertEqual([one["state"] for one in told], ["delivered", "delivered"])

    def test_what_is_proposed_can_be_typed_where_the_task_belongs(self):
        self.notify(self.tell())
        task = self.create("--session", "else-where", "false")
        self.assertEqual(self.told.await_line(), f"terminal failed {task}")
        self.await_idle()
        [note] = self.notes()
        self.assertEqual(note["current_session_id"], "else-where")
        self.assertIn("--session else-where", note["task"]["task_status"]["next_command"])

    def test_only_what_was_asked_for(self):
        self.notify(self.tell(), ", on: [attention]")
        good, bad = self.create("true"), self.create("false")
        self.assertEqual(self.told.await_line(), f"attention failed {bad}")
        self.await_idle()
        self.assertEqual(self.notifications(good), [])
        self.assertEqual(len(self.notes()), 1)

    def test_a_command_that_fails_twice(self):
        self.notify(f"""count=$(ls {shlex.quote(self.path("notes"))} | grep -c json)
[ "$count" -ge 3 ] || {{ echo "no network" >&2; exit 7; }}
{self.tell()}""")
        task = self.create("true")
        self.wait(task)
        # There is one slot, and it is not the command's.
        self.wait(self.create("--label", "other", "true"))
        while not self.told.await_line().endswith(task):
            pass
        told = self.await_told(task)[0]
        self.assertEqual((told["state"], told["status"]), ("delivered", "completed"))
        failed = [kind for kind in self.kinds(task) if kind == "notification_failed"]
        self.assertEqual(len(failed), told["attempts"] - 1)
        self.assertGreaterEqual(len(failed), 1)
        self.assertEqual(told["last_error"], "it exited with 7: no network")
        for note in self.notes():
            self.assertTrue(note["task"]["task_status"]["terminal"])

    def test_a_command_that_hangs(self):
        hung = self.signpost("hung")
        flag = self.path("flag")
        self.notify(f"""if [ ! -e {flag} ]; then
  touch {flag}
  sleep 1000 &
  echo "$! $$" > {self.path("hung")}
  trap '' TERM
  wait
fi
{self.tell()}""", ", timeout_seconds: 1")
        task = self.create("true")
        pids = [int(word) for word in hung.await_line().split()]
        # Meanwhile nothing waits for it, neither this task nor others.
        self.wait(task)
        self.wait(self.create("true"))
        self.assertEqual(self.told.await_line().split()[:2], ["terminal", "completed"])
        for pid in pids:
            self.assertFalse(is_alive(pid))
        told = self.await_told(task)[0]
        self.assertEqual((told["state"], told["attempts"]), ("delivered", 2))
        self.assertIn("it took longer than 1 s and was killed", told["last_error"])

    def test_a_command_that_is_missing(self):
        self.configure("notify: {command: [no-such-notifier]}\n")
        task = self.create("true")
        self.wait(task)
        while "notification_failed" not in self.kinds(task):
            self.loong("tasks", "events", "--json", task)
        [told] = self.notifications(task)
        self.assertEqual(told["state"], "owed")
        self.assertIn("no-such-notifier", told["last_error"])
        self.assertIsNotNone(told["next_attempt_at"])
        self.assertEqual(self.status(task), "completed")
        self.assertIn("not yet, the notify command failed", self.loong("tasks", "status", task).out)

    def test_whoever_tells_is_killed(self):
        gate, post = self.gate(), self.signpost("trying")
        self.notify(f"{post.tell('$$')}\n{gate.wait}\n{self.tell()}")
        task = self.create("true")
        command = int(post.await_line())
        self.wait(task)
        [notifier] = self.notifiers()
        self.kill(notifier)
        # The command dies with whoever started it, and nobody knows how far it had come.
        await_death(command)
        self.await_idle()
        [told] = self.notifications(task)
        self.assertEqual((told["state"], told["attempts"]), ("owed", 0))
        self.assertTrue(self.told.is_silent())
        gate.let_through(2)
        self.loong("tasks", "recover", "--all")
        self.assertEqual(self.told.await_line(), f"terminal completed {task}")
        [told] = self.await_told(task)
        self.assertEqual((told["state"], told["attempts"]), ("delivered", 1))

    def test_a_lost_worker_is_told(self):
        self.notify(self.tell())
        gate = self.gate()
        lost = self.create_running(gate.wait)
        self.kill(self.worker_of(lost), signal.SIGKILL)
        # Nobody was there to see it. Whoever comes next is.
        other = self.create("true")
        lines = {self.told.await_line() for _ in range(2)}
        self.assertEqual(lines, {f"attention recoverable {lost}", f"terminal completed {other}"})
        self.await_idle()
        # Once is enough.
        self.wait(self.create("true"))
        self.await_idle()
        self.assertEqual([one["status"] for one in self.notifications(lost)], ["recoverable"])
        self.loong("tasks", "recover", lost)
        gate.let_through()
        self.wait(lost)
        self.await_idle()
        self.assertEqual([one["status"] for one in self.notifications(lost)],
                         ["recoverable", "completed"])

    def test_a_failed_dependency_is_told(self):
        self.notify(self.tell(), ", on: [attention]")
        gate = self.gate()
        first = self.create(f"{gate.wait}; false")
        second = self.create("--after", first, "true")
        gate.let_through()
        lines = {self.told.await_line() for _ in range(2)}
        self.assertEqual(lines, {f"attention failed {first}", f"attention blocked {second}"})
        self.await_idle()

    def test_an_automatic_retry_is_not_the_end(self):
        self.notify(self.tell())
        task = self.create("--retry", "1", '[ -e "$HOME/again" ] || { touch "$HOME/again"; exit 1; }')
        self.assertEqual(self.told.await_line(), f"terminal completed {task}")
        self.assertEqual([one["state"] for one in self.await_told(task)],
                         ["withdrawn", "delivered"])

    def test_a_task_that_never_ran(self):
        self.notify(self.tell())
        task = self.create("--hold", "true")
        self.loong("tasks", "cancel", task)
        self.assertEqual(self.told.await_line(), f"terminal cancelled {task}")
        self.await_idle()

    def test_nothing_where_nothing_is_configured(self):
        task = self.create("false")
        self.wait(task, code=1)
        self.assertEqual(self.notifiers(), [])
        self.await_idle()
        self.assertEqual(self.notifications(task), [])
        self.assertEqual(self.kinds(task), ["task_created", "delegate_queued", "delegate_started",
                                            "delegate_failed"])


if __name__ == "__main__":
    main()
