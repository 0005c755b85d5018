"""Tool policies: what is refused, what is asked, what narrowed work can still say."""

import os

from loong_system import PROGRAM, SystemTest, main


class NarrowingTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.skip_unless_narrowing_works()
        self.work = self.path("work")
        os.makedirs(self.work)

    def inside(self, *words):
        return self.loong("tasks", "create", "-q", *words, cwd=self.work).out.strip()

    def refused(self, *words):
        return self.loong("tasks", "create", "--json", *words, code=2, cwd=self.work)

    def policy(self, task):
        return self.detail(task)["tool_policy"]

    def requests(self, task):
        return self.detail(task)["approval"]["requests"]

    def events(self, task):
        return self.loong("tasks", "events", "--json", "--limit", "10000", task).json()["events"]

    def await_question(self, task):
        self.loong("tasks", "wait", "--until", "attention", task, code=3)
        return self.requests(task)[-1]

    # ---- bad input ----------------------------------------------------------------------------

    def test_bad_policies_are_refused(self):
        self.configure("tool_policy: {net.connect: deny, shell.exec: {default: allow, rules: "
                       "[{prefix: git push, decision: ask}]}}\n")
        cases = [
            (("--deny", "shel.exec", "x"), "unknown tool shel.exec", "did you mean 'shell.exec'?"),
            (("--write", "nowhere", "x"), "nowhere: No such file or directory", "name a directory"),
            (("--read", "/etc/passwd", "x"), "/etc/passwd: Not a directory", "name a directory"),
            (("--allow", "net.connect", "x"), "would widen it: the configuration says deny "
                                              "net.connect", "may only narrow"),
            (("--allow", "shell.exec:git push -f", "x"), "would widen it: the configuration says "
                                                         "ask shell.exec:git push", "may only"),
            (("--deny", "net.connect:example.org", "x"), "there are no rules for parts", "alone"),
            (("--deny", ":x", "x"), "names no tool", "TOOL:PREFIX"),
            (("--deny", "fs.write", "--write", ".", "x"), "contradict each other", "leave one"),
        ]
        for words, *mentions in cases:
            self.assert_error(self.refused(*words), "invalid_argument", *mentions)
        self.assertEqual(self.loong("tasks", "list", "--json").json()["matched_count"], 0)

    def test_a_directory_that_changed_is_noticed(self):
        os.makedirs(f"{self.work}/out")
        task = self.inside("--hold", "--write", "out", "touch ran")
        os.rename(f"{self.work}/out", f"{self.work}/old")
        os.symlink(self.directory, f"{self.work}/out")
        self.loong("tasks", "release", task)
        self.wait(task, code=1)
        self.assertIn("is not what it was", self.detail(task)["last_error"])
        self.assertFalse(os.path.exists(f"{self.work}/ran"))

    # ---- what is shown ------------------------------------------------------------------------

    def test_status_tells_what_is_in_force(self):
        os.makedirs(f"{self.work}/out")
        task = self.inside("--write", "out", "--no-network", "--deny", "task.create", "true")
        self.wait(task)
        policy = self.policy(task)
        self.assertEqual(policy["base_tool_ids"], ["shell.exec", "fs.read", "fs.write",
                                                   "net.connect", "task.create"])
        self.assertEqual(policy["requested_tool_ids"], ["fs.write", "task.create", "net.connect"])
        self.assertEqual(policy["effective_tool_ids"], ["shell.exec", "fs.read", "fs.write"])
        self.assertEqual(policy["effective_runtime_narrowing"], {
            "read_directories": None, "write_directories": [os.path.realpath(f"{self.work}/out")],
            "network": False, "rules": ["deny net.connect", "deny task.create"]})
        self.assertTrue(policy["enforced_by"][0].startswith("landlock "))
        self.assertIn("seccomp", policy["enforced_by"])
        status = self.loong("tasks", "status", task).out
        for words in ("narrowed    by landlock", "may write   ", "network     no", "rules "):
            self.assertIn(words, status)
        plain = self.inside("true")
        self.wait(plain)
        self.assertIsNone(self.policy(plain)["effective_runtime_narrowing"])
        self.assertIsNone(self.policy(plain)["enforced_by"])
        self.assertFalse(self.detail(plain)["task_status"]["tool_narrowing_active"])

    def test_useful_work_goes_on_as_ever(self):
        script = ("echo hi > file && cat file && echo t > $TMPDIR/t && cat $TMPDIR/t && "
                  "mkdir d && mv file d/f && ln -s d/f l && cat l | tr a-z A-Z && rm -r d l && "
                  "date > /dev/null && ls / > /dev/null; ls $TMPDIR && echo end")
        task = self.inside("--no-network", script)
        self.loong("tasks", "wait", "--until", "terminal", task, code=None)
        out = self.output(task).splitlines()
        self.assertEqual([out[0], out[1], out[2], out[-1]], ["hi", "t", "HI", "end"])
        session = self.detail(task)["paths"]["stdout"]
        self.assertFalse(os.path.exists(os.path.join(os.path.dirname(session), "tmp")))

    def test_batches_and_long_texts(self):
        self.write("batch.yaml", "- {text: 'touch a', write: [.], no_network: true}\n"
                                 "- {command: [touch, b], deny: [net.connect]}\n")
        created = self.loong("tasks", "create", "-q", "--batch", self.path("batch.yaml"),
                             cwd=self.work).out.split()
        long = self.loong("tasks", "create", "-q", "--no-network", "-", cwd=self.work,
                          given=b"# " + b"x" * 200_000 + b"\ntouch c\n").out.strip()
        self.wait(*created, long)
        self.assertEqual(sorted(os.listdir(self.work)), ["a", "b", "c"])
        for task in created:
            self.assertTrue(self.detail(task)["task_status"]["tool_narrowing_active"])

    # ---- rules --------------------------------------------------------------------------------

    def test_a_denied_command_is_not_run(self):
        task = self.inside("--deny", "shell.exec:touch", "true && touch never")
        self.wait(task, code=1)
        self.assertEqual(os.listdir(self.work), [])
        self.assertIn("deny shell.exec:touch", self.detail(task)["last_error"])
        denied = [event for event in self.events(task) if event["kind"] == "tool_denied"]
        self.assertEqual(len(denied), 1)
        self.assertEqual(denied[0]["data"], {"tool": "shell.exec", "detail": "true && touch never",
                                             "rule": "deny shell.exec:touch"})

    def answer(self, task, verb, *words):
        return self.loong("tasks", verb, task, *words)

    def test_a_command_that_asks(self):
        self.configure("tool_policy: {shell.exec: {default: allow, rules: [{prefix: touch, "
                       "decision: ask}]}}\n")
        task = self.inside("touch made")
        request = self.await_question(task)
        self.assertEqual((request["tool"], request["detail"]), ("shell.exec", "touch made"))
        self.assertEqual(os.listdir(self.work), [])
        self.answer(task, "approve")
        self.wait(task)
        self.assertEqual(os.listdir(self.work), ["made"])
        other = self.inside("touch other")
        self.await_question(other)
        self.answer(other, "deny")
        self.wait(other, code=1)
        self.assertEqual(os.listdir(self.work), ["made"])
        self.assertIn("tool_denied", self.kinds(other))

    def test_directories_and_network_are_asked_for_at_the_start(self):
        os.makedirs(self.path("more"))
        task = self.inside("--ask", f"fs.write:{self.path('more')}",
                           "--ask", "net.connect", f"touch a; touch {self.path('more')}/b")
        asked = []
        while True:
            end = self.loong("tasks", "wait", task, code=None)
            if end.code != 3:
                break
            request = self.requests(task)[-1]
            asked.append(request["tool"])
            self.answer(task, "approve" if request["tool"] == "fs.write" else "deny")
        self.assertEqual(sorted(asked), ["fs.write", "net.connect"])
        self.assertEqual(self.status(task), "completed")
        self.assertTrue(os.path.exists(self.path("more/b")))

    def test_a_question_survives_the_worker(self):
        task = self.inside("--ask", "shell.exec", "touch made")
        self.await_question(task)
        self.kill(self.worker_of(task))
        self.assertEqual(self.status(task), "recoverable")
        self.answer(task, "approve")
        self.recover(task)
        self.wait(task)
        self.assertEqual(os.listdir(self.work), ["made"])

    # ---- plans --------------------------------------------------------------------------------

    def test_a_step_is_narrower_than_its_task(self):
        os.makedirs(f"{self.work}/out")
        self.write("plan.yaml", "steps:\n"
                                "- run: touch free out/free\n"
                                "- name: narrow\n"
                                "  run: touch out/narrow; touch narrow; true\n"
                                "  write: out\n"
                                "  no_network: true\n"
                                "- run: touch free-again\n")
        task = self.inside("--file", self.path("plan.yaml"))
        self.wait(task)
        self.assertEqual(sorted(os.listdir(self.work)), ["free", "free-again", "out"])
        self.assertEqual(sorted(os.listdir(f"{self.work}/out")), ["free", "narrow"])

    def test_steps_cannot_widen_nor_write_loong(self):
        self.write("wide.yaml", "steps:\n- name: wide\n  run: x\n  allow: net.connect\n")
        self.assert_error(self.refused("--no-network", "--file", self.path("wide.yaml")),
                          "invalid_argument", "step wide", "would widen it: the task says")
        self.write("state.yaml", f"steps:\n- name: s\n  run: 'true'\n  write: {self.directory}\n")
        self.assert_error(self.refused("--file", self.path("state.yaml")),
                          "invalid_argument", "step s", "it could write")

    # ---- from inside --------------------------------------------------------------------------

    def test_report(self):
        post, gate = self.path("work/said"), self.gate()
        os.mkfifo(post)
        task = self.inside("--no-network", f"{PROGRAM} tasks report --progress 40 --note half; "
                                           f"echo $? > said; {gate.wait}")
        with open(post, encoding="utf-8") as said:
            self.assertEqual(said.read(), "0\n")
        progress = self.detail(task)["progress"]
        self.assertEqual((progress["percent"], progress["note"]), (40, "half"))
        gate.let_through()
        self.wait(task)

    def test_create(self):
        task = self.inside("--no-network", f"{PROGRAM} tasks create --label child "
                                           f"'touch born; echo $VALUE' --env VALUE=5")
        self.wait(task)
        self.assertIn("task-", self.output(task))
        listed = self.loong("tasks", "list", "--json").json()["tasks"]
        child = [row for row in listed if row["label"] == "child"]
        self.assertEqual(len(child), 1)
        self.wait(child[0]["task_id"])
        self.assertEqual(self.output(child[0]["task_id"]), "5\n")
        self.assertTrue(os.path.exists(f"{self.work}/born"))

    def test_ask(self):
        task = self.inside("--no-network", f"{PROGRAM} tasks ask 'Which one?' && "
                                           f"{PROGRAM} tasks ask --approve 'Really?'; echo $?")
        self.await_question(task)
        self.answer(task, "answer", "this one")
        self.await_question(task)
        self.answer(task, "deny")
        self.wait(task)
        self.assertEqual(self.output(task), "this one\ndenied\n1\n")

    def test_a_question_from_inside_survives_the_worker(self):
        task = self.inside("--no-network", f"{PROGRAM} tasks ask 'Which one?'")
        self.await_question(task)
        self.kill(self.worker_of(task))
        self.answer(task, "answer", "this one")
        self.recover(task)
        self.wait(task)
        self.assertEqual(self.output(task), "this one\n")
        self.assertEqual(len(self.requests(task)), 1)

    def test_create_is_denied_and_asked_for(self):
        denied = self.inside("--deny", "task.create", f"{PROGRAM} tasks create true")
        self.wait(denied, code=1)
        self.assertIn("tool_denied", self.kinds(denied))
        asked = self.inside("--ask", "task.create", f"{PROGRAM} tasks create -q true")
        self.await_question(asked)
        self.assertEqual(self.loong("tasks", "list", "--json").json()["matched_count"], 2)
        self.answer(asked, "approve")
        self.wait(asked)
        self.wait(self.output(asked).strip())

    def test_messages_wait_for_the_next_worker(self):
        pipe = self.path("work/go")
        os.mkfifo(pipe)
        task = self.inside("--no-network", f"read _ < go; {PROGRAM} tasks create -q true; "
                                           f"{PROGRAM} tasks report --progress 99")
        while not self.keepers():
            self.loong("tasks", "wait", "--timeout", "100ms", task, code=None)
        self.kill(self.worker_of(task))
        with open(pipe, "w", encoding="utf-8") as go:
            go.write("\n")
        self.recover(task)
        self.wait(task)
        listed = self.loong("tasks", "list", "--json").json()
        self.assertEqual(listed["matched_count"], 2)
        self.assertEqual(self.detail(task)["progress"]["percent"], 99)

    def narrow_step(self, run, narrowing, *options):
        """A task whose second step may do less than the rest of it."""
        self.write("plan.yaml", f"steps:\n- run: touch free\n- name: narrow\n  run: |\n    {run}\n"
                                f"  {narrowing}\n- run: touch after\n")
        os.makedirs(f"{self.work}/out", exist_ok=True)
        return self.inside(*options, "--file", self.path("plan.yaml"))

    def test_a_narrow_step_speaks_as_well(self):
        task = self.narrow_step(f"{PROGRAM} tasks report --note half && "
                                f"{PROGRAM} tasks create -q 'touch away out/born; true' > out/child && "
                                f"{PROGRAM} tasks ask --approve 'Go on?'", "write: out")
        self.await_question(task)
        self.assertEqual(self.detail(task)["progress"]["note"], "half")
        child = self.read("work/out/child").strip()
        self.wait(child)
        # What it created may do no more than the step, though the task may.
        self.assertEqual(self.policy(child)["effective_runtime_narrowing"]["write_directories"],
                         [os.path.realpath(f"{self.work}/out")])
        self.answer(task, "approve")
        self.wait(task)
        self.assertEqual(sorted(os.listdir(self.work)), ["after", "free", "out"])
        self.assertEqual(sorted(os.listdir(f"{self.work}/out")), ["born", "child"])

    def test_a_narrow_step_of_a_narrowed_task_creates_nothing_wider(self):
        task = self.narrow_step(f"{PROGRAM} tasks create -q true > out/child; "
                                f"{PROGRAM} tasks create --allow net.connect true; "
                                'ls "$(dirname "$LOONG_CHANNEL")"/loong-inside && touch out/other; '
                                "true", "no_network: true", "--write", ".")
        self.wait(task)
        # The channel of the task would create what the task may.
        self.assertEqual(os.listdir(f"{self.work}/out"), ["child"])
        self.assertIn("would widen it", self.loong("tasks", "output", task).err)
        child = self.read("work/out/child").strip()
        self.assertFalse(self.policy(child)["effective_runtime_narrowing"]["network"])
        self.assertTrue(self.policy(task)["effective_runtime_narrowing"]["network"])

    def test_a_narrow_step_that_may_not_create(self):
        task = self.narrow_step(f"{PROGRAM} tasks create true", "deny: task.create")
        self.wait(task, code=1)
        self.assertIn("tool_denied", self.kinds(task))

    def test_a_question_of_a_narrow_step_survives_the_worker(self):
        task = self.narrow_step(f"{PROGRAM} tasks ask 'Which?' > out/said; "
                                f"{PROGRAM} tasks create -q true > out/child", "write: out")
        self.await_question(task)
        self.kill(self.worker_of(task))
        self.answer(task, "answer", "this one")
        self.assertEqual(self.recover(task)["action"]["kind"], "adopted")
        self.wait(task)
        self.assertEqual(self.read("work/out/said"), "this one\n")
        self.assertEqual(len(self.requests(task)), 1)
        child = self.read("work/out/child").strip()
        self.assertTrue(self.policy(child)["effective_runtime_narrowing"])

    def test_what_comes_from_inside_is_not_trusted(self):
        script = r"""cd $LOONG_CHANNEL
n=0
leave() { n=$((n+1)); mv .x $(printf %024x $n).request; }
put() { printf '%s' "$1" > .x; leave; }
put 'no json'
put '{"verb":"approve","request":"r1"}'
put '{"verb":"report","note":7}'
put '{"verb":"report","note":"x","more":1}'
put '{"verb":"create","work":{"kind":"text","text":"true"},"working_directory":"rel"}'
head -c 20000000 /dev/zero > .x; leave
n=$((n+1)); ln -s $LOONG_HOME/store.yaml $(printf %024x $n).request
n=$((n+1)); mkfifo $(printf %024x $n).request
n=$((n+1)); name=$(printf %024x $n); mkdir $name.answer
printf '{"verb":"report","note":"y"}' > .x; mv .x $name.request
printf x > not-a-name.request; mkdir bad; ln -s / .z
put '{"verb":"report","percent":7,"note":"good"}'
echo > bell
last=$(printf %024x $n)
refused() { grep -l '"error"' *.answer 2> /dev/null | wc -l; }
# One look answers them in no order. Where one is not refused this never ends, and the test fails.
while [ ! -e $last.answer ] || [ $(refused) -lt 8 ]; do sleep 0.02; done
refused
grep -c state $last.answer
rm bell; printf x > bell
"""
        task = self.inside("--no-network", script)
        self.wait(task)
        self.assertEqual(self.output(task).split(), ["8", "1"])
        self.assertEqual(self.loong("tasks", "list", "--json").json()["matched_count"], 1)
        self.assertEqual(self.status(task), "completed")

    def test_other_verbs_say_that_they_are_not_for_inside(self):
        task = self.inside("--no-network", f"{PROGRAM} tasks list --json")
        self.wait(task, code=1)
        said = self.loong("tasks", "output", "--stream", "stderr", task).err
        self.assertIn("unsupported", said)


if __name__ == "__main__":
    main()
