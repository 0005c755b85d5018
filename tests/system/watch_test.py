"""`loong tasks list --watch` in a pseudo-terminal: what is seen, what the keys do, and that the
terminal is afterwards as it was before, whatever ended the view."""

import json
import os
import shlex
import signal
import sys
import unittest

import loong_system
from loong_system import PROGRAM, SystemTest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import kept_state  # noqa: E402
from terminal_screen import Terminal  # noqa: E402

ESCAPE, ENTER, TAB = "\x1b", "\r", "\t"
# As xterm sends them to a program that draws.
HOME, PAGE_DOWN = "\x1bOH", "\x1b[6~"
CONTROL_C, CONTROL_Z, CONTROL_BACKSLASH = "\x03", "\x1a", "\x1c"
PLAN = """
name: release
steps:
  - name: agree
    approve: Publish 1.4.0?
  - name: publish
    run: echo 1.4.0 is out
"""


class ViewTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.terminals = []

    def tearDown(self):
        for terminal in self.terminals:
            terminal.close()
        super().tearDown()

    def terminal(self, words, **options):
        self.terminals.append(Terminal(words, self.environment, **options))
        return self.terminals[-1]

    def watch(self, *words, **options):
        """The view, once it has drawn its last line."""
        view = self.terminal([PROGRAM, "tasks", "list", "--watch", *words], **options)
        view.wait_for("q quit")
        return view

    def assert_given_back(self, view, status):
        self.assertEqual(view.wait_end(), status, view.text())
        self.assertFalse(view.screen.is_alternate, "the second screen was not left")
        self.assertFalse(view.screen.cursor.hidden, "the cursor is hidden")
        self.assertEqual(view.settings(), view.settings_before)

    def asking(self):
        plan = self.write("plan.yaml", PLAN)
        task = self.create("--file", plan)
        self.loong("tasks", "wait", task, code=3)
        return task


class LookTest(ViewTest):
    def test_sections_in_order_with_reasons_commands_and_progress(self):
        report = f"{shlex.quote(PROGRAM)} tasks report --progress 40 --note linking"
        gate = self.gate()
        bad = self.create("--wait", "exit 3", "--label", "bad one", code=1)
        good = self.create("--wait", "true", "--label", "good one")
        self.create_running(f"{report}; {gate.wait}", "--label", "long one")
        held = self.create("true", "--hold", "--label", "held one")
        view = self.watch()
        view.wait_for("40 %", "linking", "███─")
        text = view.text()
        places = [text.index(word) for word in (
            "1 needs attention", "Needs attention  1", "✗ failed", bad[-6:], "exit code 3",
            f"loong tasks recover --retry {bad}", "Running  1", "● running", "long one",
            "Queued  1", "… waiting", held[-6:], "Ended lately  1", "✓ completed", good[-6:])]
        self.assertEqual(places, sorted(places), text)

    def test_changes_are_seen_as_they_come(self):
        view = self.watch()
        view.wait_for("Nothing to see yet")
        gate = self.gate()
        task = self.create_running(gate.wait, "--label", "made meanwhile")
        view.wait_for("Running  1", "made meanwhile")
        gate.let_through()
        view.wait_for("Ended lately  1", "✓ completed")
        self.loong("tasks", "archive", task)
        view.wait_for("Nothing to see yet")

    def test_a_carrier_that_dies_is_seen_at_once(self):
        task = self.create_running("sleep 600", "--label", "long one")
        view = self.watch()
        view.wait_for("● running")
        self.kill(self.worker_of(task))
        view.wait_for("Needs attention  1", "↻ recoverable", "itself goes on")

    def test_what_tasks_say_does_not_reach_the_terminal(self):
        evil = r"printf '\033]0;title\007\033[2J\033[Hevil'"
        self.create("--wait", f"{evil}; exit 1", code=1)
        view = self.watch()
        view.wait_for(r"\033]0;title")
        view.press("o")
        view.wait_for(r"\x1b]0;title\x07\x1b[2J\x1b[Hevil")
        self.assertNotIn(b"\x1b]0;title", view.written)
        view.press("qq")
        self.assert_given_back(view, 0)

    def test_filters(self):
        for label in ("alpha", "beta"):
            self.create("--wait", "true", "--label", label)
        view = self.watch()
        view.wait_for("alpha", "beta")
        view.press("/alp" + ENTER)
        view.wait_without("beta")
        view.wait_for("label *alp*", "alpha")
        view.press("/\x7f\x7f\x7f\x7f\x7fnone" + ENTER)
        view.wait_for("No task has a label that matches *none*")
        view.press(ESCAPE)
        view.wait_for("alpha", "beta")
        only = self.watch("--label", "b*")
        only.wait_for("beta", "label b*")
        self.assertNotIn("alpha", only.text())
        none = self.watch("--attention")
        none.wait_for("Nothing to see yet")

    def test_a_thousand_tasks(self):
        if not kept_state.IS_SQLITE:
            # A thousand directories take longer to make and remove than all the rest; what is
            # looked up is the same index.
            self.configure("store: {plugin: store-sqlite}\n")
        batch = [json.dumps({"text": "true", "label": f"task {i}", "hold": True})
                 for i in range(1000)]
        self.loong("tasks", "create", "-q", "--batch", self.write("batch", "\n".join(batch)))
        view = self.watch()
        view.wait_for("Queued  1000", "task 0", "more")
        pages = 0
        while "task 999" not in view.text():
            before = self.selected(view)
            view.press(PAGE_DOWN)
            view.wait_until("another selection", lambda: self.selected(view) not in ("", before))
            pages += 1
        self.assertLess(pages, 70)
        view.press(HOME)
        view.wait_for("task 0")
        processor = sum(os.times()[2:4])
        view.press("q")
        self.assert_given_back(view, 0)
        self.say(f"{sum(os.times()[2:4]) - processor:.2f} s of processor time in all")

    @staticmethod
    def selected(view):
        return "".join(line for line in view.text().split("\n") if line.startswith("▸"))

    def test_sizes(self):
        self.asking()
        self.create("--wait", "true", "--label", "ended one")
        view = self.watch()
        for columns, lines in ((200, 60), (40, 10), (5, 3), (1, 1), (2, 40), (300, 2)):
            view.resize(columns, lines)
            view.press("j?q" + ENTER + "oeq/x" + ESCAPE + "a" + ESCAPE)
        view.resize(80, 24)
        view.wait_for("Publish 1.4.0?", "Ended lately  1", "q quit")
        view.resize(120, 30)
        view.wait_until("a frame for the new size",
                        lambda: "loong, session default" in view.text().split("\n")[0][90:])
        tiny = self.terminal([PROGRAM, "tasks", "list", "--watch"], columns=1, lines=1)
        tiny.wait_until("a first frame", lambda: tiny.screen.is_alternate)
        tiny.press("q")
        self.assert_given_back(tiny, 0)

    def test_without_colours_and_symbols(self):
        self.create("--wait", "exit 3", "--label", "bäd one", code=1)
        self.environment.update(NO_COLOR="1")
        view = self.watch()
        view.wait_for("▸ ✗ failed", "bäd one")
        self.assertNotRegex(view.written, rb"\x1b\[[0-9;]*3[0-7]m")
        self.environment.update(LC_ALL="C")
        plain = self.watch()
        plain.wait_for("> x failed", "b?d one")

    def test_no_terminal_is_refused(self):
        for words in ([], ["--json"]):
            refused = self.loong("tasks", "list", "--watch", *words, code=2)
            self.assertEqual(refused.out, "")
        self.assertIn("error: unsupported: list --watch: standard output is not a terminal",
                      self.loong("tasks", "list", "--watch", code=2).err)
        dumb = self.terminal([PROGRAM, "tasks", "list", "--watch"], term="dumb")
        self.assert_given_back(dumb, 2)
        self.assertIn("this terminal cannot be drawn on", dumb.text())


class KeysTest(ViewTest):
    def test_open_a_task_and_see_its_output_as_it_comes(self):
        gate = self.gate()
        task = self.create_running(
            rf"printf '\033[32mgreen\033[0m\n'; {gate.wait}; echo second; {gate.wait}",
            "--label", "talker")
        view = self.watch()
        view.wait_for("talker")
        view.press(ENTER)
        view.wait_for("[status]", task, "● running")
        view.press(TAB)
        view.wait_for("[events]", "delegate_started")
        view.press(TAB)
        view.wait_for("[output]", "green")
        self.assertNotIn("second", view.text())
        gate.let_through()
        view.wait_for("second")
        gate.let_through()
        view.wait_for("✓ completed")
        view.press("e")
        view.wait_for("delegate_completed")
        view.press("?")
        view.wait_for("Keys")
        view.press("q")
        view.wait_for("[events]")
        view.press("q")
        view.wait_for("Ended lately")
        view.press("q")
        self.assert_given_back(view, 0)

    def test_output_goes_on_after_a_retry(self):
        task = self.create("--wait", "echo first try; exit 3", "--label", "tries", code=1)
        view = self.watch()
        view.wait_for("tries")
        view.press("o")
        view.wait_for("first try")
        view.press("r")
        view.wait_for("a new attempt", "y yes")
        view.press("y")
        view.wait_for("goes on from here")
        view.wait_until("the second attempt's output",
                        lambda: view.text().count("first try") == 2)
        self.wait(task, code=1)

    def test_approve_names_what_it_allows_and_asks(self):
        task = self.asking()
        view = self.watch()
        view.wait_for("? approval_pending")
        view.press("a")
        view.wait_for("Allow r1 of", "Publish 1.4.0?", "y yes")
        view.press("n")
        view.wait_for("a approve")
        self.assertEqual(self.status(task), "approval_pending")
        view.press("ay")
        view.wait_for("request r1 is allowed", "Ended lately  1")
        self.wait(task)
        self.assertEqual(self.output(task), "1.4.0 is out\n")

    def test_deny(self):
        task = self.asking()
        view = self.watch()
        view.wait_for("? approval_pending")
        view.press("d")
        view.wait_for("Deny r1 of")
        view.press("y")
        view.wait_for("request r1 is denied")
        self.wait(task, code=1)

    def test_a_question_that_is_answered_elsewhere_meanwhile(self):
        task = self.asking()
        view = self.watch()
        view.wait_for("? approval_pending")
        view.press("d")
        view.wait_for("Deny r1 of")
        self.loong("tasks", "approve", task)
        self.wait(task)
        view.press("y")
        view.wait_for("request_already_resolved")
        self.assertEqual(self.status(task), "completed")

    def test_answer(self):
        ask = f"{shlex.quote(PROGRAM)} tasks ask 'Which version?'"
        task = self.create(f"v=$({ask}) && echo got $v")
        self.loong("tasks", "wait", task, code=3)
        view = self.watch()
        view.wait_for("■ blocked", "Which version?")
        view.press("i")
        view.wait_for("Answer r1 of", "> _")
        view.press("1.5x\x7fü" + ENTER)
        self.wait(task)
        self.assertEqual(self.output(task), "got 1.5ü\n")

    def test_cancel_asks_first(self):
        task = self.create_running("sleep 600", "--label", "long one")
        view = self.watch()
        view.wait_for("long one")
        view.press("c")
        view.wait_for("Cancel", "for good?")
        view.press(ENTER)
        view.wait_for("c cancel")
        self.assertEqual(self.status(task), "running")
        view.press("cy")
        view.wait_for("⊘ cancelled")
        self.wait(task, code=1)

    def test_recover_shows_the_plan_and_does_it(self):
        gate = self.gate()
        task = self.create_running(gate.wait, "--label", "long one")
        self.kill(self.worker_of(task))
        view = self.watch()
        view.wait_for("↻ recoverable")
        view.press("r")
        view.wait_for("Recover", "the work is alive")
        view.press("y")
        view.wait_for("● running (recovered)")
        gate.let_through()
        view.wait_for("✓ completed")
        self.wait(task)

    def test_release(self):
        task = self.create("true", "--hold")
        view = self.watch()
        view.wait_for("… waiting")
        view.press("ly")
        view.wait_for("✓ completed")
        self.wait(task)

    def test_the_selection_stays_with_its_task(self):
        self.create("true", "--hold", "--label", "first")
        second = self.create("true", "--hold", "--label", "second")
        view = self.watch()
        view.wait_for("second")
        view.press("j")
        view.wait_until("the second one selected",
                        lambda: f"▸ … waiting  {second[-6:]}" in view.text())
        self.create("--wait", "exit 1", "--label", "bad one", code=1)
        view.wait_for("bad one")
        self.assertIn(f"▸ … waiting  {second[-6:]}", view.text())


class SignalTest(ViewTest):
    """However it ends, the terminal is as it was before."""

    def test_keys_and_signals_that_end_it(self):
        ways = [("q", 0), (CONTROL_C, 130), (CONTROL_BACKSLASH, -signal.SIGQUIT),
                (signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGHUP, -signal.SIGHUP),
                (signal.SIGSEGV, -signal.SIGSEGV), (signal.SIGABRT, -signal.SIGABRT)]
        for way, status in ways:
            with self.subTest(way=way):
                view = self.watch()
                self.assertTrue(view.screen.is_alternate)
                self.assertTrue(view.screen.cursor.hidden)
                self.assertNotEqual(view.settings(), view.settings_before)
                view.press(way) if isinstance(way, str) else view.send(way)
                self.assert_given_back(view, status)

    def test_a_prompt_or_an_opened_task_is_no_obstacle(self):
        self.create("true", "--hold", "--label", "held one")
        for keys, shown in (("c", "for good?"), (ENTER, "[status]"), ("/", "Which labels?")):
            with self.subTest(keys=keys):
                view = self.watch()
                view.press(keys)
                view.wait_for(shown)
                view.send(signal.SIGTERM)
                self.assert_given_back(view, 130)

    def test_stopped_and_continued_from_a_shell(self):
        self.create("true", "--hold", "--label", "held one")
        self.environment["PS1"] = "ready> "
        shell = self.terminal(["/bin/sh", "-i"])
        shell.wait_for("ready>")
        before = shell.settings()
        command = f"{shlex.quote(PROGRAM)} tasks list --watch\n"
        shell.press(command)
        shell.wait_for("held one", "q quit")
        for _ in range(2):
            shell.press(CONTROL_Z)
            shell.wait_until("the shell's screen", lambda: not shell.screen.is_alternate)
            shell.wait_until("the shell", lambda: shell.text().rstrip().endswith("ready>"))
            self.assertFalse(shell.screen.cursor.hidden)
            self.assertEqual(shell.settings(), before)
            shell.press("fg\n")
            shell.wait_until("the view's screen", lambda: shell.screen.is_alternate)
            shell.wait_for("held one", "q quit")
            self.assertTrue(shell.screen.cursor.hidden)
        shell.press("q")
        shell.wait_until("the shell's screen", lambda: not shell.screen.is_alternate)
        shell.press("echo left with $?; exit\n")
        shell.wait_for("left with 0")
        self.assertFalse(shell.screen.cursor.hidden)
        self.assertEqual(shell.settings(), before)

    def test_stopping_where_nobody_could_continue_it(self):
        view = self.watch()
        view.press(CONTROL_Z)
        view.send(signal.SIGWINCH)
        view.press("?")
        view.wait_for("Keys")
        view.press("qq")
        self.assert_given_back(view, 0)

    def test_stopped_hard_and_continued(self):
        self.create("true", "--hold", "--label", "held one")
        view = self.watch()
        view.send(signal.SIGSTOP)
        self.assertTrue(os.WIFSTOPPED(os.waitpid(view.pid, os.WUNTRACED)[1]))
        view.screen.erase_in_display(2)
        view.send(signal.SIGCONT)
        view.wait_for("held one", "q quit")
        view.press("q")
        self.assert_given_back(view, 0)

    def test_a_terminal_that_goes_away(self):
        view = self.watch()
        os.close(view.master)
        view.master = os.open("/dev/null", os.O_RDWR)
        loong_system.await_death(view.pid)
        pid, status = os.waitpid(view.pid, 0)
        view.status = os.waitstatus_to_exitcode(status)
        self.assertEqual(view.status, -signal.SIGHUP)


class FollowTest(ViewTest):
    """What waits and follows tells how the task stands, on a terminal, and how it ended."""

    def test_wait_shows_progress_and_takes_it_back(self):
        gate = self.gate()
        report = f"{shlex.quote(PROGRAM)} tasks report --progress"
        task = self.create_running(f"{report} 25 --note first; {gate.wait}; {report} 75 "
                                   f"--note second; {gate.wait}")
        waiting = self.terminal([PROGRAM, "tasks", "wait", task], columns=160)
        waiting.wait_for("● running", "████──", "25 %", "first")
        gate.let_through()
        waiting.wait_for("75 %", "second")
        gate.let_through()
        self.assertEqual(waiting.wait_end(), 0)
        self.assertRegex(waiting.text().strip(),
                         rf"^{task}  ✓ completed  completed [^;]* ago; "
                         rf"next: loong tasks output {task}$")

    def test_wait_for_several_tells_how_many_are_left(self):
        gate = self.gate()
        tasks = [self.create_running(gate.wait) for _ in range(2)]
        waiting = self.terminal([PROGRAM, "tasks", "wait", *tasks], columns=160)
        waiting.wait_for("waiting for 2 of 2: 2 running")
        gate.let_through()
        waiting.wait_for("waiting for 1 of 2: 1 running")
        gate.let_through()
        self.assertEqual(waiting.wait_end(), 0)
        self.assertEqual(waiting.text().count("completed"), 4)

    def follow_through_a_crash(self, *words):
        """Worker killed, task recovered: whoever follows is told what helps, and goes on."""
        gate = self.gate(f"gate-{len(self.meeting_points)}")
        task = self.create_running(f"echo before; {gate.wait}; echo after")
        follower = self.terminal([PROGRAM, "tasks", *words, task], columns=160)
        follower.wait_for("● running")
        self.kill(self.worker_of(task))
        follower.wait_for(f"↻ recoverable  loong tasks recover {task}", "is gone")
        self.recover(task)
        follower.wait_for("● running (recovered)")
        gate.let_through()
        self.assertEqual(follower.wait_end(), 0)
        self.assertNotIn("● running", follower.text())
        return task, follower.text().strip().split("\n")

    def test_output_goes_on_after_a_crash(self):
        task, lines = self.follow_through_a_crash("output", "--follow")
        self.assertEqual(lines[:2], ["before", "after"])
        self.assertRegex(lines[2], rf"^{task}  ✓ completed \(recovered\)  completed .* ago$")
        self.assertEqual(len(lines), 3)

    def test_events_go_on_after_a_crash(self):
        task, lines = self.follow_through_a_crash("events", "--follow")
        self.assertIn("delegate_recovery_applied", "".join(lines))
        self.assertIn("delegate_completed", lines[-2])
        self.assertRegex(lines[-1], rf"^{task}  ✓ completed .*; next: loong tasks output {task}$")

    def test_create_follow_ends_with_what_to_do(self):
        follower = self.terminal([PROGRAM, "tasks", "create", "--follow",
                                  "printf half; exit 3"], columns=160)
        self.assertEqual(follower.wait_end(), 1)
        lines = follower.text().strip().split("\n")
        self.assertEqual(lines[1], "half")
        self.assertRegex(lines[2], "✗ failed  failed .* ago: exit code 3; "
                                   "next: loong tasks recover --retry task-")

    def test_half_a_line_is_not_written_over(self):
        gate = self.gate()
        task = self.create_running(f"printf half; {gate.wait}; echo ' and half'; {gate.wait}")
        follower = self.terminal([PROGRAM, "tasks", "output", "--follow", task], columns=160)
        follower.wait_for("half")
        self.assertNotIn("running", follower.text())
        gate.let_through()
        follower.wait_for("half and half", "● running")
        gate.let_through()
        self.assertEqual(follower.wait_end(), 0)
        self.assertEqual(follower.text().split("\n")[0], "half and half")

    def test_without_a_terminal_there_are_the_bytes_alone(self):
        task = self.create("--wait", "echo out; echo err >&2")
        followed = self.loong("tasks", "output", "--follow", task)
        self.assertEqual((followed.out, followed.err), ("out\n", "err\n"))


class IndexTest(ViewTest):
    """The index is made anew by whoever first asks for what is in it."""

    def setUp(self):
        super().setUp()
        if kept_state.IS_SQLITE:
            self.skipTest("store-sqlite has no index beside its tasks")
        line = json.dumps({"command": ["true"], "hold": True}) + "\n"
        self.loong("tasks", "create", "-q", "--batch", "-", given=(line * 400).encode())
        for name in os.listdir(self.environment["LOONG_HOME"]):
            if name.startswith("index.sqlite"):
                os.unlink(os.path.join(self.environment["LOONG_HOME"], name))

    def test_bar_comes_and_goes(self):
        listing = self.terminal([PROGRAM, "tasks", "list", "--limit", "1"])
        self.assertEqual(listing.wait_end(), 0, listing.text())
        self.assertIn(b" of 400 tasks", listing.written)
        self.assertIn("400 waiting", listing.text())
        self.assertNotIn("index", listing.text())

    def test_no_bar_where_nobody_looks(self):
        answer = self.loong("tasks", "list", "--limit", "1")
        self.assertEqual(answer.err, "")


if __name__ == "__main__":
    loong_system.main()
