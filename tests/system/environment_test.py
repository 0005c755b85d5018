"""What work finds around it: the submitter's variables and directory, no secrets, and its own ids;
and what it may do from inside: report, and create tasks of its own."""

import contextlib
import glob
import json
import os
import stat

from loong_system import PROGRAM, SystemTest, kept_state, main


class EnvironmentTest(SystemTest):
    def variables(self, task):
        return dict(line.split("=", 1) for line in self.output(task).split("\n") if "=" in line)

    def holders(self, secret):
        """The files of the state directory that contain these bytes."""
        found = []
        for place, _, names in os.walk(self.home):
            for name in names:
                # A worker that is at work removes files between the listing and the look.
                with contextlib.suppress(FileNotFoundError):
                    with open(os.path.join(place, name), "rb") as file:
                        if secret.encode() in file.read():
                            found.append(os.path.join(place, name))
        return found

    def test_variables_and_directory_of_the_submitter(self):
        self.environment.update(COLOUR="blue green", EMPTY="", ODD="a=b\nc")
        os.mkdir(self.path("place"))
        task = self.create("env; pwd", cwd=self.path("place"))
        self.wait(task)
        found = self.variables(task)
        self.assertEqual(found["COLOUR"], "blue green")
        self.assertEqual(found["EMPTY"], "")
        self.assertIn("ODD=a=b\nc\n", self.output(task))
        self.assertEqual(self.output(task).strip().split("\n")[-1], self.path("place"))
        detail = self.detail(task)
        self.assertEqual(found["LOONG_TASK_ID"], task)
        self.assertEqual(found["LOONG_TASK_SESSION_ID"], detail["task_session_id"])
        self.assertEqual(found["LOONG_SESSION_ID"], detail["task_session_id"])
        self.assertEqual(found["LOONG_HOME"], self.home)

    def test_environment_is_the_submitters_and_not_the_workers(self):
        """A worker that an earlier create has started brings nothing of its own along."""
        self.configure("workers: {max_parallel: 1}\n")
        gate, post = self.gate(), self.signpost()
        self.environment["FIRST"] = "yes"
        first = self.create(f"{post.tell()}; {gate.wait}")
        post.await_line()
        del self.environment["FIRST"]
        self.environment["SECOND"] = "yes"
        second = self.create("env")
        gate.let_through()
        self.wait(first, second)
        found = self.variables(second)
        self.assertNotIn("FIRST", found)
        self.assertEqual(found["SECOND"], "yes")

    def test_cwd_and_env_options(self):
        os.mkdir(self.path("there"))
        task = self.create("--cwd", self.path("there"), "--env", "GIVEN=by hand", "env; pwd")
        self.wait(task)
        self.assertEqual(self.variables(task)["GIVEN"], "by hand")
        self.assertTrue(self.output(task).endswith(self.path("there") + "\n"))

    def test_secrets_are_withheld_and_listed(self):
        self.environment.update(DEPLOY_TOKEN="s3cr3t-one", DB_PASSWORD="s3cr3t-two", PLAIN="x")
        made = self.loong("tasks", "create", "--json", "env").json()
        self.assertEqual(made["withheld_env"], ["DB_PASSWORD", "DEPLOY_TOKEN"])
        task = made["task"]["task_id"]
        self.wait(task)
        found = self.variables(task)
        self.assertNotIn("DEPLOY_TOKEN", found)
        self.assertNotIn("DB_PASSWORD", found)
        self.assertEqual(found["PLAIN"], "x")
        self.assertEqual(self.holders("s3cr3t"), [])
        shown = self.loong("tasks", "create", "true")
        self.assertIn("DEPLOY_TOKEN", shown.out + shown.err)

    def test_named_secrets_reach_the_work_and_are_deleted_at_its_end(self):
        self.configure("environment: {pass: [DB_PASSWORD]}\n")
        self.environment.update(DEPLOY_TOKEN="s3cr3t-one", DB_PASSWORD="s3cr3t-two",
                                OTHER_TOKEN="s3cr3t-three")
        gate, post = self.gate(), self.signpost()
        text = f'[ "$DEPLOY_TOKEN$DB_PASSWORD" = s3cr3t-ones3cr3t-two ]; a=$?; {post.tell()}; ' \
               f'{gate.wait}; exit $a'
        task = self.create("--env", "DEPLOY_TOKEN", text)
        post.await_line()
        # The text of the work holds the words as well; what matters is the place of the secrets.
        if kept_state.IS_SQLITE:
            kept = kept_state.sql(self.home, "SELECT secrets FROM secrets")
            self.assertEqual(len(kept), 1)
            self.assertIn("s3cr3t-two", str(kept[0][0]))
        else:
            holders = [path for path in self.holders("s3cr3t-two")
                       if not path.endswith(("task.yaml", "events.yaml")) and "index" not in path]
            self.assertEqual(len(holders), 1, holders)
            self.assertEqual(os.stat(holders[0]).st_mode & 0o777, 0o600)
        self.assertEqual(self.holders("s3cr3t-three"), [])
        gate.let_through()
        self.wait(task)
        self.await_idle()
        if kept_state.IS_SQLITE:
            self.assertEqual(kept_state.sql(self.home, "SELECT * FROM secrets"), [])
        else:
            self.assertFalse(os.path.exists(holders[0]))

    def test_secrets_are_deleted_also_after_cancel_and_failure(self):
        self.environment["DEPLOY_TOKEN"] = "s3cr3t-one"
        held = self.create("--hold", "--env", "DEPLOY_TOKEN", "true")
        self.assertNotEqual(self.holders("s3cr3t-one"), [])
        self.loong("tasks", "cancel", held)
        failed = self.create("--env", "DEPLOY_TOKEN", "exit 3")
        self.wait(failed, code=1)
        running = self.create_running("exec sleep 1000", "--env", "DEPLOY_TOKEN")
        self.loong("tasks", "cancel", "--wait", running)
        # They are deleted after the end is recorded.
        self.await_idle()
        self.assertEqual(self.holders("s3cr3t-one"), [])

    def test_retry_of_a_task_with_deleted_secrets(self):
        """They come from the caller's environment, or it fails naming them."""
        self.environment["DEPLOY_TOKEN"] = "s3cr3t-one"
        task = self.create("--env", "DEPLOY_TOKEN", 'echo "$DEPLOY_TOKEN"; [ -e "$HOME/good" ]')
        self.wait(task, code=1)
        # They are deleted after the end is recorded.
        self.await_idle()
        self.write("good", "")
        del self.environment["DEPLOY_TOKEN"]
        refused = self.loong("tasks", "recover", "--retry", "--json", task, code=None)
        self.assertNotEqual(refused.code, 0)
        self.assertIn("DEPLOY_TOKEN", refused.out + refused.err)
        self.assertEqual(self.status(task), "failed")
        self.environment["DEPLOY_TOKEN"] = "s3cr3t-new"
        self.recover("--retry", task)
        self.wait(task)
        self.assertEqual(self.output(task).split("\n")[-2], "s3cr3t-new")

    def assert_private(self, *needed):
        """Whatever is in the state directory is its user's alone; these names are there."""
        found = set()
        for path in [self.home] + glob.glob(self.home + "/**", recursive=True):
            # A worker that is at work removes files between the listing and the look.
            with contextlib.suppress(FileNotFoundError):
                mode = os.lstat(path).st_mode
                wanted = 0o700 if stat.S_ISDIR(mode) else 0o600
                self.assertEqual(stat.S_IMODE(mode), wanted, path)
                found.add(os.path.relpath(path, self.home))
        for name in needed:
            self.assertIn(name, found)
        return len(found)

    def test_private_modes(self):
        gate = self.gate()
        task = self.create_running(f"echo out; {gate.wait}")
        database = "tasks.sqlite" if kept_state.IS_SQLITE else "index.sqlite"
        running = self.assert_private(database, f"{database}-wal", f"{database}-shm")
        gate.let_through()
        self.wait(task)
        self.await_idle()
        ended = self.assert_private(database)
        self.say(f"files and directories {running}, at the end {ended}")


class InsideTest(SystemTest):
    def create_inside(self, script, *options):
        self.environment["LOONG"] = PROGRAM
        return self.create(*options, script)

    def test_report(self):
        gate, post = self.gate(), self.signpost()
        task = self.create_inside(
            f'"$LOONG" tasks report --progress 40 --note "half way" && {post.tell()}; {gate.wait};'
            f'"$LOONG" tasks report --state blocked --note "no disk" && {post.tell()}; {gate.wait}')
        post.await_line()
        progress = self.detail(task)["progress"]
        self.assertEqual(progress["percent"], 40)
        self.assertEqual(progress["note"], "half way")
        gate.let_through()
        post.await_line()
        status = self.detail(task)["task_status"]
        self.assertEqual(status["status"], "blocked")
        self.assertIn("no disk", status["reason"])
        self.assertIn("progress_blocked", status["signals"])
        gate.let_through()
        self.wait(task)
        self.assertIn("task_progress", self.kinds(task))

    def test_report_outside_of_a_task(self):
        refused = self.loong("tasks", "report", "--json", "--progress", "3", code=2)
        self.assert_error(refused, "invalid_argument")

    def test_task_created_inside_is_owned_by_the_carrier(self):
        parent = self.create_inside('"$LOONG" -q tasks create "echo from the child"')
        self.wait(parent)
        child = self.output(parent).strip()
        self.wait(child)
        self.assertEqual(self.output(child), "from the child\n")
        detail = self.detail(child)
        self.assertEqual(detail["owner_session_id"], self.detail(parent)["task_session_id"])
        self.assertEqual(detail["scope_session_id"], "default")

    def test_task_created_inside_survives_the_end_of_its_parent(self):
        """Neither the worker nor the child's work is among what ends with the parent's work."""
        for parallel in (1, 2, 4):
            self.configure(f"workers: {{max_parallel: {parallel}}}\n")
            gate, post = self.gate(f"gate-{parallel}"), self.signpost(f"post-{parallel}")
            parent = self.create_inside(
                f"\"$LOONG\" -q tasks create '{post.tell()}; {gate.wait}; echo survived'; "
                f"exit 0")
            self.wait(parent)
            child = self.output(parent).strip()
            post.await_line()
            self.assertEqual(self.status(child), "running")
            gate.let_through()
            self.wait(child)
            self.assertEqual(self.output(child), "survived\n")
        self.say("limits of workers tried 3")

    def test_task_created_inside_starts_while_its_parent_works(self):
        gate = self.gate()
        parent = self.create_inside(
            f'"$LOONG" -q tasks create --wait "echo child"; echo parent goes on; {gate.wait}')
        gate.let_through()
        self.wait(parent)
        self.assertIn("parent goes on", self.output(parent))

    def test_task_created_inside_after_the_worker_was_killed(self):
        """The only carrier is dead, its work lives on and creates: the new task is still served."""
        gate, post = self.gate(), self.signpost()
        parent = self.create_inside(f'{post.tell()}; {gate.wait}; '
                                    f'"$LOONG" -q tasks create "echo child"; {post.tell("made")}')
        post.await_line()
        self.kill(self.worker_of(parent))
        gate.let_through()
        self.assertEqual(post.await_line(), "made")
        ids = self.loong("tasks", "list", "-q", "--all-sessions").out.split()
        child = next(task for task in ids if task != parent)
        self.wait(child)
        self.assertEqual(self.output(child), "child\n")
        self.assertEqual(self.status(parent), "recoverable")
        self.loong("tasks", "recover", parent)
        self.wait(parent)

    def test_depth_limit(self):
        self.configure("delegation: {max_depth: 2}\n")
        text = 'if [ $DEPTH -gt 0 ]; then DEPTH=$((DEPTH - 1)) "$LOONG" tasks create --json ' \
               '--wait "$TEXT" > /dev/null 2> "$HOME/error-$DEPTH" || cp "$HOME/error-$DEPTH" ' \
               '"$HOME/refused"; fi'
        self.environment.update(DEPTH="5", TEXT=text)
        task = self.create_inside(text)
        self.wait(task)
        error = json.loads(self.read("refused"))["error"]
        self.assertEqual(error["code"], "delegate_depth_exceeded")
        self.assertIn("max_depth", error["hint"])
        found = self.loong("tasks", "list", "--json", "--all-sessions").json()
        self.assertEqual(found["matched_count"], 3)

    def test_child_limit(self):
        self.configure("delegation: {max_active_children: 2}\n")
        task = self.create_inside(
            'for i in 1 2 3; do "$LOONG" tasks create --json --hold true > /dev/null '
            '2>> "$HOME/errors" || echo refused $i; done')
        self.wait(task)
        self.assertEqual(self.output(task), "refused 3\n")
        error = json.loads(self.read("errors"))["error"]
        self.assertEqual(error["code"], "delegate_active_children_exceeded")
        self.assertIn("max_active_children", error["hint"])
        found = self.loong("tasks", "list", "--json", "--all-sessions").json()
        self.assertEqual(found["counts"]["waiting"], 2)

    def test_visibility(self):
        """A scope sees its own and its descendants' tasks, never another scope's."""
        own = self.create("--session", "mine", "true")
        other = self.create("--session", "theirs", "true")
        self.wait("--all-sessions", own, other)
        seen = self.loong("tasks", "list", "-q", "--session", "mine").out.split()
        self.assertEqual(seen, [own])
        refused = self.loong("tasks", "status", "--json", "--session", "mine", other, code=4)
        self.assert_error(refused, "visibility_denied")
        everything = self.loong("tasks", "list", "-q", "--all-sessions").out.split()
        self.assertEqual(set(everything), {own, other})


    def test_the_umask_is_the_submitter_s(self):
        made = self.path("made")
        task = self.create("--hold", f"touch {made}; umask", umask=0o077)
        # The worker is started by somebody whose new files everybody may read.
        self.loong("tasks", "release", task, umask=0o002)
        self.wait(task)
        self.assertEqual(self.output(task), "0077\n")
        self.assertEqual(os.stat(made).st_mode & 0o777, 0o600)
        inner = self.create(f"umask 0007; {PROGRAM} tasks create -q umask", umask=0o022)
        self.wait(inner)
        created = self.output(inner).strip()
        self.wait(created)
        self.assertEqual(self.output(created), "0007\n")


if __name__ == "__main__":
    main()
