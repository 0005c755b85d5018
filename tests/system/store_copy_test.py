#!/usr/bin/env python3
"""Moving everything from one store to another: nothing lost, nothing twice, byte by byte."""

import filecmp
import os

from loong_system import SystemTest, kept_state, main


class StoreCopyTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.files = self.store("files", "store-files")
        self.sqlite = self.store("sqlite", "store-sqlite")
        self.again = self.store("again", "store-files")
        self.environment["LOONG_CONFIG"] = self.files

    def store(self, name, plugin):
        """A configuration that names a store of its own."""
        return self.write(f"{name}.yaml",
                          f"store: {{plugin: {plugin}, root: {self.path(name)}}}\n")

    def copy(self, source, target, code=0):
        return self.loong("store", "copy", "--json", "--from", source, "--to", target, code=code)

    def fill(self):
        """Tasks of every kind that can be copied; none of them is at work."""
        self.environment["DEPLOY_TOKEN"] = "s3cr3t"
        done = [self.create(f"echo {n}; echo error {n} >&2; exit {n % 2}") for n in range(4)]
        done.append(self.create("--retry", "1", "--dedupe-key", "nightly", "exit 3"))
        self.wait(*done, code=1)
        held = self.create("--hold", "--env", "DEPLOY_TOKEN", "--label", "ätsch",
                           'echo "$DEPLOY_TOKEN" | tr 3 e')
        after = self.create("--after", held, "echo after")
        gone = self.create("true")
        self.wait(gone)
        self.loong("tasks", "prune", gone)
        self.loong("tasks", "archive", done[0])
        self.await_idle()
        return done, held, after

    def listed(self, config):
        rows = self.loong("--config", config, "tasks", "list", "--json", "--limit", "10000",
                          "--include-archived", code=None).json()["tasks"]
        return [{**row, "task_status": {**row["task_status"], "reason": "", "next_command": "",
                                        "next_commands": []}} for row in rows]

    def assert_same_tree(self, one, other):
        compared = filecmp.dircmp(one, other)
        self.assertEqual((compared.left_only, compared.right_only, compared.funny_files),
                         ([], [], []), one)
        for name in compared.common_files:
            with open(os.path.join(one, name), "rb") as left, \
                    open(os.path.join(other, name), "rb") as right:
                self.assertEqual(left.read(), right.read(), os.path.join(one, name))
        for name in compared.common_dirs:
            self.assert_same_tree(os.path.join(one, name), os.path.join(other, name))

    def test_there_and_back(self):
        done, held, after = self.fill()
        there = self.copy(self.files, self.sqlite).json()
        back = self.copy(self.sqlite, self.again).json()
        for report in (there, back):
            self.assertEqual((report["task_count"], report["copied_count"], report["skipped"]),
                             (7, 7, []), report)
        self.assertEqual(there["session_count"], 6)
        self.assert_same_tree(self.path("files/tasks"), self.path("again/tasks"))
        self.assertEqual(self.listed(self.files), self.listed(self.sqlite))
        self.assertEqual(self.listed(self.files), self.listed(self.again))
        for task in [*done, held, after]:
            with open(self.path(f"files/tasks/{task}/events.yaml"), "rb") as file:
                records = b"".join(b"- " + row[0].encode() + b"\n" for row in kept_state.sql(
                    self.path("sqlite"), "SELECT record FROM records JOIN tasks ON n = task WHERE "
                    "tasks.id = ? ORDER BY records.id", task))
                self.assertEqual(file.read(), records)
        # Every session that carried a task finds it, and its output is there.
        self.environment["LOONG_CONFIG"] = self.sqlite
        detail = self.detail(done[4])
        self.assertEqual(len(detail["lineage"]), 2)
        for session in detail["lineage"]:
            self.loong("tasks", "output", "--session-id", session["session_id"], done[4])
        self.assertEqual(self.output(done[2]), "2\n")
        self.assertEqual(self.create("--dedupe-key", "nightly", "exit 3"), done[4])
        # What had not started goes on there, secrets included.
        self.loong("tasks", "release", held)
        self.wait(held, after)
        self.assertEqual(self.output(held), "secret\n")
        self.assertEqual(kept_state.sql(self.path("sqlite"), "SELECT * FROM secrets"), [])

    def test_again_it_goes_on_and_brings_what_is_new(self):
        done, held, after = self.fill()
        self.copy(self.files, self.sqlite)
        again = self.copy(self.files, self.sqlite).json()
        self.assertEqual((again["copied_count"], again["present_count"], again["byte_count"]),
                         (0, 7, 0))
        self.loong("tasks", "cancel", held)
        new = self.create("echo new")
        self.wait(new)
        self.await_idle()
        again = self.copy(self.files, self.sqlite).json()
        self.assertEqual(again["present_count"] + again["copied_count"], 8)
        self.assertGreaterEqual(again["copied_count"], 2)
        self.assertEqual(self.listed(self.files), self.listed(self.sqlite))
        self.assertEqual(kept_state.sql(self.path("sqlite"), "SELECT * FROM secrets"), [])
        self.environment["LOONG_CONFIG"] = self.sqlite
        self.assertEqual(self.status(held), "cancelled")
        self.assertEqual(self.output(new), "new\n")

    def test_what_is_no_copy_is_refused_and_left_alone(self):
        self.fill()
        self.copy(self.files, self.sqlite)
        self.environment["LOONG_CONFIG"] = self.sqlite
        other = self.create("--hold", "true")
        before = kept_state.dump(self.path("sqlite"))
        self.assert_error(self.copy(self.files, self.sqlite, code=5), "conflict", other)
        self.loong("tasks", "cancel", other)
        self.loong("tasks", "prune", other)
        self.assertNotEqual(kept_state.dump(self.path("sqlite")), before)
        self.copy(self.files, self.sqlite)
        # It has gone on by itself in the target.
        task = self.loong("tasks", "list", "-q", "--status", "waiting").out.split()[-1]
        self.loong("tasks", "cancel", task)
        self.assert_error(self.copy(self.files, self.sqlite, code=5), "conflict", task)

    def test_work_that_goes_on_is_refused(self):
        gate = self.gate()
        task = self.create_running(gate.wait)
        self.assert_error(self.copy(self.files, self.sqlite, code=5), "conflict", "worker")
        self.assert_error(self.copy(self.sqlite, self.files, code=5), "conflict", "worker")
        self.kill(self.worker_of(task))
        error = self.assert_error(self.copy(self.files, self.sqlite, code=5), "conflict", task)
        self.assertIn("recover", error["hint"])
        self.recover(task)
        gate.let_through()
        self.wait(task)
        self.await_idle()
        self.copy(self.files, self.sqlite)
        self.assertEqual(self.listed(self.files), self.listed(self.sqlite))

    def test_the_same_store_twice_is_refused(self):
        twin = self.write("twin.yaml", self.read("files.yaml") + "workers: {max_parallel: 1}\n")
        self.create("--hold", "true")
        self.assert_error(self.copy(self.files, twin, code=2), "invalid_argument", "same store")

    def test_an_unreadable_task_is_named_and_the_others_are_copied(self):
        done, _, _ = self.fill()
        kept_state.damage_file(self.path("files"), done[1])
        report = self.copy(self.files, self.sqlite, code=2).json()
        self.assertEqual([one["task_id"] for one in report["skipped"]], [done[1]])
        self.assertEqual(report["skipped"][0]["error"]["code"], "store_corrupt")
        self.assertEqual(report["copied_count"], 6)

    def test_wrong_words(self):
        self.loong("store", "copy", "--from", self.files, code=2)
        done = self.loong("store", "copy", "--json", "--from", self.path("none.yaml"), "--to",
                          self.sqlite, code=2)
        self.assert_error(done, "invalid_config", "none.yaml")


if __name__ == "__main__":
    main()
