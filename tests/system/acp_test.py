"""Agents over the Agent Client Protocol, as an operator meets them: the scripted agent, and the example
agent of the protocol's own SDK where it can be had. What they have in common is tried with both."""

import json
import os
import shutil
import sys
import unittest

from loong_system import PROGRAM, SystemTest, is_alive

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TESTS, "acp"))
import sdk_agent  # noqa: E402

SCRIPTED = os.path.join(TESTS, "acp", "scripted_agent.py")


class AcpTest(SystemTest):
    """What both kinds of agent are tried with."""

    def setUp(self):
        super().setUp()
        self.counts = {}

    def tearDown(self):
        super().tearDown()
        if self.counts:
            self.say(", ".join(f"{what}: {count}" for what, count in self.counts.items()))

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def use(self, *command, **settings):
        entry = {"plugin": "runtime-acp", "command": command[0], "args": list(command[1:]),
                 **settings}
        self.configure(f"runtimes: {{agent: {json.dumps(entry)}}}\nruntime: agent\n")

    def start(self, *words, **options):
        options.setdefault("cwd", self.directory_of_its_own())
        return super().start(*words, **options)

    def pending(self, task):
        self.loong("tasks", "wait", "--until", "attention", task, code=3)
        self.assertEqual(self.status(task), "approval_pending")
        self.count("approvals pending")

    def requests(self, task):
        return self.detail(task)["approval"]["requests"]

    def end(self, task, status, code=1):
        self.wait(task, code=code)
        detail = self.detail(task)
        self.assertEqual(detail["task_status"]["status"], status, json.dumps(detail, indent=1))
        self.count(status)
        return detail

    def flows(self, allowed, denied):
        """The four ways of an open approval, side by side."""
        tasks = [self.create(*more, "change the configuration")
                 for more in ([], [], [], ["--retry", "1"])]
        for task in tasks:
            self.pending(task)
        listed = self.loong("tasks", "list", "--attention").out
        for task in tasks:
            self.assertIn(f"loong tasks approve {task}\n", listed)
        yes, no, stopped, lost = tasks

        self.loong("tasks", "approve", yes)
        self.end(yes, "completed", code=0)
        self.assertIn(allowed, self.output(yes))

        self.loong("tasks", "deny", no)
        self.end(no, "completed", code=0)
        self.assertIn(denied, self.output(no))

        self.loong("tasks", "cancel", "--wait", stopped)
        self.end(stopped, "cancelled")
        self.assertIn("request_withdrawn", self.kinds(stopped))

        self.kill(self.worker_of(lost))
        self.assertEqual(self.status(lost), "recoverable")
        result = self.recover_when_it_can_be(lost)
        self.pending(lost)
        self.loong("tasks", "approve", lost)
        self.end(lost, "completed", code=0)
        self.assertIn(allowed, self.output(lost))
        self.count(result["action"]["kind"])
        self.await_idle()
        self.assertEqual(self.agents(), [])
        return tasks

    def recover_when_it_can_be(self, task):
        """An agent that was just lost is being ended, and recover says so until it is gone."""
        while True:
            result = self.loong("tasks", "recover", "--json", task, code=None).json()
            if "being ended" not in result["message"]:
                self.assertEqual(result["result"], "applied", json.dumps(result))
                return result

    def agents(self):
        return [pid for pid in self.processes() if pid not in self.workers() and is_alive(pid)]


class ScriptedTest(AcpTest):
    def play(self, scenario, *words, **settings):
        self.use(sys.executable, "-I", "-S", SCRIPTED, scenario, *words, **settings)

    def test_the_four_flows(self):
        self.play("ask")
        yes = self.flows("chose yes", "chose no")[0]
        detail = self.detail(yes)
        self.assertEqual(detail["terminal_outcome"]["result"], "chose yes")
        directory = os.path.dirname(detail["paths"]["stdout"])
        with open(os.path.join(directory, "acp.jsonl"), encoding="utf-8") as file:
            sent = [json.loads(line) for line in file]
        self.assertEqual(sent[0]["message"]["method"], "initialize")

    def test_a_lost_worker_of_an_agent_that_resumes(self):
        """The approval stays the same request, is answered while nobody is there, and holds."""
        self.play("resume")
        task = self.create("--retry", "1", "do it")
        self.pending(task)
        before = self.requests(task)
        self.kill(self.worker_of(task))
        self.loong("tasks", "approve", task)
        result = self.recover_when_it_can_be(task)
        self.assertEqual(result["action"]["kind"], "adopted")
        detail = self.end(task, "completed", code=0)
        self.assertEqual(detail["terminal_outcome"]["result"], "chose yes")
        self.assertEqual([one["request_id"] for one in self.requests(task)],
                         [one["request_id"] for one in before])
        events = self.loong("tasks", "events", "--json", "--limit", "100", task).out
        self.assertIn("took up the agent's session ses-1 again (session/resume)", events)
        self.count("answers kept")

    def test_without_leave_to_go_on_it_tells_what_was_lost(self):
        self.play("resume")
        task = self.create("do it")
        self.pending(task)
        self.kill(self.worker_of(task))
        self.recover_when_it_can_be(task)
        detail = self.end(task, "failed")
        self.assertIn("1 approval was not answered", detail["terminal_outcome"]["message"])
        self.assertIn("ses-1", detail["terminal_outcome"]["message"])

    def test_with_leave_at_recovery_it_goes_on(self):
        self.play("resume")
        task = self.create("do it")
        self.pending(task)
        self.kill(self.worker_of(task))
        result = self.loong("tasks", "recover", "--json", "--retry", task).json()
        self.assertEqual(result["action"]["kind"], "adopted")
        self.pending(task)
        self.assertEqual(len(self.requests(task)), 1)
        self.loong("tasks", "approve", task)
        self.end(task, "completed", code=0)

    def test_a_login_blocks_and_names_the_methods(self):
        self.play("login")
        task = self.create("do it")
        self.loong("tasks", "wait", "--until", "attention", task, code=3)
        detail = self.detail(task)
        self.assertEqual(detail["task_status"]["status"], "blocked")
        self.assertIn("Log in on the web, API key", detail["task_status"]["reason"])
        self.write("of-its-own/logged-in", "")
        self.loong("tasks", "answer", task, "done")
        self.end(task, "completed", code=0)

    def test_plans_are_progress_and_only_the_operator_says_always(self):
        self.play("tells")
        task = self.create("do it")
        self.end(task, "completed", code=0)
        self.assertEqual(self.detail(task)["progress"]["done"], 1)
        self.assertEqual(self.detail(task)["progress"]["total"], 3)
        self.play("ask")
        task = self.create("do it")
        self.pending(task)
        self.loong("tasks", "approve", "--always", task)
        self.end(task, "completed", code=0)
        self.assertEqual(self.output(task), "chose always")

    def test_narrowed_it_is_held_by_the_kernel(self):
        self.skip_unless_narrowing_works()
        self.play("writes")
        outside = self.path("outside")
        task = self.create("--no-network", outside)
        self.end(task, "completed", code=0)
        self.assertIn("refused", self.output(task))
        self.assertFalse(os.path.exists(outside))

    def test_the_policy_answers_first(self):
        self.skip_unless_narrowing_works()
        self.play("ask")
        task = self.create("--deny", "shell.exec:make", "do it")
        self.end(task, "completed", code=0)
        self.assertEqual(self.output(task), "chose no")
        self.assertIn("tool_denied", self.kinds(task))

    def test_a_preset_says_what_to_install(self):
        prefix = os.path.dirname(os.path.dirname(PROGRAM))
        folder = os.path.join(prefix, "share/loong/runtimes")
        # Where nothing of npm's is: whatever is installed here is not seen.
        self.environment["PATH"] = "/usr/bin:/bin"
        for file in sorted(os.listdir(folder)):
            name = file.removesuffix(".yaml")
            with open(os.path.join(folder, file), encoding="utf-8") as text:
                command = next(line.split()[1] for line in text if line.startswith("command:"))
            if shutil.which(command, path=self.environment["PATH"]):
                self.say(f"{name} is installed, and not tried")
                continue
            refused = self.loong("tasks", "create", "--json", "--runtime", name, "do it", code=2)
            self.assert_error(refused, "unsupported", f"there is no program {command}",
                              "install it: npm install --global")
            self.count("presets")

    def test_a_preset_is_changed_by_the_configuration(self):
        self.configure("runtimes: {mine: {preset: qwen-code, command: /bin/none, mode: plan}}\n"
                       "runtime: mine\n")
        refused = self.loong("tasks", "create", "--json", "do it", code=2)
        self.assert_error(refused, "unsupported", "there is no program /bin/none")
        self.configure("runtimes: {mine: {preset: qwen-cod}}\n")
        refused = self.loong("tasks", "list", "--json", code=2)
        self.assert_error(refused, "invalid_config", "qwen-code")


class SdkTest(AcpTest):
    def test_the_four_flows(self):
        command, why_not = sdk_agent.find(os.environ.get("LOONG_TEST_CACHE", "build/tests"))
        if command is None:
            self.tearDown()
            self.skipTest(why_not)
        self.use(*command)
        yes, no, stopped, _ = self.flows("I've successfully updated the configuration",
                                         "I understand you prefer not to make that change")
        asked = self.requests(yes)[0]
        self.assertIn("Modifying critical configuration file", asked["question"])
        self.assertEqual(asked["tool"], "fs.write")
        self.assertEqual(self.requests(yes)[0]["option_id"], "allow")
        self.assertEqual(self.requests(no)[0]["option_id"], "reject")
        self.assertEqual(self.requests(stopped)[0]["state"], "withdrawn")


if __name__ == "__main__":
    unittest.main(verbosity=2)
