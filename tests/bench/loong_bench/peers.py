"""The programs that people use for the same today, where they are installed."""

import os
import shutil
import subprocess
import tempfile

from loong_bench import timing


class Nq:
    """A file for each job in a directory; each queued job is a process that waits for the others."""

    name = "nq"

    def __init__(self, bench):
        self.directory = tempfile.mkdtemp(prefix="nq-", dir=bench.scratch)
        self.program = shutil.which("nq")
        self.environment = {"PATH": "/usr/bin:/bin", "NQDIR": self.directory}
        self.blocker = None

    def command(self, *words):
        return timing.Command([self.program, "-q", *words], self.environment)

    def queue(self, count):
        """That many behind one that lasts."""
        fifo = os.path.join(self.directory, ".gate")
        os.mkfifo(fifo)
        self.blocker = os.open(fifo, os.O_RDWR | os.O_CLOEXEC)
        timing.run(self.command("sh", "-c", f"read _ < '{fifo}'"))
        for _ in range(count):
            timing.run(self.command("true"))

    def wait(self):
        subprocess.run([self.program, "-w"], env=self.environment, check=True)

    def close(self):
        if self.blocker is not None:
            os.write(self.blocker, b"\n")
        self.wait()
        if self.blocker is not None:
            os.close(self.blocker)
        shutil.rmtree(self.directory)


class Tsp:
    """A server for each user that holds the queue in memory."""

    name = "tsp"

    def __init__(self, bench, slots=1):
        self.directory = tempfile.mkdtemp(prefix="tsp-", dir=bench.scratch)
        self.program = shutil.which("tsp")
        self.environment = {"PATH": "/usr/bin:/bin", "TMPDIR": self.directory,
                            "TS_SOCKET": os.path.join(self.directory, "socket"),
                            "TS_SLOTS": str(slots), "TS_MAXFINISHED": "10"}
        timing.run(self.command("true"))

    def command(self, *words):
        return timing.Command([self.program, "-n", *words], self.environment)

    def wait(self):
        """Until the one that was added last has ended; with several slots, one more a slot."""
        subprocess.run([self.program, "-w"], env=self.environment, check=False,
                       stdout=subprocess.DEVNULL)

    def close(self):
        subprocess.run([self.program, "-K"], env=self.environment, check=True)
        shutil.rmtree(self.directory)


class Pueue:
    """A daemon that somebody has to start; it writes its whole state at each change."""

    name = "pueue"

    def __init__(self, bench):
        self.directory = tempfile.mkdtemp(prefix="pueue-", dir=bench.scratch)
        config = os.path.join(self.directory, "pueue.yml")
        with open(config, "w", encoding="utf-8") as file:
            file.write("shared:\n"
                       f"  pueue_directory: {self.directory}\n"
                       f"  runtime_directory: {self.directory}\n"
                       "client: {}\ndaemon: {}\n")
        self.program = shutil.which("pueue")
        self.environment = {"PATH": os.environ["PATH"], "HOME": self.directory,
                            "PUEUE_CONFIG_PATH": config}
        self.daemon = subprocess.Popen([shutil.which("pueued"), "-c", config],
                                       env=self.environment, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        while not os.path.exists(os.path.join(self.directory, "pueue.pid")):
            if self.daemon.poll() is not None:
                raise RuntimeError("pueued did not start")

    def command(self, *words):
        return timing.Command([self.program, "add", "--", *words], self.environment)

    def close(self):
        self.daemon.terminate()
        self.daemon.wait()
        shutil.rmtree(self.directory)


def installed(*kinds):
    """Those which are here; what is missing is said once in the report."""
    return [kind for kind in kinds if shutil.which(kind.name)]
