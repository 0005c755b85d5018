"""Who sees which task: every verb refuses what its viewer does not see, and shows what it does."""

import os

from loong_system import PROGRAM, SystemTest, main

# Every verb over one task, with the words that make it do something.
VERBS = [
    ("tasks status", ()), ("tasks events", ()), ("tasks wait", ()), ("tasks output", ()),
    ("tasks cancel", ()), ("tasks cancel", ("--cascade",)), ("tasks recover", ()),
    ("tasks recover", ("--retry",)), ("tasks release", ()), ("tasks archive", ()),
    ("tasks prune", ()), ("tasks approve", ()), ("tasks deny", ()), ("approvals show", ()),
]


class VisibilityTest(SystemTest):
    def refused(self, task, *viewer):
        """Every verb, by a viewer who does not see the task. Returns how many there were."""
        events = self.kinds_of(task)
        for verb, options in VERBS:
            words = [*verb.split(), "--json", *viewer, *options, task]
            self.assert_error(self.loong(*words, code=4), "visibility_denied", "--session")
        answer = self.loong("tasks", "answer", "--json", *viewer, task, "yes", code=4)
        self.assert_error(answer, "visibility_denied")
        for option in ("--after", "--after-any"):
            created = self.loong("tasks", "create", "--json", *viewer, option, task, "true", code=4)
            self.assert_error(created, "visibility_denied")
        before = self.loong("tasks", "list", "--json", *viewer, "--before", task, code=4)
        self.assert_error(before, "visibility_denied")
        self.assertEqual(self.kinds_of(task), events)
        return len(VERBS) + 4

    def kinds_of(self, task):
        found = self.loong("tasks", "events", "--json", "--all-sessions", task).json()
        return [event["kind"] for event in found["events"]]

    def listed(self, *viewer):
        return set(self.loong("tasks", "list", "-q", *viewer).out.split())

    def asked(self, *viewer):
        return set(self.loong("approvals", "list", "-q", *viewer).out.split())

    def asking(self, *options):
        task = self.create(*options, f"{PROGRAM} tasks ask --approve Well?")
        self.loong("tasks", "wait", "--all-sessions", "--until", "attention", task, code=3)
        return task

    def test_another_scope_is_refused_by_every_verb(self):
        task = self.asking("--session", "theirs")
        count = self.refused(task, "--session", "mine")
        count += self.refused(task[-6:], "--session", "mine")
        self.assertEqual(self.listed("--session", "mine"), set())
        self.assertEqual(self.asked("--session", "mine"), set())
        self.assertEqual(self.listed("--session", "mine", "--attention"), set())
        self.say(f"refusals {count}")

    def test_a_filter_finds_only_what_is_seen(self):
        task = self.asking("--session", "theirs", "--label", "x")
        for verb in ("cancel", "recover", "status"):
            none = self.loong("tasks", verb, "--json", "--label", "x", code=4)
            self.assert_error(none, "task_not_found")
        self.assertEqual(self.loong("tasks", "recover", "--all").out, "Nothing to recover.\n")
        self.assertEqual(self.kinds_of(task).count("delegate_cancel_requested"), 0)

    def test_all_sessions_lifts_it(self):
        mine, theirs = self.asking("--session", "mine"), self.asking("--session", "theirs")
        self.assertEqual(self.listed("--all-sessions"), {mine, theirs})
        self.assertEqual(self.asked("--all-sessions"), {f"{mine}/r1", f"{theirs}/r1"})
        self.loong("tasks", "approve", "--all-sessions", mine)
        shown = self.loong("approvals", "show", "--json", "--all-sessions", theirs).json()
        command = shown["request"]["answers"][1]["command"]
        self.assertEqual(command, f"loong tasks deny --all-sessions {theirs}")
        self.loong(*command.split()[1:])
        self.wait("--all-sessions", mine, theirs, code=1)

    def test_proposed_commands_name_the_session(self):
        task = self.asking("--session", "mine")
        for view in (("tasks", "list", "--attention"), ("approvals", "list"),
                     ("tasks", "status", task), ("approvals", "show", task)):
            shown = self.loong(*view, "--session", "mine").out
            self.assertIn(f"loong tasks approve --session mine {task}", shown)

    def test_latest_is_the_newest_scope_with_a_task(self):
        self.asking("--session", "older")
        newer = self.asking("--session", "newer")
        self.assertEqual(self.listed("--session", "latest"), {newer})
        self.loong("tasks", "approve", "--session", "latest", newer)
        self.wait("--session", "newer", newer)

    def test_a_task_sees_what_it_created_and_nothing_above_or_beside(self):
        """From inside the work, where the viewer is the session that carries it."""
        beside = self.asking()
        post, gate = self.signpost(), self.gate()
        parent = self.create(f"{PROGRAM} tasks create -q '{PROGRAM} tasks ask --approve Inner?' "
                             f"> child; {post.tell()}; {gate.wait}", cwd=self.directory)
        post.await_line()
        child, = self.lines("child")
        self.loong("tasks", "wait", "--until", "attention", child, code=3)
        inside = ("--session", self.detail(parent)["task_session_id"])
        self.assertEqual(self.listed(*inside), {child})
        self.assertEqual(self.asked(*inside), {f"{child}/r1"})
        count = self.refused(beside, *inside) + self.refused(parent, *inside)
        # The scope above sees all three.
        self.assertEqual(self.listed(), {beside, parent, child})
        self.assertEqual(self.detail(child)["owner_session_id"], inside[1])
        self.loong("tasks", "approve", *inside, child)
        self.wait(child)
        gate.let_through()
        self.wait(parent)
        self.say(f"refusals {count}")

    def test_sessions_that_are_none(self):
        for session, error, code in (("..", "invalid_argument", 2), ("a b", "invalid_argument", 2),
                                     ("session-" + "0" * 26, "session_not_found", 4)):
            refused = self.loong("tasks", "list", "--json", "--session", session, code=code)
            self.assert_error(refused, error)

    def test_cancel_leaves_what_a_task_created_unless_told(self):
        post = self.signpost()
        parent = self.create(f"{PROGRAM} tasks create -q --hold true > child; {post.tell()}; "
                             "exec sleep 1000", cwd=self.directory)
        post.await_line()
        child, = self.lines("child")
        told = self.loong("tasks", "cancel", "--wait", parent).out
        self.assertIn("tasks that it created go on: 1 (--cascade ends them too)", told)
        self.assertEqual(self.status(child), "waiting")
        # Also afterwards: the task itself has ended, and what it created is still to be found.
        done = self.loong("tasks", "cancel", "--json", "--cascade", parent, code=5).json()
        self.assertEqual([one["result"] for one in done["results"]],
                         ["skipped_not_cancellable", "applied"])
        self.assertEqual(self.status(child), "cancelled")

    def test_no_loops_of_dependencies(self):
        """A task can only come after one that exists, so no task ever comes after itself."""
        first = self.create("--hold", "true")
        for name in ("task-" + "0" * 26, "nothing", first + "x"):
            refused = self.loong("tasks", "create", "--json", "--after", name, "true", code=4)
            self.assert_error(refused, "task_not_found")
        batch = self.write("batch.yaml", "text: 'true'\nlabel: one\nafter: [two]\n---\n"
                           "text: 'true'\nlabel: two\nafter: [one]\n")
        refused = self.loong("tasks", "create", "--json", "--batch", batch, code=None)
        self.assertNotEqual(refused.code, 0)
        self.assertEqual(self.listed(), {first})


if __name__ == "__main__":
    os.umask(0o077)
    main()
