"""Work survives whoever created it: a terminal that goes away, closed streams, an empty
environment, a session that is killed whole."""

import fcntl
import os
import pty
import signal
import socket
import subprocess

from loong_system import PATIENCE, PROGRAM, SystemTest, await_death, main


class CallerTest(SystemTest):
    def finish_and_check(self, task, gate, expected="before\nafter\n"):
        self.assertEqual(self.status(task), "running")
        gate.let_through()
        self.wait(task)
        self.assertEqual(self.status(task), "completed")
        self.assertEqual(self.output(task), expected)
        self.say("the caller is gone; status, wait and output are right")

    def only_task(self):
        ids = self.loong("tasks", "list", "-q").out.split()
        self.assertEqual(len(ids), 1)
        return ids[0]

    def text(self, gate, post):
        return f"echo before; {post.tell()}; {gate.wait}; echo after"

    def in_terminal(self, words):
        """The process, leader of a session with a terminal, and that terminal's other end."""
        child, master = pty.fork()
        if child == 0:
            try:
                os.execve(words[0], words, self.environment)
            finally:
                os._exit(127)
        return child, master

    def test_terminal_goes_away(self):
        gate, post = self.gate(), self.signpost()
        line = '"$0" tasks create "$1"; echo created; read _'
        child, master = self.in_terminal(["/bin/sh", "-c", line, PROGRAM, self.text(gate, post)])
        seen = b""
        while b"created" not in seen:
            seen += os.read(master, 4096)
        post.await_line()
        os.close(master)
        _, status = os.waitpid(child, 0)
        self.assertTrue(os.WIFSIGNALED(status) or os.WIFEXITED(status))
        self.assertNotIn(b"error", seen)
        self.finish_and_check(self.only_task(), gate)

    def test_terminal_goes_away_under_a_waiting_create(self):
        gate, post = self.gate(), self.signpost()
        child, master = self.in_terminal(
            [PROGRAM, "tasks", "create", "--wait", self.text(gate, post)])
        post.await_line()
        os.close(master)
        os.waitpid(child, 0)
        self.finish_and_check(self.only_task(), gate)

    def test_closed_standard_streams(self):
        gate, post = self.gate(), self.signpost()
        line = '"$0" tasks create "$1" <&- >&- 2>&-'
        done = subprocess.run(["/bin/sh", "-c", line, PROGRAM, self.text(gate, post)],
                              env=self.environment, check=False)
        post.await_line()
        self.say(f"create without streams ended with {done.returncode}")
        self.finish_and_check(self.only_task(), gate)

    def test_every_stream_closed_in_turn(self):
        """The descriptors that the program opens itself must not be taken for the streams."""
        for closed in ("<&-", ">&-", "2>&-"):
            line = f'"$0" -q tasks create "echo out; echo err >&2" {closed}'
            subprocess.run(["/bin/sh", "-c", line, PROGRAM], env=self.environment, check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        ids = self.loong("tasks", "list", "-q").out.split()
        self.assertEqual(len(ids), 3)
        self.wait(*ids)
        for task in ids:
            self.assertEqual(self.output(task, "--stream", "stdout"), "out\n")
            shown = self.loong("tasks", "output", task)
            self.assertEqual((shown.out, shown.err), ("out\n", "err\n"))
        self.say("streams closed 3")

    def test_environment_of_cron(self):
        gate, post = self.gate(), self.signpost()
        self.environment = {"LOONG_HOME": self.home, "HOME": self.directory}
        task = self.create(self.text(gate, post))
        post.await_line()
        self.finish_and_check(task, gate)

    def test_empty_environment(self):
        """Nothing but the place of the state, not even HOME or PATH."""
        gate, post = self.gate(), self.signpost()
        self.environment = {"LOONG_HOME": self.home}
        task = self.create(self.text(gate, post))
        post.await_line()
        self.finish_and_check(task, gate)

    def test_caller_killed_with_its_whole_session(self):
        gate, post = self.gate(), self.signpost()
        line = '"$0" -q tasks create "$1"; read _'
        leader = subprocess.Popen(["/bin/sh", "-c", line, PROGRAM, self.text(gate, post)],
                                  env=self.environment, start_new_session=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        task = leader.stdout.readline().decode().strip()
        post.await_line()
        killed = 0
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and os.getsid(int(name)) == leader.pid:
                    os.kill(int(name), signal.SIGKILL)
                    killed += 1
            except ProcessLookupError:
                continue
        leader.wait()
        leader.stdout.close()
        leader.stdin.close()
        self.say(f"processes killed {killed}")
        self.finish_and_check(task, gate)

    def test_caller_killed_with_its_process_group_while_it_waits(self):
        gate, post = self.gate(), self.signpost()
        caller = self.start("tasks", "create", "--wait", self.text(gate, post),
                            start_new_session=True)
        post.await_line()
        os.killpg(caller.pid, signal.SIGKILL)
        caller.communicate()
        self.finish_and_check(self.only_task(), gate)

    def test_limits_and_masks_of_the_caller_do_not_stay(self):
        """A caller with blocked and ignored signals still leaves work that TERM can end."""
        post = self.signpost()

        def shut_off():
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD})
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        done = self.loong("tasks", "create", "-q", "--", "/bin/sh", "-c",
                          f"{post.tell()}; exec sleep 1000", preexec_fn=shut_off)
        task = done.out.strip()
        post.await_line()
        self.loong("tasks", "cancel", "--wait", task)
        outcome = self.detail(task)["terminal_outcome"]
        self.assertEqual(outcome["signal"], signal.SIGTERM)

    def test_worker_that_is_not_needed_after_all_leaves(self):
        # Its program is started while the task is stored, which here is one that is there already.
        first = self.create("--wait", "--dedupe-key", "nightly", "true")
        self.await_idle()
        events = self.kinds(first)
        self.assertEqual(self.create("--dedupe-key", "nightly", "true"), first)
        self.await_idle()
        self.assertEqual(self.workers(), [])
        self.assertEqual(self.kinds(first), events)

    def test_a_wrong_guess_at_free_slots_changes_nothing(self):
        self.configure("workers: {max_parallel: 1}\n")
        gate = self.gate()
        running = self.create_running(gate.wait)
        worker = self.worker_of(running)
        seats = os.path.join(self.home, "workers")
        # Free where it is not: what is started early leaves, and the task waits for its turn.
        os.unlink(seats)
        with open(seats, "wb"):
            os.chmod(seats, 0o600)
        waiting = self.create("true")
        for pid in self.workers():
            if pid != worker:
                await_death(pid)
        self.assertEqual(self.status(waiting), "queued")
        # Taken where it is not: the worker is started later.
        with open(seats, "r+b") as file:
            fcntl.lockf(file, fcntl.LOCK_EX)
            gate.let_through()
            self.wait(running, waiting)
            self.await_idle()
            self.wait(self.create("true"))
            self.await_idle()

    def test_a_worker_started_early_ends_with_a_store_that_is_refused(self):
        self.wait(self.create("true"))
        self.await_idle()
        os.chmod(self.home, 0o777)
        self.loong("tasks", "create", "true", code=2)
        for pid in self.workers():
            await_death(pid)
        os.chmod(self.home, 0o700)
        self.assertEqual(len(self.loong("tasks", "list", "--json").json()["tasks"]), 1)

    def test_worker_whose_starter_is_killed_serves_the_queue(self):
        """It holds a slot by then, and whoever creates next counts on who holds one."""
        self.configure("workers: {max_parallel: 1}\n")
        gate = self.gate()
        running = self.create_running(gate.wait)
        queued = self.create("true")
        os.kill(self.worker_of(running), signal.SIGKILL)
        await_death(self.worker_of(running))
        ours, theirs = socket.socketpair()
        worker = subprocess.Popen(
            [PROGRAM, "worker", "--ready-descriptor", str(theirs.fileno())],
            env=self.environment, pass_fds=[theirs.fileno()], start_new_session=True)
        theirs.close()
        ours.send(b"\x05")
        ours.close()
        self.assertEqual(worker.wait(timeout=PATIENCE), 0)
        self.assertEqual(self.status(queued), "completed")
        gate.let_through()

    def test_worker_is_detached(self):
        task = self.create_running("exec sleep 1000")
        worker = self.worker_of(task)
        self.assertEqual(os.getsid(worker) == os.getsid(0), False)
        self.assertEqual(os.readlink(f"/proc/{worker}/cwd"), "/")
        for descriptor in ("0", "1"):
            self.assertEqual(os.readlink(f"/proc/{worker}/fd/{descriptor}"), "/dev/null")
        self.loong("tasks", "cancel", "--wait", "--force", task)
        await_death(worker)


if __name__ == "__main__":
    main()
