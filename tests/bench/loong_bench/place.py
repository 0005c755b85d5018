"""A state directory of its own for a measurement, with a configuration that says what differs."""

import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

from loong_bench import timing

# One call takes no more; a larger batch is several of them.
BATCH = 10_000


class Place:
    def __init__(self, bench, store="store-files", workers=2):
        self.directory = tempfile.mkdtemp(prefix="place-", dir=bench.scratch)
        os.chmod(self.directory, 0o700)
        self.home = os.path.join(self.directory, "state")
        self.program = bench.program
        config = os.path.join(self.directory, "config.yaml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f"store: {{plugin: {store}}}\nworkers: {{max_parallel: {workers}}}\n")
        os.chmod(config, 0o600)
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": self.directory, "LC_ALL": "C.UTF-8",
                            "LOONG_HOME": self.home, "LOONG_CONFIG": config}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end_processes()
        shutil.rmtree(self.directory)

    def command(self, *words, codes=(0,)):
        return timing.Command([self.program, *words], self.environment, codes)

    def loong(self, *words, given=None, codes=(0,)):
        ended = subprocess.run([self.program, *words], env=self.environment, input=given, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if ended.returncode not in codes:
            raise RuntimeError(f"loong {' '.join(words)}: exit code {ended.returncode}\n{ended.stderr}")
        return ended.stdout

    def create(self, *words):
        return self.loong("tasks", "create", "-q", *words).strip()

    def fill(self, count, say=None):
        """That many tasks which wait to be released."""
        line = json.dumps({"command": ["true"], "hold": True}) + "\n"
        for begin in range(0, count, BATCH):
            self.loong("tasks", "create", "-q", "--batch", "-",
                       given=line * min(BATCH, count - begin))
            if say and begin % (10 * BATCH) == 0:
                say(f"{begin + min(BATCH, count - begin)} of {count} tasks")

    def keep_a_worker(self):
        """Work that lasts keeps a worker alive, and one of its slots taken."""
        task = self.create("--", "sleep", "1000000")
        deadline = time.monotonic() + 60
        while not self.keepers():
            if time.monotonic() > deadline:
                raise RuntimeError("the work that keeps a worker did not start")
            time.sleep(0.005)
        return task

    def wait_for_all(self):
        self.loong("tasks", "wait", "--all", codes=(0, 1))

    def processes(self):
        wanted = f"LOONG_HOME={self.home}\0".encode()
        for name in os.listdir("/proc"):
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    if name.isdigit() and wanted in file.read() + b"\0" and is_alive(name):
                        yield int(name)
            except OSError:
                continue

    def keepers(self):
        """The parents of the work; their own environment tells nothing of the place."""
        found = set()
        for pid in self.processes():
            parent, program = parent_and_program(pid)
            if program == "loong-keeper":
                found.add(parent)
        return found

    def end_processes(self):
        """Kills all, and returns when the last has ended; a keeper ends with its work."""
        while pids := list(self.processes()):
            await_end(self.keepers() | {pid for pid in pids if kill(pid)})


def parent_and_program(pid):
    """The parent of a process and the name of that parent's program."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            parent = int(file.read().rpartition(")")[2].split()[1])
        return parent, os.path.basename(os.readlink(f"/proc/{parent}/exe"))
    except OSError:
        return 0, ""


def is_alive(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
        return True
    except ProcessLookupError:
        return False


def await_end(pids):
    for pid in pids:
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        select.select([descriptor], [], [])
        os.close(descriptor)
