"""A state directory of its own with work that leaves a trace, and the commands on it."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile

import kept_state

from . import processes

# Tells by `overlaps` whether two carriers ever ran it at once, by `effects` how often it ran, and
# waits at the gate where there is one.
WORK = """exec 9>"lock.$1"
flock -n 9 || echo "$1" >>overlaps
echo "$1" >>effects
[ -p "gate.$1" ] && read -r answer <"gate.$1"
exit 0
"""


class Broken(Exception):
    """Something that loong promises does not hold."""


class Place:
    def __init__(self, installation, directory, config=""):
        self.installation = installation
        self.directory = tempfile.mkdtemp(dir=directory)
        self.home = os.path.join(self.directory, "home")
        self.write("work.sh", WORK)
        self.environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": self.directory,
            "LOONG_HOME": self.home,
            "TZ": "UTC",
        }
        config += kept_state.CONFIG
        if config:
            self.environment["LOONG_CONFIG"] = self.write("config.yaml", config)
        self.sessions = set()

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    # ---- commands ------------------------------------------------------------------------------

    def run(self, *arguments, plan="", limit=150):
        """Runs `loong ARGUMENT...`, under a plan where one is given."""
        command = [self.installation.program, *arguments]
        if plan:
            command = [self.installation.injector, plan, *command]
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
        )
        if done.returncode < 0 and not plan:
            raise Broken(f"{' '.join(arguments)}: ended by signal {-done.returncode}")
        return done

    def tasks(self, verb, *arguments, **options):
        return self.run("tasks", verb, *arguments, **options)

    def report_file(self):
        return os.path.join(self.directory, "report")

    def create(self, tag, *options, gate=False, plan=""):
        if gate:
            os.mkfifo(os.path.join(self.directory, "gate." + tag))
        work = ("--", "sh", os.path.join(self.directory, "work.sh"), tag)
        return self.tasks("create", "-q", *options, *work, plan=plan)

    def list(self):
        """Every task by id. That it can be listed is a promise by itself."""
        limit, rows, before = 10_000, {}, ()
        while True:
            done = self.tasks("list", "--json", "--limit", str(limit), "--all-sessions", *before)
            if done.returncode != 0:
                raise Broken(f"list: exit {done.returncode}: {done.stderr.strip()}")
            page = json.loads(done.stdout)["tasks"]
            rows |= {row["task_id"]: row for row in page}
            if len(page) < limit:
                break
            before = ("--before", page[-1]["task_id"])
        self.sessions |= {row["task_session_id"] for row in rows.values()}
        return rows

    def status(self, task):
        done = self.tasks("status", task, "--json")
        if done.returncode != 0:
            raise Broken(f"status: exit {done.returncode}: {done.stderr.strip()}")
        detail = json.loads(done.stdout)["task"]
        self.sessions |= {session["session_id"] for session in detail["lineage"]}
        return detail

    # ---- what can be seen from outside -----------------------------------------------------------

    def lines(self, name):
        try:
            with open(os.path.join(self.directory, name), encoding="utf-8") as file:
                return file.read().split()
        except FileNotFoundError:
            return []

    def effects(self, tag):
        return self.lines("effects").count(tag)

    def open_gate(self, tag):
        with open(os.path.join(self.directory, "gate." + tag), "w", encoding="utf-8") as gate:
            gate.write("go\n")

    def processes(self):
        """Ids of everything that still works for this place."""
        found = set(processes.with_environment("LOONG_HOME=" + self.home))
        for session in self.sessions:
            found |= set(processes.with_environment("LOONG_TASK_SESSION_ID=" + session))
        return found

    def keepers(self):
        """Ids of the keepers of this place: their environment is nothing but a session's id."""
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            words = processes.command_line(name).split()
            if words[:1] == ["loong-keeper"] and self.holds(name):
                found.append(int(name))
        return found

    def holds(self, pid):
        """Whether a process has a directory of this place open."""
        folder = f"/proc/{pid}/fd"
        try:
            return any(
                os.readlink(f"{folder}/{one}").startswith(self.home) for one in os.listdir(folder)
            )
        except OSError:
            return False

    def session_processes(self, session):
        return processes.with_environment("LOONG_TASK_SESSION_ID=" + session)

    def wait_for_report(self):
        """Calls made, faults injected, the call that was hit; absent where nobody took the plan."""
        path = self.report_file()
        processes.wait_until(lambda: os.path.exists(path), limit=10)
        try:
            with open(path, encoding="utf-8") as file:
                words = file.readline().split()
                sequence = file.readline().split()
        except FileNotFoundError:
            return None
        return {
            "calls": int(words[0]),
            "injected": int(words[1]),
            "call": words[2],
            "sequence": sequence,
        }

    # ---- the end -------------------------------------------------------------------------------

    def remove(self):
        processes.kill(*self.processes())
        shutil.rmtree(self.directory, ignore_errors=True)

    def describe(self):
        """The events of every task, for a report of what went wrong."""
        text = []
        try:
            for task in kept_state.task_ids(self.home):
                events = kept_state.events_text(self.home, task)
                text += [task] + re.findall(r'"kind":\s*"[a-z_]+".*', events)
        except sqlite3.Error as failure:
            text.append(f"{self.home}/tasks.sqlite: {failure}")
        return "\n    ".join(text)
