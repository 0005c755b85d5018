"""`loong doctor` and `loong sessions heal`: each thing that may be wrong is made wrong for real, found,
repaired where a program may do that, and then not found any more. What is repaired loses nothing,
and what lives is left alone."""

import glob
import json
import os
import re
import shutil
import subprocess

from loong_system import PATIENCE, PROGRAM, SystemTest, await_death, kept_state, main, tree

STRANGER = "session-01arz3ndektsv4rrffq69g5fav"
# What may be so on the machine that runs the tests.
SURROUNDINGS = ("control_group", "few_file_watches", "tool_policy_not_enforceable")


class DoctorTest(SystemTest):
    # Looks into files of store-files, and breaks them.
    NEEDS_FILES = False

    def setUp(self):
        super().setUp()
        if self.NEEDS_FILES and kept_state.IS_SQLITE:
            self.skipTest("it breaks files that store-sqlite has not")

    def doctor(self, *words, code=None, program=PROGRAM):
        done = subprocess.run([program, "doctor", "--json", *words], env=self.environment,
                              check=False, capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=PATIENCE)
        self.assertEqual(done.stderr, b"")
        found = json.loads(done.stdout)
        around = [one for one in found["findings"] if one["code"] in SURROUNDINGS]
        found["findings"] = [one for one in found["findings"] if one["code"] not in SURROUNDINGS]
        left = [one for one in found["findings"] if one["repair"] != "repaired"]
        failed = any(one["repair"] == "failed" for one in left)
        wanted = 2 if failed else 3 if left or around else 0
        self.assertEqual(done.returncode, wanted, done.stdout.decode())
        if code is not None:
            self.assertEqual(2 if failed else 3 if left else 0, code, done.stdout.decode())
        return found

    def heal(self, *words, code=None):
        return self.loong("sessions", "heal", "--json", *words, code=code).json()

    def codes(self, found):
        return sorted({one["code"] for one in found["findings"]})

    def assert_found(self, code, *, repairable, program=PROGRAM, others=()):
        """It is found, and nothing else but `others`; the finding says all that it has to."""
        found = self.doctor(code=3, program=program)
        self.assertEqual(self.codes(found), sorted({code, *others}), found["findings"])
        one = next(one for one in found["findings"] if one["code"] == code)
        self.assertEqual(one["repairable"], repairable, one)
        self.assertEqual(one["repair"], "not_tried")
        for key in ("cause", "fix"):
            self.assertTrue(one[key], one)
        self.assert_counts(found)
        return one

    def assert_counts(self, found):
        """The same number of tasks needs the operator here, in the list, and in its rows."""
        if found["needs_attention_count"] is None:
            return
        listed = self.loong("tasks", "list", "--json", "--attention", "--all-sessions", "--limit",
                            "10000").json()
        self.assertEqual(found["needs_attention_count"], listed["matched_count"])
        self.assertEqual(found["needs_attention_count"], len(listed["tasks"]))
        self.assertEqual(found["needs_attention_count"], listed["counts"]["needs_attention"])

    def assert_healthy(self, *but):
        found = self.doctor()
        self.assertEqual(self.codes(found), sorted(but), found["findings"])
        self.assert_counts(found)

    def fix(self, *but):
        """Repairs, finds nothing then but `but`, and changes nothing when called again."""
        found = self.doctor("--fix")
        for one in found["findings"]:
            wanted = "repaired" if one["repairable"] else "not_tried"
            self.assertEqual(one["repair"], wanted, one)
        self.assert_counts(found)
        self.assert_healthy(*but)
        again = self.doctor("--fix")
        self.assertEqual(self.codes(again), sorted(but))
        return found

    def show_rows(self):
        """A row of the index that does not agree with its file is made again when it is shown."""
        self.loong("tasks", "list", "--all-sessions")

    def directory_of(self, task):
        return os.path.join(self.home, "tasks", task)

    def ended(self, text="true", *options, code=0):
        task = self.create(*options, text)
        self.wait(task, code=code)
        self.await_idle()
        return task

    def lost(self, *options):
        """A task whose worker was killed and whose work goes on until it is let through."""
        gate = self.gate(f"gate-{len(self.meeting_points)}")
        task = self.create_running(gate.wait, *options)
        session = options[options.index("--session") + 1] if "--session" in options else "default"
        found = self.loong("tasks", "status", "--json", "--session", session, task).json()
        self.kill(found["task"]["session"]["pid"])
        return task, gate


class NothingTest(DoctorTest):
    def test_nothing_is_wrong(self):
        self.assert_healthy()
        self.ended()
        self.ended("exit 3", code=1)
        self.loong("tasks", "cancel", self.create("--hold", "true"))
        self.ended('[ -e "$HOME/again" ] || { touch "$HOME/again"; exit 1; }', "--retry", "1")
        self.assert_healthy()
        found = self.doctor(code=0)
        self.assertEqual(found["task_count"], 4)
        self.assertEqual(found["needs_attention_count"], 1)
        self.assertEqual(self.heal(code=0)["findings"], [])

    def test_looking_changes_nothing(self):
        task, gate = self.lost()
        self.ended()
        before = tree(self.home)
        self.doctor(code=3)
        self.heal(code=3)
        for words in (["list"], ["status", "default"], ["tree"], ["heads"]):
            self.loong("sessions", *words)
        self.assertEqual(tree(self.home), before)
        gate.let_through()
        self.recover(task)
        self.wait(task)

    def test_nothing_is_found_among_live_work(self):
        """Workers, creators and an end every moment: none of it is taken for a fault."""
        self.configure("workers: {max_parallel: 2}\n")
        self.environment["TOKEN"] = "s3cr3t"
        creators = [self.start("tasks", "create", "-q", "--env", "TOKEN", "true")
                    for _ in range(4)]
        looks = 0
        for _ in range(12):
            for at, creator in enumerate(creators):
                if creator.poll() is not None:
                    creator.communicate()
                    creators[at] = self.start("tasks", "create", "-q", "--env", "TOKEN", "true")
            self.assertEqual(self.codes(self.doctor()), [])
            self.assertEqual(self.codes(self.doctor("--fix")), [])
            looks += 2
        for creator in creators:
            creator.communicate(timeout=PATIENCE)
        self.loong("tasks", "wait", "--until", "terminal", "--label", "*", patience=4 * PATIENCE)
        self.await_idle()
        found = self.doctor(code=0)
        self.assertEqual(found["needs_attention_count"], 0)
        self.say(f"looks among live work {looks}, tasks {found['task_count']}, findings 0")


class TaskFindingsTest(DoctorTest):
    NEEDS_FILES = True

    def test_a_dead_worker_whose_work_goes_on(self):
        task, gate = self.lost()
        one = self.assert_found("carrier_lost", repairable=True)
        self.assertEqual(one["task_id"], task)
        self.assertIn("the work is alive", one["fix"])
        self.assertRegex(one["command"], f"^loong tasks recover .*{task}$")
        healed = self.heal(code=3)
        self.assertEqual(self.codes(healed), ["carrier_lost"])
        done = self.heal("--apply", code=0)
        self.assertEqual(done["findings"][0]["repair"], "repaired")
        self.assert_healthy()
        self.assertEqual(self.status(task), "running")
        gate.let_through()
        self.wait(task)

    def test_a_dead_worker_whose_work_is_gone(self):
        task = self.create_running("exec sleep 1000")
        self.kill(self.worker_of(task))
        for pid in self.keepers() + self.processes("sleep"):
            self.kill(pid)
        self.assert_found("carrier_lost", repairable=True)
        found = self.fix()
        self.assertEqual(found["needs_attention_count"], 1)
        self.assertEqual(self.status(task), "failed")

    def test_a_dead_worker_whose_work_has_ended(self):
        task, gate = self.lost()
        gate.let_through()
        for pid in self.keepers():
            await_death(pid)
        one = self.assert_found("carrier_lost", repairable=True)
        self.assertIn("outcome", one["fix"])
        self.fix()
        self.assertEqual(self.status(task), "completed")

    def test_a_queue_that_nobody_serves(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate = self.gate()
        first = self.create_running(gate.wait)
        second, third = self.create("true"), self.create("true")
        self.kill(self.worker_of(first))
        one = self.assert_found("queue_unserved", repairable=True, others=["carrier_lost"])
        self.assertEqual(one["task_id"], second)
        self.assertIn("2 tasks are ready", one["cause"])
        self.assertEqual(self.doctor()["needs_attention_count"], 3)
        gate.let_through()
        self.doctor("--fix")
        self.wait(first, second, third)
        self.await_idle()
        self.assert_healthy()

    def test_what_is_late_is_left_to_the_operator(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate = self.gate()
        first = self.create_running(gate.wait)
        late = self.create("--start-within", "1s", "true")
        self.loong("tasks", "wait", "--until", "overdue", late, code=3)
        one = self.assert_found("task_overdue", repairable=False)
        self.assertEqual(one["task_id"], late)
        self.assertIn("recover", one["command"])
        self.fix("task_overdue")
        self.assertEqual(self.status(first), "running")
        self.assertEqual(self.status(late), "overdue")
        gate.let_through()
        self.wait(first, late)

    def test_a_lease_that_cannot_be_asked_about(self):
        task, gate = self.lost()
        lease = os.path.join(self.home, "leases", self.detail(task)["task_session_id"])
        os.rename(lease, self.path("lease"))
        os.symlink(self.path("lease"), lease)
        one = self.assert_found("carrier_unknown", repairable=False)
        self.assertEqual(self.status(task), "unknown")
        self.assertEqual(self.detail(task)["task_status"]["next_command"], "loong doctor")
        self.assertEqual(one["task_id"], task)
        os.rename(self.path("lease"), lease)
        self.doctor("--fix", code=0)
        gate.let_through()
        self.wait(task)

    def test_secrets_that_outlived_their_task(self):
        """As a worker leaves them that dies between the end of the task and their erasure."""
        self.environment["DEPLOY_TOKEN"] = "s3cr3t-one"
        gate = self.gate()
        task = self.create_running(f"{gate.wait}; exit 1", "--env", "DEPLOY_TOKEN")
        secrets = os.path.join(self.directory_of(task), "secrets")
        shutil.copy2(secrets, self.path("kept"))
        gate.let_through()
        self.wait(task, code=1)
        self.await_idle()
        self.assertFalse(os.path.exists(secrets))
        self.assert_healthy()
        shutil.copy2(self.path("kept"), secrets)
        self.assertEqual(self.heal(code=3)["findings"][0]["code"], "secrets_left")
        one = self.assert_found("secrets_left", repairable=True)
        self.assertNotIn("s3cr3t", json.dumps(one))
        self.fix()
        self.assertFalse(os.path.exists(secrets))
        self.recover("--retry", task)
        gate.let_through()
        self.wait(task, code=1)

    def test_what_was_given_up_telling(self):
        self.configure("notify: {command: [/bin/false]}\n")
        task = self.create("true")
        self.wait(task)
        while "notification_failed" not in self.kinds(task):
            self.loong("tasks", "events", "--json", task)
        for pid in self.processes("--notify"):
            self.kill(pid)
        # As it is written down after the last attempt.
        events = os.path.join(self.directory_of(task), "events.yaml")
        with open(events, encoding="utf-8") as file:
            lines = file.read().splitlines()
        last = json.loads(lines[-1][2:])
        self.assertEqual(last["kind"], "notification_failed")
        last["id"] += 1
        del last["data"]["next_at"]
        with open(events, "a", encoding="utf-8") as file:
            file.write("- " + json.dumps(last, separators=(",", ":")) + "\n")
        self.show_rows()
        self.assert_found("notification_undelivered", repairable=True)
        told = self.signpost()
        script = self.write("notifier", f"#!/bin/sh\n{told.tell()}\n")
        os.chmod(script, 0o700)
        self.configure(f"notify: {{command: [{script}]}}\n")
        self.fix()
        told.await_line()
        self.await_idle()
        self.assertEqual(self.detail(task)["notifications"][0]["state"], "delivered")

    def test_a_request_that_nobody_waits_for(self):
        """As events have it that were put together by hand: asked by a session that is none."""
        task = self.ended()
        path = os.path.join(self.directory_of(task), "events.yaml")
        with open(path, encoding="utf-8") as file:
            lines = file.read().splitlines()
        last = json.loads(lines[-1][2:])
        asked = {"id": last["id"], "at": last["at"], "kind": "approval_requested",
                 "session_id": STRANGER, "actor_session_id": STRANGER,
                 "data": {"request_id": "r1", "key": "k", "tool": "shell.exec", "question": "May I?",
                          "options": []}, "end": True}
        last["id"] += 1
        lines[-1:] = ["- " + json.dumps(record, separators=(",", ":")) for record in (asked, last)]
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        self.show_rows()
        one = self.assert_found("request_without_session", repairable=True)
        self.assertIn("r1", one["cause"])
        self.fix()
        self.assertIn("request_withdrawn", self.kinds(task))
        self.assertEqual(self.status(task), "completed")

    def test_a_directory_of_a_session_that_is_none(self):
        task = self.ended()
        stray = os.path.join(self.directory_of(task), "sessions", STRANGER)
        os.mkdir(stray, 0o700)
        one = self.assert_found("stray_session", repairable=False)
        self.assertEqual(one["subject"], stray)
        self.fix("stray_session")
        self.assertTrue(os.path.isdir(stray))
        os.rmdir(stray)
        self.assert_healthy()

    def test_a_task_whose_plugin_was_taken_away(self):
        plugins = self.path("plugins")
        os.mkdir(plugins, 0o700)
        own = os.path.join(os.path.dirname(PROGRAM), "..", "lib", "loong", "plugins")
        shutil.copy(os.path.join(own, "runtime-local.so"),
                    os.path.join(plugins, "runtime-copy.so"))
        self.configure("runtimes:\n  local: {plugin: runtime-local}\n"
                       "  other: {plugin: runtime-copy}\n"
                       f"plugin_path: [{plugins}]\n")
        task = self.create("--hold", "--runtime", "other", "true")
        self.assert_healthy()
        os.remove(os.path.join(plugins, "runtime-copy.so"))
        one = self.assert_found("task_plugin", repairable=False, others=["plugin_missing"])
        self.assertEqual(one["task_id"], task)
        self.loong("tasks", "cancel", task)
        self.assert_found("plugin_missing", repairable=False)

    def test_everything_at_once_agrees_with_the_list(self):
        failed = self.ended("exit 3", code=1)
        damaged = self.ended()
        gone, gate = self.lost("--session", "elsewhere")
        blocked = self.create("--after", failed, "true")
        with open(os.path.join(self.directory_of(damaged), "events.yaml"), "w",
                  encoding="utf-8") as file:
            file.write("nonsense\n")
        self.show_rows()
        found = self.doctor(code=3)
        self.assertEqual(self.codes(found), ["carrier_lost", "damaged_task"])
        self.assertEqual(found["needs_attention_count"], 4)
        self.assert_counts(found)
        for session, codes in (("elsewhere", ["carrier_lost", "damaged_task"]),
                               ("default", ["damaged_task"])):
            healed = self.heal("--session", session, code=3)
            self.assertEqual(self.codes(healed), codes)
            listed = self.loong("tasks", "list", "--attention", "--json", "--session",
                                session).json()
            self.assertEqual(healed["needs_attention_count"], listed["matched_count"])
        for one in found["findings"]:
            self.assertTrue(self.detail_of(one["task_id"])["needs_attention"])
        self.loong("tasks", "cancel", blocked)
        gate.let_through()
        self.fix("damaged_task")
        self.wait("--session", "elsewhere", gone)

    def detail_of(self, task):
        listed = self.loong("tasks", "list", "--json", "--all-sessions").json()["tasks"]
        return next(row for row in listed if row["task_id"] == task)["task_status"]


class StoreFindingsTest(DoctorTest):
    NEEDS_FILES = True

    def append(self, path, content):
        with open(path, "ab") as file:
            file.write(content)

    def test_a_torn_tail(self):
        task = self.ended()
        path = os.path.join(self.directory_of(task), "events.yaml")
        before = self.loong("tasks", "events", "--json", task).json()["events"]
        self.append(path, b'- {"id":5,"at"')
        self.show_rows()
        self.assert_found("torn_tail", repairable=True)
        self.fix()
        self.assertEqual(self.loong("tasks", "events", "--json", task).json()["events"], before)

    def test_a_damaged_task(self):
        task, other = self.ended(), self.ended()
        path = os.path.join(self.directory_of(task), "events.yaml")
        shutil.copy2(path, self.path("kept"))
        with open(path, "r+b") as file:
            file.write(b"#" * 40)
        self.show_rows()
        one = self.assert_found("damaged_task", repairable=False)
        self.assertEqual(one["task_id"], task)
        self.assertEqual(one["severity"], "error")
        refused = self.loong("tasks", "status", "--json", task, code=2)
        self.assert_error(refused, "store_corrupt")
        listed = self.loong("tasks", "list", "--attention", "--json").json()["tasks"]
        self.assertEqual([row["task_id"] for row in listed], [task])
        self.assertEqual(listed[0]["task_status"]["next_command"], "loong doctor")
        self.fix("damaged_task")
        self.assertEqual(self.status(other), "completed")
        shutil.copy2(self.path("kept"), path)
        self.fix()
        self.assertEqual(self.status(task), "completed")

    def test_a_task_of_a_newer_loong(self):
        task = self.ended()
        path = os.path.join(self.directory_of(task), "task.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        newer, changed = re.subn(r"(?m)^format: \d+$", "format: 99", text)
        self.assertEqual(changed, 1, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(newer)
        one = self.assert_found("newer_task", repairable=False, others=["index_differs"])
        self.doctor("--fix", code=3)
        one = self.assert_found("newer_task", repairable=False)
        self.assertEqual(one["task_id"], task)
        self.doctor("--fix", code=3)
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), newer)

    def test_an_index_out_of_step(self):
        task = self.ended()
        path = os.path.join(self.directory_of(task), "task.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed = re.sub(r"(?m)^label: .*$", "label: by hand", text)
        self.assertNotEqual(changed, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
        one = self.assert_found("index_differs", repairable=True)
        self.assertEqual(one["task_id"], task)
        self.assertEqual(self.codes(self.heal("--apply", code=0)), ["index_differs"])
        self.assert_healthy()
        row = self.loong("tasks", "list", "--json").json()["tasks"][0]
        self.assertEqual(row["label"], "by hand")

    def test_a_damaged_index(self):
        task = self.ended()
        for path in glob.glob(self.home + "/index.sqlite*"):
            size = os.path.getsize(path)
            with open(path, "r+b") as file:
                file.seek(min(size, 4096))
                file.write(b"\xa5" * max(0, size - 4096))
        self.assert_found("damaged_index", repairable=True)
        self.fix()
        self.assertEqual(self.status(task), "completed")

    def test_what_was_never_finished(self):
        task = self.ended()
        tasks = os.path.join(self.home, "tasks")
        shutil.copytree(self.directory_of(task),
                        os.path.join(tasks, ".new-task-" + STRANGER.partition("-")[2]))
        self.assert_found("unfinished_task", repairable=True)
        self.fix()
        shutil.copytree(self.directory_of(task),
                        os.path.join(tasks, ".gone-task-" + STRANGER.partition("-")[2]))
        self.assert_found("unfinished_removal", repairable=True)
        self.fix()

    def test_what_is_no_task(self):
        self.ended()
        with open(os.path.join(self.home, "tasks", "notes.txt"), "w", encoding="utf-8") as file:
            file.write("buy milk")
        self.assert_found("foreign_entry", repairable=False)
        self.fix("foreign_entry")

    def test_a_lease_without_its_session(self):
        self.ended()
        lease = os.path.join(self.home, "leases", STRANGER)
        with open(lease, "w", encoding="utf-8"):
            pass
        os.chmod(lease, 0o600)
        self.assert_found("lease_without_session", repairable=True)
        self.fix()
        self.assertFalse(os.path.exists(lease))

    def test_rights_of_others(self):
        task = self.ended()
        os.chmod(self.home, 0o755)
        os.chmod(os.path.join(self.directory_of(task), "events.yaml"), 0o644)
        found = self.assert_found("permissions", repairable=True)
        self.assertIn("other users", found["cause"])
        self.fix()
        self.assertEqual(os.stat(self.home).st_mode & 0o777, 0o700)


class PlacesTest(DoctorTest):
    """Where loong itself cannot start, doctor says why, and touches nothing."""

    NEEDS_FILES = True

    def untouched(self, code, *, others=()):
        before = tree(self.home) if os.path.isdir(self.home) else None
        one = self.assert_found(code, repairable=False, others=others)
        self.doctor("--fix", code=3)
        if before is not None:
            self.assertEqual(tree(self.home), before)
        text = self.loong("doctor", code=3)
        self.assertIn(code, text.out)
        self.assertEqual(text.err, "")
        return one

    def edit_format(self, pattern, replacement):
        path = os.path.join(self.home, "store.yaml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed = re.sub(pattern, replacement, text)
        self.assertNotEqual(changed, text)
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)

    def test_a_store_of_a_newer_format(self):
        self.ended()
        self.edit_format(r"format: \d+", "format: 7")
        self.assertIn("7", self.untouched("store_newer")["cause"])
        self.assertEqual(self.loong("sessions", "heal", code=2).out, "")

    def test_a_store_that_says_nothing(self):
        self.ended()
        with open(os.path.join(self.home, "store.yaml"), "w", encoding="utf-8") as file:
            file.write("nonsense")
        self.untouched("store_damaged")

    def test_a_store_of_another_machine(self):
        self.ended()
        if not self.machine_id():
            self.skipTest("this machine has no id, so nothing is of another one")
        self.edit_format(r'machine: .*', 'machine: "0123456789abcdef0123456789abcdef"')
        self.untouched("store_elsewhere")

    def machine_id(self):
        try:
            with open("/etc/machine-id", encoding="utf-8") as file:
                return file.read().strip()
        except OSError:
            return ""

    def test_a_state_directory_that_is_none(self):
        self.write("state", "a file")
        self.untouched("store_unusable")

    def test_a_state_directory_that_others_may_write_to(self):
        self.ended()
        os.chmod(self.home, 0o777)
        one = self.untouched("state_permissions")
        self.assertEqual(os.stat(self.home).st_mode & 0o777, 0o777)
        subprocess.run(["/bin/sh", "-c", one["command"]], check=True)
        self.fix()

    def test_an_invalid_configuration(self):
        self.configure("workers: {max_paralel: 3}\n")
        one = self.untouched("config_invalid")
        self.assertIn("max_paralel", one["cause"])
        self.configure("workers: [\n")
        self.untouched("config_invalid")
        self.environment["LOONG_CONFIG"] = self.path("missing.yaml")
        self.untouched("config_invalid")

    def test_a_configuration_that_others_may_write_to(self):
        self.configure("workers: {max_parallel: 3}\n")
        os.chmod(self.environment["LOONG_CONFIG"], 0o666)
        one = self.untouched("config_permissions")
        subprocess.run(["/bin/sh", "-c", one["command"]], check=True)
        self.assert_healthy()

    def test_plugin_directories(self):
        self.configure(f"plugin_path: [{self.path('none')}]\n")
        self.untouched("plugin_path_missing")
        os.mkdir(self.path("none"))
        self.assert_healthy()
        os.chmod(self.path("none"), 0o777)
        one = self.untouched("plugin_path_permissions")
        subprocess.run(["/bin/sh", "-c", one["command"]], check=True)
        self.assert_healthy()

    def test_plugins_that_cannot_be_used(self):
        self.configure("store: {plugin: store-flies}\n")
        self.assertIn("store-files", self.untouched("plugin_missing")["cause"])
        self.configure("runtimes: {local: {plugin: runtime-loca}}\n")
        self.untouched("plugin_missing")
        os.mkdir(self.path("plugins"), 0o700)
        self.write("plugins/broken.so", "no library")
        self.configure(f"plugin_path: [{self.path('plugins')}]\n")
        self.assertEqual(self.untouched("plugin_refused")["severity"], "warning")
        self.configure(f"plugin_path: [{self.path('plugins')}]\nstore: {{plugin: broken}}\n")
        self.assertEqual(self.untouched("plugin_refused")["severity"], "error")
        self.configure("runtimes: {local: {plugin: runtime-local, colour: blue}}\n")
        self.assertIn("colour", self.untouched("plugin_fails")["cause"])
        self.configure("store: {plugin: store-files, colour: blue}\n")
        self.assertIn("colour", self.untouched("plugin_fails")["cause"])

    def test_an_installation_without_its_keeper(self):
        """Started from a copy that lacks a part."""
        prefix = os.path.dirname(os.path.dirname(PROGRAM))
        copy = self.path("installed")
        for part in ("bin/loong", "lib/loong/plugins/store-files.so",
                     "lib/loong/plugins/runtime-local.so"):
            os.makedirs(os.path.dirname(os.path.join(copy, part)), exist_ok=True)
            shutil.copy(os.path.join(prefix, part), os.path.join(copy, part))
        one = self.assert_found("keeper_missing", repairable=False,
                                program=os.path.join(copy, "bin", "loong"))
        self.assertIn("loong-keeper", one["cause"])

    def test_a_notify_command_that_is_not_there(self):
        self.ended()
        self.configure("notify: {command: [no-such-notifier]}\n")
        one = self.assert_found("notifier_missing", repairable=False)
        self.assertIn("no-such-notifier", one["cause"])

    def test_no_file_watches(self):
        forbid = ["unshare", "--user", "--map-root-user", "/bin/sh", "-c",
                  'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"', "sh"]
        if subprocess.run([*forbid, "true"], check=False, capture_output=True).returncode != 0:
            self.skipTest("the limit cannot be lowered here")
        done = subprocess.run([*forbid, PROGRAM, "doctor", "-q"], env=self.environment,
                              check=False, capture_output=True)
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn(b"few_file_watches", done.stdout)


class SessionsTest(DoctorTest):
    """Who sees which session, and that they are told from their tasks."""

    def sessions(self, *words, code=0):
        return self.loong("sessions", *words, "--json", code=code)

    def test_lineage_of_a_retried_task(self):
        task = self.ended("exit 3", "--retry", "1", code=1)
        heads = self.sessions("heads", task).json()["tasks"][0]
        detail = self.detail(task)
        self.assertEqual([one["session_id"] for one in heads["sessions"]],
                         [one["session_id"] for one in detail["lineage"]])
        self.assertEqual([one["is_current"] for one in heads["sessions"]], [False, True])
        self.assertEqual(heads["task_session_id"], detail["task_session_id"])
        first, second = heads["sessions"]
        listed = self.sessions("list", "--kind", "delegate_child", "--state", "failed").json()
        self.assertEqual([one["session_id"] for one in listed["sessions"]],
                         [second["session_id"], first["session_id"]])
        own = self.sessions("events", first["session_id"]).json()["events"]
        rest = self.sessions("events", second["session_id"]).json()["events"]
        everything = self.loong("tasks", "events", "--json", task).json()["events"]
        self.assertEqual(sorted(one["id"] for one in own + rest),
                         [one["id"] for one in everything])
        page = self.sessions("events", first["session_id"], "--after-id", "0", "--limit",
                             "2").json()
        self.assertTrue(page["has_more"])
        self.assertEqual(page["events"], own[:2])

    def test_visibility(self):
        mine = self.create("--session", "mine", "true")
        other = self.create("--session", "theirs", "true")
        self.wait("--all-sessions", mine, other)
        session = self.loong("tasks", "status", "--json", "--session", "theirs",
                             other).json()["task"]["task_session_id"]
        for words in (["status", session], ["events", session], ["history", session],
                      ["tree", session], ["heal", session], ["status", "theirs"],
                      ["tree", "theirs"], ["list", "--parent-session-id", "theirs"],
                      ["heads", other]):
            refused = self.sessions(*words, "--session", "mine", code=4)
            self.assert_error(refused, "visibility_denied")
            self.sessions(*words, "--all-sessions")
        for words in (["status", STRANGER], ["tree", "nowhere"], ["events", STRANGER],
                      ["heal", "nowhere"]):
            self.assert_error(self.sessions(*words, code=4), "session_not_found")
        roots = self.sessions("list", "--kind", "root", "--all-sessions").json()["sessions"]
        self.assertEqual([row["session_id"] for row in roots], ["theirs", "mine"])
        seen = self.sessions("list", "--session", "mine").json()["sessions"]
        self.assertEqual([row["kind"] for row in seen], ["root", "delegate_child"])
        kept_state.damage_task(self.home, other)
        self.assert_error(self.sessions("status", "theirs", "--all-sessions", code=4),
                          "session_not_found")
        self.assertEqual(self.sessions("status", "mine", "--all-sessions").json()["session"]
                         ["session_id"], "mine")
        tree_of_mine = self.sessions("tree", "mine", "--all-sessions").json()["tree"]
        self.assertEqual(sorted(child["error"] is None for child in tree_of_mine["children"]),
                         [False, True])

    def test_latest(self):
        for session in ("mine", "theirs"):
            self.wait("--session", session, self.create("--session", session, "true"))
        latest = self.sessions("tree", "latest", "--all-sessions").json()["tree"]
        self.assertEqual(latest["session_id"], "theirs")

    def test_history_is_in_order_and_escaped(self):
        gate, post = self.gate(), self.signpost()
        task = self.create(f"printf 'one\\033[31m\\n'; {post.tell()}; {gate.wait}; echo two >&2")
        post.await_line()
        session = self.detail(task)["task_session_id"]
        self.loong("tasks", "list")
        gate.let_through()
        self.wait(task)
        items = [json.loads(line) for line in self.sessions("history", session).out.splitlines()]
        kinds = [one["event"]["kind"] if one["kind"] == "event" else one["kind"] for one in items]
        self.assertEqual(kinds, ["task_created", "delegate_queued", "delegate_started", "stdout",
                                 "stderr", "delegate_completed"])
        times = [one["at"] for one in items]
        self.assertEqual(times, sorted(times))
        text = self.loong("sessions", "history", session).out
        self.assertNotIn("\033", text)
        self.assertIn("stdout  one\\x1b[31m\n", text)

    def test_pages(self):
        for _ in range(5):
            self.create("--hold", "true")
        first = self.sessions("list", "--limit", "3").json()
        self.assertTrue(first["has_more"])
        self.assertEqual(first["returned_count"], 3)
        whole = self.sessions("list", "--limit", "6").json()
        self.assertFalse(whole["has_more"])
        self.assertEqual(whole["sessions"][:3], first["sessions"])


class CompletenessTest(DoctorTest):
    """No code without a sentence for people, and none that no test provokes."""

    ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")

    def text_of(self, path):
        with open(os.path.join(self.ROOT, path), encoding="utf-8") as file:
            return file.read()

    def known_codes(self):
        core = re.findall(r'const char\* \w+ =\s+"(\w+)";',
                          self.text_of("core/src/finding_codes.hpp"))
        store = re.findall(r"(?m)^/// \| `(\w+)` \|",
                           self.text_of("plugins/store-files/inspection.hpp"))
        self.assertGreater(len(core), 20)
        self.assertGreater(len(store), 8)
        return sorted(core + store)

    def test_every_code_is_documented(self):
        documented = re.findall(r"(?m)^\| `(\w+)` \| (?:error|warning|note)",
                                self.text_of("README.md"))
        self.assertEqual(sorted(documented), self.known_codes())

    def test_every_code_is_provoked(self):
        provoked = set()
        for path, pattern in (
                ("tests/system/doctor_test.py", r'(?:assert_found|untouched)\("(\w+)"'),
                ("tests/system/doctor_test.py", r'assertIn\(b"(\w+)"'),
                ("tests/unit/core/machine_findings_test.cpp", r'expect_found\([^;]*"(\w+)"'),
                ("tests/unit/core/diagnosis_test.cpp", r'expect_found\([^;]*"(\w+)"')):
            provoked.update(re.findall(pattern, self.text_of(path)))
        missing = sorted(set(self.known_codes()) - provoked)
        self.assertEqual(missing, [])
        self.say(f"codes {len(self.known_codes())}, each documented and provoked")


if __name__ == "__main__":
    main()
