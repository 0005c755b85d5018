#!/usr/bin/env python3
"""Runs a golden file against the real program: the commands in it, and what they have to print.

    run_golden.py --loong BIN/loong [--accept] FILE.golden...

A golden file is a transcript. A line that starts with `$ ` is a shell command; what follows is what
it prints: standard output behind four blanks, standard error behind ` 2| `, the exit status as
`[exit N]` where it is not 0. `$ tty: ` runs the command in a pseudo-terminal of 80 columns; what it
writes is shown with `ESC` for the escape character. `$ quiet: ` runs a command whose output does
not matter. `$ sql: ` runs a statement on the file of store-sqlite. `#` starts a comment; `# store: NAME` is
the first line where a transcript is about that store and no other.

Each file runs in a fresh state directory and a fresh working directory. T1, T2, ... are the tasks'
ids in the order of their creation. Ids, times, process ids and paths are replaced before comparing.
--accept writes what was printed into the file. LOONG_TEST_STORE=store-sqlite tries the same with that
store; where the name of the store is shown it is STORE.
"""
import argparse
import difflib
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../support"))
import kept_state  # noqa: E402

LIMIT = 60  # seconds for one command
ITS_STORE = "# store: "
STORE = kept_state.NAME

REPLACEMENTS = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "TIME"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "CLOCK"),
    # With the blanks before it, so that a slow machine does not move a column.
    (r" +\d+ (ms|s|min)\b", " N s"),
    (r" +AGE\b", " AGE"),
    (r"\b(worker|process|pid) \d+", r"\1 PID"),
    (r"(worker\.pid=|\"pid\": |\"pid\":)\d+", r"\1PID"),
    (r"(\"(?:age_ms|duration_ms|user_cpu_ms|system_cpu_ms|max_resident_bytes)\": ?)\d+", r"\1N"),
    (r"(\"(?:user_cpu_seconds|system_cpu_seconds)\": ?)[0-9.e-]+", r"\1N"),
    (r"\bsession [0-9a-z]{5}\b", "session <S>"),
    (r"(lease_token=)\d+", r"\1N"),
]


class Transcript:
    def __init__(self, loong):
        self.root = tempfile.mkdtemp(prefix="loong-golden-")
        self.home = os.path.join(self.root, "state")
        self.work = os.path.join(self.root, "work")
        os.mkdir(self.work)
        self.loong = loong
        self.config = os.path.join(self.root, "config", "loong", "config.yaml")
        if kept_state.CONFIG:
            os.makedirs(os.path.dirname(self.config))
            with open(self.config, "w", encoding="utf-8") as file:
                file.write(kept_state.CONFIG)
        self.known = []
        self.sessions = {}
        self.env = {
            "PATH": os.path.dirname(loong) + ":/usr/bin:/bin",
            "HOME": self.root,
            "LOONG_HOME": self.home,
            "LANG": "C.UTF-8",
            "TERM": "xterm",
            "XDG_CONFIG_HOME": os.path.join(self.root, "config"),
        }

    def tasks(self):
        """Every task there ever was, in the order of creation."""
        now = kept_state.task_ids(self.home)
        self.known += [task for task in now if task not in self.known]
        return self.known

    def kept_sessions(self):
        """Every session that carried a task, in the order of creation."""
        found = set()
        for task in self.tasks():
            try:
                events = kept_state.events_text(self.home, task)
            except OSError:
                continue
            found.update(re.findall(r"session-[0-9a-z]{26}", events))
        return sorted(found)

    def environment(self):
        numbered = {f"T{i}": task for i, task in enumerate(self.tasks(), 1)}
        return {**self.env, **numbered}

    def run(self, command):
        """Returns what the command printed, as lines of a transcript."""
        if command.startswith("sql: "):
            kept_state.sql(self.home, command[len("sql: "):])
            return []
        quiet = command.startswith("quiet: ")
        if command.startswith("tty: "):
            out, status = self.run_in_terminal(command[len("tty: "):])
            err = b""
        else:
            out, err, status = self.run_in_shell(command[len("quiet: "):] if quiet else command)
        if quiet and status == 0:
            return []
        lines = ["    " + line if line else "" for line in self.normalise(out).splitlines()]
        if out and not out.endswith(b"\n"):
            lines.append("[no newline]")
        lines += [" 2| " + line for line in self.normalise(err).splitlines()]
        return lines + ([f"[exit {status}]"] if status != 0 else [])

    def run_in_shell(self, command):
        process = subprocess.Popen(
            ["/bin/sh", "-c", command], cwd=self.work, env=self.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            start_new_session=True)
        try:
            out, err = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            err += b"did not end\n"
        return out, err, process.returncode

    def run_in_terminal(self, command):
        pid, master = pty.fork()
        if pid == 0:
            os.chdir(self.work)
            os.execve("/bin/sh", ["sh", "-c", "stty cols 80; " + command], self.environment())
        signal.alarm(LIMIT)
        output = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            output += piece
        _, status = os.waitpid(pid, 0)
        signal.alarm(0)
        os.close(master)
        # A line that was written over is not there any more; which ones there were depends on time.
        output = re.sub(rb"\r\x1b\[K[^\r\n]*(?=\r\x1b\[K)", b"", output).replace(b"\r\x1b[K", b"")
        output = output.replace(b"\r\n", b"\n").replace(b"\x1b", b"ESC")
        return output, os.waitstatus_to_exitcode(status)

    def normalise(self, raw):
        text = raw.decode("utf-8", "backslashreplace")
        for number, task in enumerate(self.tasks(), 1):
            text = text.replace(task, f"<T{number}>")
            # As wide as what it stands for: columns stay aligned.
            text = text.replace(task[-6:], f"<T{number}>".ljust(6))
        for session in re.findall(r"session-[0-9a-z]{26}", text):
            number = self.sessions.setdefault(session, len(self.sessions) + 1)
            text = text.replace(session, f"<S{number}>")
        for session in self.kept_sessions():
            ending = rf"\b{session[-6:]}\b"
            if re.search(ending, text):
                number = self.sessions.setdefault(session, len(self.sessions) + 1)
                text = re.sub(ending, f"<S{number}>".ljust(6), text)
        if kept_state.CONFIG:
            # A configuration that chooses the store and nothing else is as good as none.
            text = text.replace(f'"config": "{self.config}"', '"config": null')
            text = text.replace(f"  config      {self.config}\n",
                                "  config      none, everything is at its default\n")
        text = re.sub(rf'(^  store {{7}}|"store": "){kept_state.NAME}\b', r"\1STORE", text, flags=re.M)
        text = text.replace(self.root, "ROOT").replace(os.path.dirname(self.loong), "BIN")
        text = re.sub(rf"\b{re.escape(socket.gethostname())}\b", "HOST", text)
        for pattern, replacement in REPLACEMENTS:
            text = re.sub(pattern, replacement, text)
        return text

    def close(self):
        """Ends what is left, so that nothing outlives the test."""
        for status in ("queued", "waiting", "running", "blocked", "cancel_requested"):
            subprocess.run([self.loong, "tasks", "cancel", "--force", "--wait", "--all-sessions",
                            "--status", status], env=self.env, timeout=LIMIT,
                           stdin=subprocess.DEVNULL, capture_output=True)
        shutil.rmtree(self.root, ignore_errors=True)


def replay(loong, path):
    """The transcript with what the commands print now in place of what they printed then."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    kept_state.choose(lines[0][len(ITS_STORE):] if lines[0].startswith(ITS_STORE) else STORE)
    transcript = Transcript(loong)
    blocks = []
    try:
        for line in lines:
            if line.startswith("#"):
                blocks.append(line)
            elif line.startswith("$ "):
                blocks.append("\n".join([line, *transcript.run(line[2:])]) + "\n")
    finally:
        transcript.close()
    return "\n".join(blocks)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--loong", required=True)
    parser.add_argument("--accept", action="store_true")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    failed = False
    for path in arguments.files:
        actual = replay(os.path.realpath(arguments.loong), path)
        with open(path, encoding="utf-8") as file:
            expected = file.read()
        if actual == expected:
            continue
        if arguments.accept:
            with open(path, "w", encoding="utf-8") as file:
                file.write(actual)
            continue
        failed = True
        sys.stdout.writelines(difflib.unified_diff(
            expected.splitlines(True), actual.splitlines(True), path, "now"))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
