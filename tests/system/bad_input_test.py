"""Bad input: each a clear error with its code and exit status, and nothing half-made left
behind."""

import os
import subprocess
import tempfile

from loong_system import PROGRAM, Outcome, SystemTest, kept_state, main, tree


class BadInput(SystemTest):
    def setUp(self):
        super().setUp()
        # One task that is there already, and nothing else may come.
        self.known = self.create("--hold", "true")
        self.before = tree(self.home)

    def refuse(self, code, exit_status, words, *mentions, given=None, **options):
        """Refused in JSON and in text alike, with the state as it was."""
        done = self.loong(*words, "--json", code=exit_status, given=given, **options) \
            if "--" not in words else \
            self.loong("--json", *words, code=exit_status, given=given, **options)
        error = self.assert_error(done, code, *mentions)
        self.assertEqual(done.out, "", str(done))
        self.assertTrue(error["hint"] or "did you mean" in error["message"] or mentions, error)
        text = self.loong(*words, code=exit_status, given=given, **options)
        self.assertTrue(text.err.startswith(f"error: {code}: "), str(text))
        self.assertEqual(tree(self.home), self.before, words)
        return error


class TextTest(BadInput):
    def test_empty_and_missing_text(self):
        for words in ([""], [" \n\t"], [], ["--"], ["--", ""], ["--label", "x"]):
            self.refuse("invalid_argument", 2, ["tasks", "create", *words])
        self.refuse("invalid_argument", 2, ["tasks", "create", "-"], given=b"")
        self.refuse("invalid_argument", 2, ["tasks", "create", "-"], given=b"\xff\xfe")
        self.refuse("invalid_argument", 2, ["tasks", "create", "-"], given=b"a\0b")
        self.refuse("invalid_argument", 2, ["tasks", "create", b"\xff"])
        self.refuse("invalid_argument", 2, ["tasks", "create", "true", "false"], "false")
        self.refuse("invalid_argument", 2, ["tasks", "create", "true", "--", "false"])

    def test_text_of_a_megabyte(self):
        size = 1 << 20
        text = b"wc -c <<'END'\n" + b"x" * (size - 1) + b"\nEND\n"
        task = self.create("-", given=text)
        self.wait(task)
        self.assertEqual(self.output(task).strip(), str(size))
        shown = self.loong("tasks", "list").out
        self.assertLess(len(shown), 5000)
        self.say(f"bytes {len(text)}")

    def test_text_beyond_all_measure(self):
        self.refuse("invalid_argument", 2, ["tasks", "create", "-"], "larger than",
                    given=b"#" * (9 << 20))


class WordTest(BadInput):
    def test_unknown_words_with_the_nearest(self):
        cases = [
            (["tasks", "craete", "x"], "create"), (["task", "list"], "tasks"),
            (["tasks", "create", "--tiemout", "3s", "x"], "--timeout"),
            (["tasks", "list", "--status", "complete"], "completed"),
            (["tasks", "wait", "--until", "terminated", self.known], "terminal"),
            (["tasks", "create", "--runtime", "locla", "x"], "local"),
            (["tasks", "output", "--stream", "stdour", self.known], "stdout"),
            (["tasks", "report", "--state", "blockt"], "blocked"),
            (["plugins", "lst"], "list"), (["config", "shwo"], "show"),
        ]
        for words, nearest in cases:
            self.refuse("invalid_argument", 2, words, nearest)
        self.say(f"words {len(cases)}")

    def test_values_out_of_range(self):
        cases = [
            ["--timeout", "0s"], ["--timeout", "-1s"], ["--timeout", "soon"], ["--timeout", ""],
            ["--timeout", "99999999999d"], ["--grace", "x"], ["--priority", "1001"],
            ["--priority", "1.5"], ["--retry", "-1"], ["--retry", "many"],
            ["--max-output", "1XB"], ["--start-within", "tomorrow"], ["--cwd", "/nowhere/at/all"],
            ["--cwd", "/etc/passwd"], ["--env", "=x"], ["--env", "NOT_SET_ANYWHERE"],
            ["--env", ""], ["--timeout"], ["--timeout", "1s", "--timeout", "2s"],
        ]
        for words in cases:
            self.refuse("invalid_argument", 2, ["tasks", "create", "x", *words])
        for words in (["list", "--limit", "0"], ["list", "--limit", "10001"],
                      ["list", "--limit", "x"], ["events", "--after-id", "-1", self.known]):
            self.refuse("invalid_argument", 2, ["tasks", *words])
        self.say(f"values {len(cases) + 4}")

    def test_tasks_that_are_not_there(self):
        for verb in ("status", "events", "wait", "output", "cancel", "recover", "release",
                     "archive", "prune"):
            for name in ("task-00000000000000000000000000", "zzzzz", "../../etc", "a/b", "x\ny"):
                done = self.loong("tasks", verb, "--json", name, code=None)
                self.assertIn(done.code, (2, 4), str(done))
                error = done.error() if done.err else done.json()["results"][0]["error"]
                self.assertIn(error["code"], ("task_not_found", "invalid_argument"), str(done))
        self.refuse("task_not_found", 4, ["tasks", "create", "--after", "zzzzzz", "true"])
        self.assertEqual(tree(self.home), self.before)

    def test_shortened_ids(self):
        other = self.create("--hold", "true")
        self.assertEqual(self.detail(self.known[-6:])["task_id"], self.known)
        done = self.loong("tasks", "status", "--json", "task-", code=2)
        self.assert_error(done, "ambiguous_id", self.known[-5:])
        self.assertNotEqual(other, self.known)


class NameTest(BadInput):
    def test_labels_and_keys(self):
        for label in ("a\nb", "a\x1b[31mb", "x" * 201, b"\xff\xfe", "\x7f"):
            self.refuse("invalid_argument", 2, ["tasks", "create", "--label", label, "true"])
        for key in ("a\nb", "k" * 256, b"\xff"):
            self.refuse("invalid_argument", 2, ["tasks", "create", "--dedupe-key", key, "true"])

    def test_separators_in_names_lead_nowhere(self):
        """A label or a key is data; as a session it is none."""
        task = self.create("--label", "../../../etc/passwd", "--dedupe-key", "../../key", "true")
        self.wait(task)
        self.assertEqual(os.listdir(os.path.dirname(self.home)), ["state"])
        for session in ("../up", "a/b", "a\nb", b"\xff", "x" * 300, "."):
            done = self.loong("tasks", "create", "--json", "--session", session, "true", code=None)
            self.assertIn(done.code, (2, 4), str(done))
            self.assertIn(done.error()["code"], ("invalid_argument", "session_not_found"))

    def test_nothing_of_a_task_writes_to_the_terminal(self):
        task = self.create("echo \x1b]0;title\x07; exit 3")
        self.wait(task, code=1)
        for words in (["list"], ["status", task], ["events", task], ["wait", task]):
            done = self.loong("tasks", *words, code=None)
            for byte in (b"\x1b", b"\x07"):
                self.assertNotIn(byte, done.raw_out + done.raw_err, words)


class FileTest(BadInput):
    def test_malformed_configuration(self):
        cases = [
            ("workers: {max_parallel: 2\n", ":"), ("workrs: {max_parallel: 2}\n", "workers"),
            ("workers:\n  max_paralel: 2\n", "max_parallel"),
            ("workers: {max_parallel: many}\n", "max_parallel"), ("workers: 3\n", "workers"),
            ("workers: {max_parallel: 0}\n", "max_parallel"), ("- a\n", ":1:"),
            ("store: {plugin: store-flies}\n", "store-files"),
            ("runtime: nowhere\n", "nowhere"), ("runtimes: {local: {plugin: runtime-locla}}\n",
                                                "runtime-local"),
            ("tool_policy: {shell.exec: perhaps}\n", "perhaps"), ("a: b: c\n", ":1:"),
            ("\tworkers: 1\n", ":1:"), (b"\xff\xfe\n", "UTF-8"),
            ("workers: {}\nworkers: {}\n", ":2:"),
        ]
        places = 0
        for content, mention in cases:
            if content[:7] == "runtime":
                # The only ones that would do, but for what they say of runtimes.
                content += kept_state.CONFIG
            path = self.write("bad.yaml", content)
            done = self.loong("tasks", "create", "--json", "--config", path, "true", code=None)
            self.assertIn(done.code, (2, 6), f"{content!r} {done}")
            error = done.error()
            self.assertIn(error["code"], ("invalid_config", "plugin_not_found"),
                          f"{content!r} {done}")
            text = error["message"] + (error["hint"] or "")
            self.assertIn(mention, text, f"{content!r} {done}")
            if error["code"] == "invalid_config":
                self.assertRegex(text, r"bad\.yaml(:\d+:\d+)?", f"{content!r}")
                places += 1 if ":1:" in text or ":2:" in text else 0
            self.assertEqual(tree(self.home), self.before, content)
        missing = self.loong("tasks", "list", "--json", "--config", "/no/such.yaml", code=2)
        self.assert_error(missing, "invalid_config", "/no/such.yaml")
        self.say(f"configurations {len(cases)}, with line and column {places}")

    def test_malformed_plan(self):
        cases = [
            ("steps: [\n", "plan.yaml:"), ("stepz:\n  - {run: true}\n", "steps"),
            ("steps:\n  - name: a\n", "plan.yaml:"), ("steps: []\n", "steps"), ("", "plan"),
            ("steps:\n  - {name: a, run: 'true'}\n  - {name: a, run: 'true'}\n", "plan.yaml:3:"),
            ("steps:\n  - {name: a, run: 'true', timeout: soon}\n", "plan.yaml:2:"),
            ("steps:\n  - {name: a, rnu: 'true'}\n", "run"),
            ("steps:\n  - {name: a, run: {a: 1}}\n", "plan.yaml:2:"),
            ("steps:\n  - {name: a, run: 'true', continue_on_error: perhaps}\n", "plan.yaml:2:"),
        ]
        for content, mention in cases:
            path = self.write("plan.yaml", content)
            done = self.loong("tasks", "create", "--json", "--file", path, code=2)
            error = done.error()
            self.assertIn(error["code"], ("invalid_plan", "invalid_argument"), str(done))
            self.assertIn(mention, error["message"] + (error["hint"] or ""), f"{content!r}")
            self.assertEqual(tree(self.home), self.before, content)
        self.refuse("invalid_argument", 2, ["tasks", "create", "--file", "/no/plan.yaml"],
                    "/no/plan.yaml")
        self.say(f"plans {len(cases) + 1}")

    def test_malformed_batch(self):
        for content, mention in (('{"text": "true"}\n{"text": \n', ":2"),
                                 ('{"text": "true"}\n{"txet": "true"}\n', "text"),
                                 ('{"text": "true"}\n{"text": ""}\n', "task 2"), ("", "batch")):
            path = self.write("batch.jsonl", content)
            done = self.loong("tasks", "create", "--json", "--batch", path, code=2)
            found = done.err or done.out
            self.assertIn(mention, found, content)

    def test_two_configurations_at_once(self):
        """Each task keeps what it was made with; workers of either carry both."""
        one = self.write("one.yaml", "workers: {max_parallel: 1}\n"
                         "runtimes: {first: {plugin: runtime-local}}\nruntime: first\n" + kept_state.CONFIG)
        two = self.write("two.yaml", "workers: {max_parallel: 3}\n"
                         "runtimes: {second: {plugin: runtime-local}}\nruntime: second\n" + kept_state.CONFIG)
        ids = [self.create("--config", (one, two)[number % 2], "echo carried")
               for number in range(10)]
        for number, task in enumerate(ids):
            self.wait("--config", (two, one)[number % 2], task)
            self.assertEqual(self.detail(task)["runtime"], ("first", "second")[number % 2])
        self.say(f"tasks {len(ids)}, configurations 2")


class PlaceTest(SystemTest):
    def refuse_everything(self, code, **options):
        for words in (["create", "true"], ["list"], ["status", "zzzzz"]):
            done = self.loong("tasks", *words, "--json", code=2, **options)
            error = self.assert_error(done, code)
            self.assertIn(self.home, error["message"], str(done))

    def as_somebody(self, *words):
        """The program called by an unprivileged user that owns nothing here."""
        environment = dict(self.environment)
        done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                               PROGRAM, *words], env=environment, capture_output=True,
                              stdin=subprocess.DEVNULL, check=False)
        return Outcome(words, done.returncode, done.stdout, done.stderr)

    def need_root(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to become somebody else")
        # By way of a shell: setpriv itself finds the program with the rights that it gives up.
        reachable = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534",
                                    "--clear-groups", "sh", "-c", '"$0" --help', PROGRAM],
                                   check=False, capture_output=True)
        if reachable.returncode != 0:
            self.skipTest("an unprivileged user cannot reach the program here")
        os.chmod(self.directory, 0o755)

    def test_state_directory_of_another_user(self):
        self.need_root()
        task = self.create("--hold", "true")
        before = tree(self.home)
        done = self.as_somebody("tasks", "list", "--json")
        self.assertEqual(done.code, 2, str(done))
        self.assertIn(self.home, done.error()["message"])
        os.chmod(self.home, 0o777)
        done = self.as_somebody("tasks", "create", "--json", "true")
        self.assertEqual(done.code, 2, str(done))
        self.assertIn(self.home, done.error()["message"])
        os.chmod(self.home, 0o700)
        self.assertEqual(tree(self.home), before)
        self.assertEqual(self.status(task), "waiting")

    def test_state_directory_given_away(self):
        self.need_root()
        self.create("--hold", "true")
        os.chown(self.home, 65534, 65534)
        self.refuse_everything("store_io")

    def test_unreadable_state_directory(self):
        self.need_root()
        os.mkdir(self.path("theirs"))
        os.chown(self.path("theirs"), 65534, 65534)
        self.environment["LOONG_HOME"] = self.home = self.path("theirs/state")
        os.mkdir(self.home, 0o000)
        os.chown(self.home, 65534, 65534)
        done = self.as_somebody("tasks", "create", "--json", "true")
        self.assertEqual(done.code, 2, str(done))
        error = done.error()
        self.assertEqual(error["code"], "store_io")
        self.assertIn(self.home, error["message"])
        self.assertEqual(os.listdir(self.home), [])

    def test_state_directory_that_is_a_file(self):
        self.write("state", "")
        self.refuse_everything("store_io")

    def test_state_directory_below_a_file(self):
        self.write("file", "")
        self.home = self.environment["LOONG_HOME"] = self.path("file/state")
        self.refuse_everything("store_io")

    def test_full_file_system(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to mount a small file system")
        place = tempfile.mkdtemp(prefix="loong-small-")
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", place],
            capture_output=True, check=False)
        if mounted.returncode != 0:
            os.rmdir(place)
            self.skipTest("no file system can be mounted here")
        try:
            self.home = self.environment["LOONG_HOME"] = os.path.join(place, "state")
            first = self.create("--hold", "true")
            with open(os.path.join(place, "filler"), "wb") as filler:
                try:
                    while True:
                        os.write(filler.fileno(), b"x" * 4096)
                except OSError:
                    pass
            before = set(os.listdir(os.path.join(self.home, "tasks")))
            text = "# " + "x" * 100000 + "\ntrue"
            refused = 0
            for _ in range(5):
                done = self.loong("tasks", "create", "--json", "-", given=text.encode(), code=2)
                error = self.assert_error(done, "store_io")
                self.assertIn("space", error["message"] + (error["hint"] or ""), str(done))
                refused += 1
            self.assertEqual(set(os.listdir(os.path.join(self.home, "tasks"))), before)
            self.assertEqual(self.status(first), "waiting")
            os.unlink(os.path.join(place, "filler"))
            task = self.create("echo room again")
            self.wait(task)
            self.assertEqual(self.loong("tasks", "list", "--json").json()["matched_count"], 2)
            self.say(f"creates refused {refused}, left half-made 0")
            for pid in self.processes():
                self.kill(pid)
        finally:
            subprocess.run(["umount", "-l", place], check=False)
            os.rmdir(place)


if __name__ == "__main__":
    main()
