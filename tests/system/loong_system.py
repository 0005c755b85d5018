"""What the system tests share: the real program, a state directory of its own for each test, and
meeting points with the work, so that no test sleeps for luck."""

import json
import os
import select
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import kept_state  # noqa: E402

PROGRAM = os.path.abspath(os.environ.get("LOONG_PROGRAM", "build/release/bin/loong"))
if not os.access(PROGRAM, os.X_OK):
    raise SystemExit(f"no program at {PROGRAM}; set LOONG_PROGRAM")
PATIENCE = 60.0
# What chooses the store where a test configures nothing; outside of the places that tests look at.
CONFIG_PLACE = tempfile.TemporaryDirectory(prefix="loong-config-")
CONFIG_FILE = os.path.join(CONFIG_PLACE.name, "config.yaml")
os.chmod(CONFIG_PLACE.name, 0o755)
with open(CONFIG_FILE, "w", encoding="utf-8") as config_file:
    config_file.write(kept_state.CONFIG)


class Outcome:
    """How one call of the program ended."""

    def __init__(self, words, code, out, err):
        self.words, self.code = words, code
        self.raw_out, self.raw_err = out, err
        self.out = out.decode("utf-8", "replace")
        self.err = err.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.out)

    def error(self):
        return json.loads(self.err)["error"]

    def __str__(self):
        words = " ".join(shlex.quote(str(word))[:200] for word in self.words)
        return f"{words}\nexit {self.code}\n{self.out[-3000:]}\n{self.err[-3000:]}"


class Gate:
    """Work waits here until the test lets it through; when the test dies, the gate opens."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        self.descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self.wait = f"read _ < {shlex.quote(path)}"

    def let_through(self, how_many=1):
        os.write(self.descriptor, b"\n" * how_many)

    def close(self):
        os.close(self.descriptor)


class Signpost:
    """Work tells here that it has come so far, a line each time."""

    def __init__(self, path):
        self.path = path
        os.mkfifo(path)
        self.descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self.pending = b""

    def tell(self, what="here"):
        return f"echo {what} > {shlex.quote(self.path)}"

    def await_line(self, patience=PATIENCE):
        end = time.monotonic() + patience
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.descriptor], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"nothing came to {self.path} within {patience} s")
            self.pending += os.read(self.descriptor, 65536)
        line, _, self.pending = self.pending.partition(b"\n")
        return line.decode()

    def is_silent(self):
        ready, _, _ = select.select([self.descriptor], [], [], 0)
        return not ready and not self.pending

    def close(self):
        os.close(self.descriptor)


def await_death(pid, patience=PATIENCE):
    """Waits until a process that is no child of ours has ended (a zombie has)."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if not select.select([descriptor], [], [], patience)[0]:
            raise AssertionError(f"process {pid} still lives after {patience} s")
    finally:
        os.close(descriptor)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def parent_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return int(file.read().rpartition(")")[2].split()[1])


def tree(directory):
    """Every name below a directory with what it holds; what is derived is left out."""
    content = {}
    for place, names, files in os.walk(directory):
        for name in names + files:
            path = os.path.join(place, name)
            relative = os.path.relpath(path, directory)
            derived = ("index.", "leases", "bell", "boot", "clock", "workers", "store.lock",
                       "tasks.sqlite")
            if relative.startswith(derived):
                continue
            info = os.lstat(path)
            if stat.S_ISREG(info.st_mode):
                with open(path, "rb") as file:
                    content[relative] = file.read()
            else:
                content[relative] = stat.S_IFMT(info.st_mode)
    if kept_state.IS_SQLITE:
        content["tasks.sqlite"] = kept_state.dump(directory)
    return content


class SystemTest(unittest.TestCase):
    maxDiff = None
    # Not yet known, nothing, or what the refusal says.
    why_not_narrowed = None

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="loong-system-")
        os.chmod(self.directory, 0o700)
        self.home = os.path.join(self.directory, "state")
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": self.directory,
            "LC_ALL": "C.UTF-8",
            "LOONG_HOME": self.home,
        }
        if kept_state.CONFIG:
            self.environment["LOONG_CONFIG"] = CONFIG_FILE
        self.meeting_points = []
        self.started_at = time.monotonic()

    def tearDown(self):
        for point in self.meeting_points:
            point.close()
        for _ in range(20):
            pids = self.processes()
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            for pid in pids:
                await_death(pid)
            if not pids:
                break
        shutil.rmtree(self.directory, ignore_errors=True)
        took = time.monotonic() - self.started_at
        if took > 3:
            self.say(f"took {took:.1f} s")

    def say(self, text):
        print(f"  {self.id().split('.')[-1]}: {text}", flush=True)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(self.path(name), 0o600)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def lines(self, name):
        try:
            return self.read(name).split("\n")[:-1]
        except FileNotFoundError:
            return []

    def configure(self, text):
        self.environment["LOONG_CONFIG"] = self.write("config.yaml", text + kept_state.CONFIG)

    def gate(self, name="gate"):
        self.meeting_points.append(Gate(self.path(name)))
        return self.meeting_points[-1]

    def signpost(self, name="signpost"):
        self.meeting_points.append(Signpost(self.path(name)))
        return self.meeting_points[-1]

    def start(self, *words, **options):
        options.setdefault("env", self.environment)
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen([PROGRAM, *words], **options)

    def loong(self, *words, code=0, given=None, patience=PATIENCE, **options):
        options["stdin"] = subprocess.DEVNULL if given is None else subprocess.PIPE
        process = self.start(*words, **options)
        try:
            out, err = process.communicate(given, timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"no end within {patience} s: {Outcome(words, None, out, err)}")
        outcome = Outcome(words, process.returncode, out or b"", err or b"")
        if code is not None:
            self.assertEqual(outcome.code, code, str(outcome))
        return outcome

    def create(self, *words, **options):
        return self.loong("tasks", "create", "-q", *words, **options).out.strip()

    def create_running(self, text, *options):
        """A task whose shell text runs already; the text goes on behind a word of ours."""
        post = self.signpost(f"running-{len(self.meeting_points)}")
        task = self.create(*options, f"{post.tell()}; {text}")
        post.await_line()
        return task

    def detail(self, task):
        return self.loong("tasks", "status", "--json", task).json()["task"]

    def status(self, task):
        return self.detail(task)["task_status"]["status"]

    def wait(self, *words, code=0, patience=PATIENCE):
        return self.loong("tasks", "wait", "--until", "terminal", *words, code=code,
                          patience=patience)

    def output(self, task, *words):
        return self.loong("tasks", "output", *words, task).out

    def kinds(self, task):
        found = self.loong("tasks", "events", "--json", "--limit", "10000", task).json()
        return [event["kind"] for event in found["events"]]

    def recover(self, *words, code=0):
        return self.loong("tasks", "recover", "--json", *words, code=code).json()

    def processes(self, word=None):
        """The processes which have this test's state directory in their environment."""
        wanted = f"LOONG_HOME={self.home}\0".encode()
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if wanted not in file.read() + b"\0":
                        continue
                with open(f"/proc/{name}/cmdline", "rb") as file:
                    if word is None or word.encode() in file.read().split(b"\0"):
                        found.append(int(name))
            except OSError:
                continue
        return [pid for pid in found if is_alive(pid)]

    def workers(self):
        return self.processes("worker")

    def keepers(self):
        """They are the parents of the work; their own environment tells nothing of the place."""
        found = set()
        for pid in self.processes():
            try:
                parent = parent_of(pid)
                if os.path.basename(os.readlink(f"/proc/{parent}/exe")) == "loong-keeper":
                    found.add(parent)
            except OSError:
                continue
        return sorted(found)

    def worker_of(self, task):
        pid = self.detail(task)["session"]["pid"]
        self.assertGreater(pid, 1)
        return pid

    def kill(self, pid, number=signal.SIGKILL):
        os.kill(pid, number)
        if number == signal.SIGKILL:
            await_death(pid)

    def await_idle(self, patience=PATIENCE):
        for pid in self.workers():
            await_death(pid, patience)

    def skip_unless_narrowing_works(self):
        """Where this kernel cannot hold work to a policy, the refusal is all there is to try."""
        if SystemTest.why_not_narrowed is None:
            other = dict(self.environment, LOONG_HOME=self.path("tried"))
            tried = self.loong("tasks", "create", "--json", "--hold", "--no-network", "--cwd",
                               self.directory_of_its_own(), "true", code=None, env=other)
            refused = tried.code != 0 and tried.error()["code"] == "unsupported"
            self.assertTrue(refused or tried.code == 0, str(tried))
            SystemTest.why_not_narrowed = tried.error()["message"] if refused else ""
        if SystemTest.why_not_narrowed:
            self.tearDown()
            self.skipTest(SystemTest.why_not_narrowed)

    def directory_of_its_own(self):
        path = self.path("of-its-own")
        os.makedirs(path, exist_ok=True)
        return path

    def assert_error(self, outcome, code, *mentions):
        """An error as an object on standard error, and nothing else there."""
        error = outcome.error()
        self.assertEqual(error["code"], code, str(outcome))
        text = error["message"] + " " + (error["hint"] or "")
        for mention in mentions:
            self.assertIn(mention, text, str(outcome))
        return error


def main():
    # What a caller ignores (a shell its background jobs' interrupts) would be ignored by all that
    # is started here.
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    unittest.main(verbosity=2)
