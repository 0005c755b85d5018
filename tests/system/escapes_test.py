"""Ways out of narrowed work. Each is tried twice: from work that is not narrowed, which shows that it
would have worked, and from narrowed work, where it has to fail."""

import os
import signal
import socket
import subprocess
import threading

from loong_system import PROGRAM, SystemTest, kept_state, main

ESCAPE = os.path.abspath(os.environ.get("LOONG_ESCAPE", "build/release/tests/escapes/escape"))
if not os.access(ESCAPE, os.X_OK):
    raise SystemExit(f"no program at {ESCAPE}; set LOONG_ESCAPE")

# What each is after, where it is not a file of its own.
DIRECTORY = ("list",)
TCP, UDP = ("tcp",), ("udp",)
STREAM, ABSTRACT, DATAGRAM = ("unix-pathname",), ("unix-abstract",), ("unix-pair", "unix-raw-pair")
PROCESS = ("signal", "pidfd-signal", "ptrace", "process-memory", "process-environment",
           "process-directory", "process-descriptors", "process-vm", "pidfd-getfd")
# These are after what narrowed work may read, unless it is the state.
READING = ("read", "list", "proc-self-root")


class Services:
    """What listens outside."""

    def __init__(self, directory):
        self.sockets, self.threads = [], []
        self.tcp = self.listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self.udp = self.listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        self.path = os.path.join(directory, "socket")
        self.datagrams = os.path.join(directory, "datagrams")
        self.abstract = f"@loong-escape-{os.getpid()}"
        self.listen(socket.AF_UNIX, socket.SOCK_STREAM, self.path)
        self.listen(socket.AF_UNIX, socket.SOCK_DGRAM, self.datagrams)
        self.listen(socket.AF_UNIX, socket.SOCK_STREAM, "\0" + self.abstract[1:])
        thread = threading.Thread(target=self.echo, daemon=True)
        thread.start()

    def listen(self, family, kind, address):
        one = socket.socket(family, kind)
        one.bind(address)
        if kind == socket.SOCK_STREAM:
            one.listen(16)
        self.sockets.append(one)
        return one

    def echo(self):
        while True:
            try:
                data, sender = self.udp.recvfrom(64)
                self.udp.sendto(data, sender)
            except OSError:
                return

    def close(self):
        for one in self.sockets:
            one.close()


class EscapesTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.services = Services(self.directory)
        self.skip_unless_narrowing_works()
        self.escapes = subprocess.run([ESCAPE, "--list"], check=True, capture_output=True,
                                      text=True).stdout.split()

    def tearDown(self):
        self.services.close()
        super().tearDown()

    def target_of(self, escape, outside):
        if escape in TCP:
            return str(self.services.tcp.getsockname()[1])
        if escape in UDP:
            return str(self.services.udp.getsockname()[1])
        if escape in STREAM:
            return self.services.path
        if escape in ABSTRACT:
            return self.services.abstract
        if escape in DATAGRAM:
            return self.services.datagrams
        if escape in DIRECTORY:
            return outside
        path = os.path.join(outside, escape)
        with open(path, "w", encoding="utf-8") as file:
            file.write("before\n")
        return path

    def attempts(self, outside):
        """(name of the attempt, escape, target as the shell reads it)"""
        found = []
        for escape in self.escapes:
            if escape in PROCESS:
                found += [(f"{escape} of the keeper", escape, "$PPID"),
                          (f"{escape} of the worker", escape, "$worker")]
            else:
                found.append((escape, escape, f"'{self.target_of(escape, outside)}'"))
        return found

    def try_all(self, name, outside, *narrowing):
        """What each attempt says, in a task of its own kind."""
        inside = self.path(name)
        os.makedirs(os.path.join(inside, "out"))
        attempts = self.attempts(outside)
        script = "cd out; worker=$(cut -d' ' -f4 < /proc/$PPID/stat)\n"
        for number, (_, escape, target) in enumerate(attempts):
            script += f"{ESCAPE} {escape} {target} > /dev/null 2>&1; echo {number} $?\n"
        task = self.loong("tasks", "create", "-q", *narrowing, script, cwd=inside).out.strip()
        self.wait(task)
        said = dict(line.split() for line in self.output(task).splitlines())
        self.assertEqual(len(said), len(attempts))
        # 0: out; 1: held; more than 128: ended by a signal, which is held as well.
        return {attempt[0]: int(said[str(number)]) for number, attempt in enumerate(attempts)}

    def compare(self, control, narrowed, expected_to_work=()):
        tried, held, without_proof, escaped = 0, 0, [], []
        for attempt, code in control.items():
            self.assertIn(narrowed[attempt], (0, 1, 159), attempt)
            if attempt in expected_to_work:
                self.assertEqual(narrowed[attempt], 0, attempt)
                continue
            if code != 0:
                # This machine does not have it, so that it fails here proves nothing.
                without_proof.append(attempt)
            tried += 1
            held += narrowed[attempt] != 0
            if narrowed[attempt] == 0:
                escaped.append(attempt)
        self.say(f"{tried} escapes tried, {held} failed as they should, {len(escaped)} got out")
        if without_proof:
            self.say("not possible here without narrowing either: " + ", ".join(without_proof))
        self.assertEqual(escaped, [])
        # The point of the control: nearly all of them do work.
        self.assertLess(len(without_proof), tried / 4)

    def outside(self, name):
        path = self.path(name)
        os.mkdir(path)
        return path

    def test_out_of_a_directory_without_network(self):
        control = self.try_all("control", self.outside("outside-control"))
        narrowed = self.try_all("narrowed", self.outside("outside-narrowed"), "--write", "out",
                                "--no-network")
        self.compare(control, narrowed, expected_to_work=("read", "list"))

    def test_what_is_outside_stays_as_it_is(self):
        outside = self.outside("outside")
        self.try_all("narrowed", outside, "--write", "out")
        for name in os.listdir(outside):
            self.assertEqual(self.read(f"outside/{name}"), "before\n", name)
        self.assertEqual(sorted(os.listdir(outside)),
                         sorted(set(os.listdir(outside)) & set(self.escapes)))

    def test_the_network_is_cut_off_only_where_asked(self):
        said = self.try_all("narrowed", self.outside("outside"), "--write", "out")
        self.assertEqual((said["tcp"], said["udp"]), (0, 0))
        for attempt in ("unix-pathname", "unix-abstract", "unix-pair", "unix-raw-pair",
                        "io-uring", "raw-socket", "packet-socket", "vsock"):
            self.assertNotEqual(said[attempt], 0, attempt)

    def test_out_of_a_read_directory(self):
        outside = self.outside("outside")
        control = self.try_all("control", outside)
        narrowed = self.try_all("narrowed", outside, "--write", "out", "--read", ".",
                                "--read", os.path.dirname(ESCAPE))
        self.assertEqual((control["read"], control["list"]), (0, 0))
        self.assertNotEqual(narrowed["read"], 0)
        self.assertNotEqual(narrowed["list"], 0)


class StateTest(SystemTest):
    """Narrowed work and loong's own state."""

    def setUp(self):
        super().setUp()
        self.skip_unless_narrowing_works()

    def inside(self, script, *narrowing, **options):
        work = self.path("work")
        os.makedirs(work, exist_ok=True)
        return self.create("--cwd", work, *narrowing, script, **options)

    def test_state_is_neither_read_nor_written(self):
        held, doomed, moved = (self.create("--hold", "true") for _ in range(3))
        tasks = f"{self.home}/tasks"
        own = f"{tasks}/$LOONG_TASK_ID/sessions/$LOONG_SESSION_ID"
        attempts = [
            f"ls {self.home}", f"ls {tasks}", f"cat {self.home}/store.yaml",
            f"touch {self.home}/new", f"echo x > {own}/exit", f"echo x >> {own}/stdout",
            f"ls {own}", f"ls {self.home}/leases",
        ]
        if kept_state.IS_SQLITE:
            file = f"{self.home}/tasks.sqlite"
            attempts += [f"cat {file}", f"cat {file}-wal", f"ln {file} e", f"echo x >> {file}",
                         f"mv {file} ."]
        else:
            attempts += [f"cat {tasks}/{held}/events.yaml", f"cat {self.home}/index.sqlite",
                         f"cat {tasks}/$LOONG_TASK_ID/events.yaml",
                         f"echo x >> {tasks}/{held}/events.yaml",
                         f"echo x >> {tasks}/$LOONG_TASK_ID/events.yaml",
                         f"ln {tasks}/{held}/events.yaml e", f"rm -r {tasks}/{doomed}",
                         f"mv {tasks}/{moved} ."]
        script = "".join(f"({attempt}) > /dev/null 2>&1; echo {number} $?\n"
                         for number, attempt in enumerate(attempts))
        before = kept_state.events_text(self.home, held)
        said = self.run_and_read(script, "--no-network")
        held_back = [attempt for number, attempt in enumerate(attempts)
                     if said[str(number)] != "0"]
        self.say(f"{len(attempts)} escapes tried, {len(held_back)} failed as they should")
        self.assertEqual(held_back, attempts)
        self.assertEqual(kept_state.events_text(self.home, held), before)
        # The control: without narrowing every one of them works. It does harm, so it comes last, and
        # the task is one that has no keeper.
        session = self.detail(held)["task_session_id"]
        os.makedirs(f"{tasks}/{held}/sessions/{session}", exist_ok=True)
        environment = dict(self.environment, LOONG_TASK_ID=held, LOONG_SESSION_ID=session)
        for attempt in attempts:
            done = subprocess.run(["sh", "-c", attempt], cwd=self.path("work"), env=environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 0, f"{attempt}: {done.stderr}")

    def run_and_read(self, script, *narrowing):
        task = self.inside(script, *narrowing)
        self.loong("tasks", "wait", "--until", "terminal", task, code=None)
        return dict(line.split() for line in self.output(task).splitlines())

    def targets(self):
        """Tasks for the commands below, another set for each run."""
        plan = self.write("asking.yaml", "steps:\n- approve: May I?\n")
        target = {name: self.create("--hold", "true") for name in ("held", "freed", "doomed")}
        target["ended"] = self.create("true")
        target["asking"] = self.create("--file", plan)
        target["input"] = self.create(f"{PROGRAM} tasks ask Which?")
        self.wait(target["ended"])
        for name in ("asking", "input"):
            self.loong("tasks", "wait", "--until", "attention", target[name], code=3)
        target["session"] = self.detail(target["asking"])["task_session_id"]
        return target

    def commands(self, target):
        loong, everywhere = f"{PROGRAM} tasks", "--all-sessions"
        bare = f"env -u LOONG_CHANNEL {loong}"
        nobody = "env -u LOONG_CHANNEL -u LOONG_SESSION_ID -u LOONG_TASK_ID -u LOONG_TASK_SESSION_ID"
        other = f"env -u LOONG_CHANNEL LOONG_TASK_ID={target['asking']} " \
                f"LOONG_TASK_SESSION_ID={target['session']}"
        return [
            f"{loong} release {everywhere} {target['held']}",
            f"{bare} release {everywhere} {target['freed']}",
            f"{bare} create true", f"{bare} create --session default true",
            f"{nobody} {loong} create true", f"{bare} cancel {everywhere} {target['doomed']}",
            f"{loong} list", f"{bare} list {everywhere}",
            f"env -u LOONG_CHANNEL {PROGRAM} doctor --json",
            f"{bare} approve {everywhere} $LOONG_TASK_ID", f"{other} {loong} report --note mine",
            f"{bare} approve {everywhere} {target['asking']}",
            f"{bare} answer {everywhere} {target['input']} mine",
            f"{bare} prune {everywhere} {target['ended']}", f"{loong} create --wait true",
            f"{loong} create --write {self.path('outside')} true",
            f"{loong} create --allow net.connect true",
        ]

    def try_commands(self, *narrowing):
        """How each command ended, said by work that has asked the operator something itself."""
        target = self.targets()
        gate = self.path("work/go")
        script = f"{PROGRAM} tasks ask --approve Well? > answer & read _ < go\n" + "".join(
            f"({command}) > /dev/null 2>&1; echo {number} $?\n"
            for number, command in enumerate(self.commands(target))) + "wait"
        os.makedirs(self.path("work"), exist_ok=True)
        if not os.path.exists(gate):
            os.mkfifo(gate)
        task = self.inside(script, *narrowing)
        self.loong("tasks", "wait", "--until", "approval_pending", task, code=3)
        with open(gate, "w", encoding="utf-8") as go:
            go.write("\n")
        count = len(self.commands(target))
        while len(self.output(task).splitlines()) < count:
            self.loong("tasks", "wait", "--until", "completed", "--timeout", "100ms", task, code=None)
        # It waits for the answer where it could not give that itself.
        self.loong("tasks", "deny", task, code=None)
        self.wait(task, code=None)
        said = dict(line.split() for line in self.output(task).splitlines())
        return target, [said[str(number)] == "0" for number in range(count)]

    def test_commands_cannot_be_used_to_get_out(self):
        self.configure("workers: {max_parallel: 8}\n")
        os.mkdir(self.path("outside"))
        target, worked = self.try_commands()
        names = self.commands(target)
        self.assertEqual([name for name, done in zip(names, worked) if not done], [])
        self.assertEqual(self.read("work/answer"), "allowed\n")
        target, got_out = self.try_commands("--no-network")
        self.say(f"{len(names)} escapes tried, {got_out.count(False)} failed as they should; "
                 f"without narrowing {worked.count(True)} work")
        names = self.commands(target)
        self.assertEqual([name for name, done in zip(names, got_out) if done], [])
        self.assertEqual(self.read("work/answer"), "denied\n")
        for name, status in (("held", "waiting"), ("freed", "waiting"), ("doomed", "waiting"),
                             ("ended", "completed"), ("asking", "approval_pending"),
                             ("input", "blocked")):
            self.assertEqual(self.status(target[name]), status, name)

    def test_a_created_task_is_as_narrow(self):
        outside = self.write("outside.txt", "")
        child = f"echo x >> {outside} && echo written; {ESCAPE} unix-pair @x"
        # The control: what is created by work that is not narrowed may do that.
        free = self.inside(f"{PROGRAM} tasks create -q '{child}'")
        self.wait(free)
        self.loong("tasks", "wait", "--until", "terminal", self.output(free).strip(), code=None)
        self.assertEqual(self.read("outside.txt"), "x\n")
        task = self.inside(f"{PROGRAM} tasks create -q '{child}'", "--no-network")
        self.wait(task)
        created = self.output(task).strip()
        self.loong("tasks", "wait", "--until", "terminal", created, "--all-sessions", code=1)
        self.assertEqual(self.read("outside.txt"), "x\n")
        detail = self.loong("tasks", "status", "--json", created).json()["task"]
        self.assertTrue(detail["task_status"]["tool_narrowing_active"])
        self.assertFalse(detail["tool_policy"]["effective_runtime_narrowing"]["network"])
        self.assertEqual(detail["owner_session_id"], self.detail(task)["task_session_id"])
        self.assertNotIn("written", self.output(created))

    def test_the_name_of_the_channel_opens_nothing(self):
        os.mkdir(self.path("outside"))
        variable = f"LOONG_CHANNEL={self.path('outside')}"
        touch = f"touch {self.path('outside')}/x"
        self.wait(self.inside(touch, "--no-network", "--env", variable), code=1)
        task = self.inside(f"{PROGRAM} tasks create -q --env {variable} '{touch}'", "--no-network")
        self.wait(task)
        self.wait(self.output(task).strip(), code=1)
        self.assertEqual(os.listdir(self.path("outside")), [])

    def test_a_child_cannot_read_what_it_names_as_its_command(self):
        secret = self.write("secret", "#!/bin/sh\necho told\n")
        os.chmod(secret, 0o700)
        free = self.inside(f"{PROGRAM} tasks create -q -- {secret}")
        self.wait(free)
        self.wait(self.output(free).strip())
        self.assertEqual(self.output(self.output(free).strip()), "told\n")
        task = self.inside(f"{PROGRAM} tasks create -q -- {secret}", "--read", self.path("work"))
        self.wait(task)
        child = self.output(task).strip()
        self.wait(child, code=1)
        self.assertEqual(self.output(child), "")

    def test_what_it_leaves_behind_is_ended_whatever_it_says_of_itself(self):
        os.makedirs(self.path("work"), exist_ok=True)
        # It is told of when it is what it says.
        left = "rm -f up; mkfifo up; env LOONG_WORKER=1 LOONG_TASK_SESSION_ID=other setsid " \
               "sh -c 'trap \"\" TERM; echo > up; exec sleep 1000' & echo $!; read _ < up"
        # The control: what says so of itself is spared where it is not narrowed.
        free = self.inside(left, "--grace", "1s")
        self.wait(free)
        spared = int(self.output(free).strip())
        self.assertTrue(os.path.exists(f"/proc/{spared}"))
        os.kill(spared, signal.SIGKILL)
        task = self.inside(left, "--write", self.path("work"), "--grace", "1s")
        self.wait(task)
        pid = int(self.output(task).strip())
        self.assertFalse(os.path.exists(f"/proc/{pid}"))

    def test_a_write_set_that_holds_loong_is_refused(self):
        config = self.write("config.yaml", "workers: {max_parallel: 2}\n")
        self.environment["LOONG_CONFIG"] = config
        places = [self.home, self.directory, "/", f"{self.home}/tasks", os.path.dirname(PROGRAM),
                  os.path.dirname(os.path.dirname(PROGRAM))]
        self.create("--hold", "true")
        for place in places:
            refused = self.loong("tasks", "create", "--json", "--write", place, "true", code=2)
            self.assert_error(refused, "invalid_argument", "narrowed work could write")
            refused = self.loong("tasks", "create", "--json", "--no-network", "--cwd", place,
                                 "true", code=2)
            self.assert_error(refused, "invalid_argument", "narrowed work could write")
        self.assertEqual(self.loong("tasks", "list", "--json").json()["matched_count"], 1)


if __name__ == "__main__":
    main()
