#!/usr/bin/env python3
"""Completion in the real shells, driven through a pseudo-terminal: what a line has become after TAB.

    shells_test.py --loong build/release/bin/loong                 # each shell that is here
    shells_test.py --loong build/release/bin/loong --measure 100000

--measure creates so many tasks and prints how long each kind of answer takes.
"""

import argparse
import json
import os
import pty
import re
import resource
import select
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unittest

LOONG = None
PATIENCE = 60
# Of each kind, when time is measured.
CALLS = 20


class State:
    """A state directory with tasks in it, shared by all tests, which only look."""

    def __init__(self, count):
        self.directory = tempfile.mkdtemp(prefix="loong-shells-")
        self.home = os.path.join(self.directory, "state")
        os.mkdir(os.path.join(self.directory, "bin"))
        os.symlink(LOONG, os.path.join(self.directory, "bin/loong"))
        self.environment = {
            "PATH": os.path.join(self.directory, "bin") + ":" + os.environ["PATH"],
            "HOME": self.directory, "TERM": "dumb", "LC_ALL": "C.UTF-8", "LOONG_HOME": self.home,
            "HISTFILE": "/dev/null",
        }
        batch = os.path.join(self.directory, "batch.jsonl")
        # Those of a batch differ in their last characters only.
        self.oldest = self.create_one("the first")
        self.batch = []
        for first in range(0, count, 5000):
            with open(batch, "w", encoding="utf-8") as file:
                for number in range(first, min(first + 5000, count)):
                    file.write(json.dumps({"text": "true", "hold": True,
                                           "label": f"label {number}"}) + "\n")
            self.batch += self.loong("tasks", "create", "-q", "--batch", batch).split()
        self.newest = self.create_one("the last")

    def create_one(self, label):
        return self.loong("tasks", "create", "-q", "--hold", "--label", label, "true").strip()

    def loong(self, *words):
        return subprocess.run([LOONG, *words], env=self.environment, check=True, text=True,
                              capture_output=True, stdin=subprocess.DEVNULL,
                              cwd=self.directory).stdout

    def remove(self):
        shutil.rmtree(self.directory, ignore_errors=True)


class Shell:
    """A shell at a terminal. `prompt` is what it shows when it waits for a line."""

    PROMPT = "ready>"

    def __init__(self, state, words, beginning, more=()):
        self.text = ""
        self.pid, self.descriptor = pty.fork()
        if self.pid == 0:
            os.chdir(state.directory)
            os.execvpe(words[0], words, dict(state.environment, **dict(more)))
        self.await_text(lambda text: True)
        self.type(beginning + "\n")
        self.await_text(lambda text: text.rstrip().endswith(self.PROMPT))

    def type(self, text):
        os.write(self.descriptor, text.encode())

    def await_text(self, is_it):
        end = time.monotonic() + PATIENCE
        while not is_it(self.text):
            ready, _, _ = select.select([self.descriptor], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"the shell showed only {self.text[-2000:]!r}")
            self.text += os.read(self.descriptor, 65536).decode("utf-8", "replace")
        return self.text

    def completed(self, line):
        """What the line is after TAB: the shell is made to print it as words."""
        self.text = ""
        self.type(line + "\t")
        # In front of the line, once the shell has dealt with the TAB: shells read in order.
        self.type("\x01print_words \x05\n")
        text = self.await_text(lambda text: re.search(r"(?m)^<(.*)>\r?$", text))
        self.await_text(lambda text: text.rstrip().endswith(self.PROMPT))
        return re.search(r"(?m)^<(.*)>\r?$", text).group(1)

    def close(self):
        os.close(self.descriptor)
        os.waitpid(self.pid, 0)


class ShellsTest(unittest.TestCase):
    state = None

    @classmethod
    def setUpClass(cls):
        cls.state = State(2000)

    @classmethod
    def tearDownClass(cls):
        cls.state.remove()

    def need(self, shell):
        if shutil.which(shell) is None:
            self.skipTest(f"there is no {shell} here")

    def try_lines(self, shell):
        newest, oldest = self.state.newest, self.state.oldest
        for line, wanted in (
                ("loong ta", "loong tasks"),
                ("loong tasks arch", "loong tasks archive"),
                ("loong tasks list --att", "loong tasks list --attention"),
                ("loong tasks list --status canc", None),
                ("loong tasks list --status comp", "loong tasks list --status completed"),
                ("loong tasks list --status=comp", "loong tasks list --status=completed"),
                ("loong tasks create --runtime l", "loong tasks create --runtime local"),
                (f"loong tasks release {newest[:-1]}", f"loong tasks release {newest}"),
                # One of the oldest, far from the newest.
                (f"loong tasks status {oldest[:-1]}", f"loong tasks status {oldest}"),
                (f"loong tasks status {newest[-6:]}", f"loong tasks status {newest}"),
                (f"loong tasks status {newest}", f"loong tasks status {newest}"),
                (f"loong tasks output --tail 3 {newest[5:-1]}",
                 f"loong tasks output --tail 3 {newest}"),
                ("loong --session default tasks rel", "loong --session default tasks release"),
                ("loong completion fi", "loong completion fish"),
                ("loong doctor --f", "loong doctor --fix"),
                ("loong tasks create --file bat", "loong tasks create --file batch.jsonl"),
                ("loong tasks create --cwd bi", "loong tasks create --cwd bin/"),
        ):
            with self.subTest(shell=type(shell).__name__, line=line):
                done = shell.completed(line)
                if wanted is None:
                    self.assertTrue(done.startswith(line), done)
                else:
                    self.assertEqual(done, wanted)

    def test_bash(self):
        self.need("bash")
        shell = Shell(self.state, ["bash", "--norc", "--noprofile", "-i"],
                      "PS1=read''y\\>; bind 'set bell-style none' 2>/dev/null; "
                      "bind 'set enable-bracketed-paste off'; "
                      "print_words() { printf '<%s>\\n' \"$*\"; }; "
                      "source <(loong completion bash); complete -p loong >/dev/null && PS1='ready>'")
        try:
            self.try_lines(shell)
        finally:
            shell.close()

    def test_bash_shows_what_an_id_is(self):
        self.need("bash")
        script = """source <(loong completion bash)
            COMP_WORDS=(loong tasks status task-) COMP_CWORD=3 COMP_TYPE=63
            compopt() { :; }
            _loong; printf '%s\\n' "${COMPREPLY[@]}" """
        done = subprocess.run(["bash", "--norc", "-c", script], env=self.state.environment, text=True,
                              check=True, capture_output=True)
        self.assertEqual(done.stderr, "")
        lines = done.stdout.splitlines()
        # The newest first, and not all of them.
        self.assertEqual(lines[0], f"{self.state.newest}  (ready: the last)")
        self.assertEqual(len(lines), 50)

    def test_zsh(self):
        self.need("zsh")
        shell = Shell(self.state, ["zsh", "-f", "-i"],
                      "unsetopt zle_bracketed_paste; unset zle_bracketed_paste; bindkey -e; "
                      "setopt no_list_beep no_auto_menu no_auto_remove_slash; "
                      "PROMPT_EOL_MARK=''; autoload -Uz compinit; compinit -u -D; "
                      "print_words() { print -r -- \"<$*>\" }; compdef _nothing print_words; "
                      "source <(loong completion zsh); (( $+_comps[loong] )) && PS1='ready>'")
        try:
            self.try_lines(shell)
        finally:
            shell.close()

    def fish(self, line):
        done = subprocess.run(["fish", "--no-config", "-c",
                               "loong completion fish | source; complete -C $argv[1]", line],
                              env=self.state.environment, text=True, check=True, capture_output=True,
                              cwd=self.state.directory, stdin=subprocess.DEVNULL)
        self.assertEqual(done.stderr, "")
        return [tuple(one.split("\t")) for one in done.stdout.splitlines()]

    def test_fish(self):
        self.need("fish")
        newest = self.state.newest
        self.assertIn("tasks", [one[0] for one in self.fish("loong ta")])
        self.assertEqual(self.fish("loong tasks arch"), [("archive", "hides tasks that have ended")])
        self.assertEqual(self.fish("loong tasks list --att")[0][0], "--attention")
        self.assertEqual(self.fish("loong tasks list --status comp"), [("completed",)])
        self.assertEqual(self.fish("loong tasks list --status=comp"), [("--status=completed",)])
        self.assertEqual(self.fish("loong tasks release task-")[0], (newest, "ready: the last"))
        self.assertEqual(self.fish(f"loong tasks status {newest[:-1]}"),
                         [(newest, "ready: the last")])
        self.assertEqual(self.fish("loong tasks cancel --label label\\ 1998"), [("label 1998",)])
        self.assertIn("batch.jsonl",
                      [one[0] for one in self.fish("loong tasks create --file bat")])

    def test_the_last_id_that_begins_so_is_offered(self):
        last = next(task for task in self.state.batch if task.endswith("z"))
        lines = self.state.loong("complete", "--", "tasks", "status", last[:-1]).splitlines()
        self.assertEqual(lines[0].partition("\t")[0], last)
        whole = self.state.loong("complete", "--", "tasks", "status", last)
        self.assertEqual(whole.partition("\t")[0], last)

    def test_the_program_answers_fast_and_changes_nothing(self):
        before = sorted(os.listdir(self.state.home))
        empty = dict(self.state.environment, LOONG_HOME=os.path.join(self.state.directory, "none"))
        done = subprocess.run([LOONG, "complete", "--", "tasks", "status", ""], env=empty, text=True,
                              capture_output=True, check=True)
        self.assertEqual((done.stdout, done.stderr), ("", ""))
        self.assertFalse(os.path.exists(empty["LOONG_HOME"]))
        self.state.loong("complete", "--", "tasks", "status", "")
        self.assertEqual(sorted(os.listdir(self.state.home)), before)


def measure(count):
    began = time.monotonic()
    state = State(count)
    print(f"{count} tasks created in {time.monotonic() - began:.0f} s", flush=True)
    old = state.oldest
    try:
        for words in (["ta"], ["tasks", "list", "--status", "c"], ["tasks", "status", ""],
                      ["tasks", "cancel", "task-"], ["tasks", "status", old[:-2]],
                      ["tasks", "status", old[-6:]], ["tasks", "status", "nothing-like-it"],
                      ["tasks", "list", "--label", ""], ["sessions", "tree", "session-"],
                      ["approvals", "show", ""]):
            took, spent = [], resource.getrusage(resource.RUSAGE_CHILDREN)
            for _ in range(CALLS):
                start = time.monotonic()
                lines = state.loong("complete", "--", *words).count("\n")
                took.append((time.monotonic() - start) * 1000)
            now = resource.getrusage(resource.RUSAGE_CHILDREN)
            processor = (now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime) * 1000
            print(f"{statistics.median(took):6.1f} ms median, {min(took):6.1f} ms at least, "
                  f"{processor / CALLS:5.1f} ms of processor, {lines:3} lines: "
                  f"loong {' '.join(words)}", flush=True)
    finally:
        state.remove()


def main():
    global LOONG
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--loong", required=True)
    parser.add_argument("--measure", type=int, metavar="TASKS")
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args()
    LOONG = os.path.abspath(arguments.loong)
    if arguments.measure:
        measure(arguments.measure)
        return
    unittest.main(argv=[sys.argv[0], *arguments.tests], verbosity=2)


if __name__ == "__main__":
    main()
