"""Plugins that go wrong while they run: each takes its own session with it, truthfully told, and no
other; and `loong plugins check`, which finds them out and survives them."""

import os
import shutil

from loong_system import SystemTest, main

PLUGINS = os.environ["LOONG_TEST_PLUGINS"]


class PluginTest(SystemTest):
    def setUp(self):
        super().setUp()
        os.mkdir(self.path("plugins"), 0o755)

    def plugin(self, name):
        """A copy that nobody else may write to, whatever the build tree allows."""
        file = self.path(f"plugins/{name}.so")
        shutil.copyfile(f"{PLUGINS}/{name}.so", file)
        os.chmod(file, 0o644)
        return file

    def configure_bad(self, setting=""):
        self.configure("runtimes:\n  local: {plugin: runtime-local}\n"
                       f"  bad: {{plugin: {self.plugin('misbehaves')}{setting}}}\n")

    def check(self, plugin, code=6, **options):
        report = self.loong("plugins", "check", "--json", plugin, code=code, **options).json()
        failed = [check for check in report["checks"] if check["result"] == "failed"]
        self.assertEqual(report["passed"], not failed)
        return report, failed


class RunTest(PluginTest):
    """What happens to the session, and to its neighbours."""

    def setUp(self):
        super().setUp()
        self.configure_bad()
        gate = self.gate()
        self.neighbours = [self.create_running(f"{gate.wait}; echo whole") for _ in range(2)]
        self.let_through = lambda: gate.let_through(2)

    def tearDown(self):
        try:
            self.let_through()
            self.wait(*self.neighbours)
            for task in self.neighbours:
                self.assertEqual(self.output(task), "whole\n")
            self.wait(self.create("--runtime", "bad", "behave"))
        finally:
            super().tearDown()

    def bad(self, text, *words, **options):
        return self.create("--runtime", "bad", *words, text, **options)

    def expect_lost(self, task):
        """Its worker is gone, which shows at once; and the task ends failed, not run again."""
        self.loong("tasks", "wait", task, code=3)
        status = self.detail(task)["task_status"]
        self.assertEqual(status["status"], "recoverable")
        self.assertIn("carrier_lost", status["signals"])
        self.assertEqual(self.recover(task)["action"]["kind"], "marked_failed")
        self.assertEqual(self.status(task), "failed")

    def test_crash(self):
        self.expect_lost(self.bad("crash"))

    def test_exception_in_a_thread(self):
        self.expect_lost(self.bad("thread"))

    def test_exit(self):
        self.expect_lost(self.bad("exit"))

    def test_foreign_exception(self):
        task = self.bad("throw")
        self.wait(task, code=1)
        self.assertIn("plugin_fault: plugin misbehaves: run: threw something",
                      self.detail(task)["last_error"])

    def test_memory(self):
        task = self.bad("memory")
        self.loong("tasks", "wait", task, code=None)
        if self.status(task) == "recoverable":
            self.expect_lost(task)
        else:
            self.assertIn("bad_alloc", self.detail(task)["last_error"])

    def test_hang(self):
        """Nothing in the worker can end it; being overdue shows, and recover ends the worker."""
        task = self.bad("hang", "--timeout", "1s", "--grace", "1s")
        self.loong("tasks", "wait", "--until", "overdue", task, code=3)
        self.assertEqual(self.recover(task)["action"]["kind"], "ended_overdue")
        self.assertEqual(self.status(task), "timed_out")


class CheckTest(PluginTest):
    def test_what_is_refused_at_the_boundary(self):
        for name, check, why in [
                ("no-symbol", "it exports a descriptor", "LOONG_RUNTIME_PLUGIN"),
                ("older-interface", "it was built for this interface", "interface 0, this loong"),
                ("newer-interface", "it was built for this interface", "interface 2, this loong"),
                ("other-number", "the descriptor says the interface number", "interface 7"),
                ("small-descriptor", "the descriptor has its size", "16 bytes"),
                ("other-layout", "the types have the layout of this loong", "another layout"),
                ("empty-id", "the descriptor names id and version", "no id"),
                ("no-create", "the descriptor has create and destroy", "no create"),
                ("unresolved-symbol", "it loads with every symbol bound", "nobody_defines_this"),
                ("create-gives-nothing", "create() makes objects with these settings",
                 "did not say why"),
                ("create-fails", "create() makes objects with these settings", "key 'port'"),
                ("create-throws", "create() makes objects with these settings", "no luck"),
                ("methods-throw-int", "check() answers at once", "threw something"),
                ("store-throws", "an empty store has nothing", "threw something")]:
            with self.subTest(name):
                _, failed = self.check(self.plugin(name))
                self.assertEqual(failed[0]["name"], check)
                self.assertIn(why, failed[0]["message"])

    def test_what_is_no_plugin_of_mine(self):
        file = self.plugin("healthy")
        os.chmod(file, 0o666)
        _, failed = self.check(file)
        self.assertEqual(failed[0]["name"], "nobody else may write to the file")
        _, failed = self.check(self.write("text.so", "no library"))
        self.assertEqual(failed[0]["name"], "it is a shared library for this machine")
        with open(self.plugin("healthy"), "rb+") as cut:
            cut.truncate(5000)
        _, failed = self.check(self.path("plugins/healthy.so"))
        self.assertIn("cut off", failed[0]["message"])
        error = self.loong("plugins", "check", "nonsense", code=2)
        self.assertIn("plugin_not_found", error.err)

    def test_a_healthy_one_passes(self):
        report, _ = self.check(self.plugin("healthy"), code=0)
        self.assertEqual((report["id"], report["version"], report["kind"]),
                         ("healthy", "1.2.3", "runtime"))
        for name in ("runtime-local", "store-files"):
            report, _ = self.check(name, code=0)
            self.assertEqual(report["id"], name)
            self.say(f"{name}: {len(report['checks'])} checks")

    def test_what_goes_wrong_is_survived(self):
        for setting, why in [("crash", "crashed: SIGSEGV"), ("exit", "exit code 0"),
                             ("thread", "crashed: SIGABRT"), ("memory", "bad_alloc")]:
            with self.subTest(create=setting):
                self.configure_bad(f", create: {setting}")
                _, failed = self.check(self.path("plugins/misbehaves.so"))
                self.assertEqual(failed[0]["name"], "create() makes objects with these settings")
                self.assertIn(why, failed[0]["message"])
        self.configure_bad()
        for text in ("crash", "exit", "throw"):
            with self.subTest(text=text):
                report = self.loong("plugins", "check", "--json", "--text", text,
                                    self.path("plugins/misbehaves.so"), code=6).json()
                failed = [one for one in report["checks"] if one["result"] == "failed"]
                self.assertEqual(failed[0]["name"], "a worker carries a session to its outcome")
        self.assertEqual(self.workers(), [])

    def test_what_hangs_is_ended(self):
        self.configure_bad(", create: hang")
        _, failed = self.check(self.path("plugins/misbehaves.so"))
        self.assertIn("did not come back within 10 s", failed[0]["message"])
        self.assertEqual(self.processes(), [])


if __name__ == "__main__":
    main()
