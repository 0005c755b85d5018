"""A state directory of an older version is read, and the work in it goes on."""

import os
import shutil
import unittest

from loong_system import SystemTest, kept_state, main

STATE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "states", "format-1")


@unittest.skipIf(kept_state.IS_SQLITE, "what is kept here was made by store-files")
class OlderStateTest(SystemTest):
    def setUp(self):
        super().setUp()
        # Version control keeps no empty directories and no private modes.
        shutil.copytree(STATE, self.home)
        for place, _, files in os.walk(self.home):
            os.chmod(place, 0o700)
            for name in files:
                os.chmod(os.path.join(place, name), 0o600)

    def rows(self, *words):
        listed = self.loong("tasks", "list", "--json", "--include-archived", *words).json()
        return {row["label"]: row for row in listed["tasks"]}

    def test_every_task_is_what_it_was(self):
        rows = self.rows()
        found = {label: row["task_status"]["status"] for label, row in rows.items()}
        self.assertEqual(found, {
            "completed": "completed", "failed": "failed", "retried": "failed",
            "plan": "completed", "cancelled": "cancelled", "held": "waiting",
            "timed-out": "timed_out", "lost": "recoverable",
        })
        self.assertTrue(rows["failed"]["archived"])
        ids = {label: row["task_id"] for label, row in rows.items()}
        self.assertEqual(self.output(ids["completed"], "--stream", "stdout"), "out\n")
        self.assertEqual(self.output(ids["plan"]), "built\npackaged\n")
        self.assertEqual(self.detail(ids["failed"])["terminal_outcome"]["exit_code"], 7)
        self.assertEqual(len(self.detail(ids["retried"])["lineage"]), 2)
        self.assertIn("step_failed", self.kinds(ids["plan"]))
        self.assertNotIn("unknown", self.kinds(ids["retried"]))
        self.assertEqual(self.loong("tasks", "create", "-q", "--dedupe-key", "nightly",
                                    "true").out.strip(), ids["held"])

    def test_the_work_goes_on(self):
        ids = {label: row["task_id"] for label, row in self.rows().items()}
        self.assertEqual(self.recover(ids["lost"])["action"]["kind"], "marked_failed")
        self.loong("tasks", "release", ids["held"])
        self.wait(ids["held"])
        self.assertEqual(self.output(ids["held"]), "late\n")
        self.recover("--retry", ids["failed"])
        self.wait(ids["failed"], code=1)
        self.assertEqual(self.detail(ids["failed"])["attempt"], 2)


if __name__ == "__main__":
    main()
