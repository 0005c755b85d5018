#!/usr/bin/env python3
"""The help of every verb, the manual pages made from the same, and words that are none.

    help_test.py --loong build/release/bin/loong [--manual DIRECTORY]

Asks the program itself which verbs there are, and each verb for its help.
"""

import argparse
import os
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

LOONG = MANUAL = None
DIRECTORY = tempfile.TemporaryDirectory(prefix="loong-help-")
# Those that other programs call, and nobody types.
HIDDEN = ("worker", "complete", "manual")


def loong(*words):
    environment = {"PATH": os.environ["PATH"], "HOME": DIRECTORY.name, "LC_ALL": "C.UTF-8",
                   "LOONG_HOME": os.path.join(DIRECTORY.name, "state"), "COLUMNS": "80"}
    return subprocess.run([LOONG, *words], env=environment, stdin=subprocess.DEVNULL, check=False,
                          capture_output=True, text=True, timeout=60, cwd=DIRECTORY.name)


def verbs():
    """`['tasks', 'create']`, `['doctor']`: every verb that `loong --help` lists, and the others."""
    lines = loong("--help").stdout.split("\n\n")[2].splitlines()
    found = [re.match(r"  (\w+ ?\w*)  ", line).group(1).split() for line in lines]
    return found + [[word] for word in HIDDEN]


def options_of(text):
    return re.findall(r"(?m)^  (?:-\w, )?(--[a-z-]+)(?: (\S+))?", text)


class HelpTest(unittest.TestCase):
    def test_every_verb_has_an_example_and_names_its_exit_status(self):
        self.assertGreater(len(verbs()), 35)
        for verb in verbs():
            with self.subTest(verb=verb):
                done = loong(*verb, "--help")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertRegex(done.stdout, r"(?m)^usage: loong " + " ".join(verb))
                examples = re.search(r"(?ms)^examples:\n(.*?)\n\n", done.stdout).group(1)
                for line in examples.splitlines():
                    self.assertIn("loong " + " ".join(verb), line)
                status = re.search(r"(?m)^exit status: 0 ", done.stdout)
                self.assertTrue(status, done.stdout)

    def test_every_example_is_accepted(self):
        """What is shown has options that exist, values that fit and no word too many: it fails, where it
        does, for want of the task that it names."""
        tried = 0
        for verb in verbs():
            text = loong(*verb, "--help").stdout
            for line in re.search(r"(?ms)^examples:\n(.*?)\n\n", text).group(1).splitlines():
                tried += self.try_example(verb, line)
        self.assertGreater(tried, 45)
        print(f"  examples tried {tried}", flush=True)

    def try_example(self, verb, line):
        subprocess.run(["bash", "-nc", line], check=True)
        lexer = shlex.shlex(line.replace("$(", " ; ").replace("<(", " ; "), posix=True,
                            punctuation_chars=True)
        lexer.whitespace_split = True
        words = list(lexer)
        words = words[words.index("loong") + 1:]
        for end in ("&&", ">", ")", ")'"):
            if end in words:
                words = words[:words.index(end)]
        self.assertEqual(words[:len(verb)], verb, line)
        if verb in (["worker"], ["complete"]):
            return 1
        # The limit keeps an example that waits from waiting.
        done = loong(*[word for word in words if word not in ("--wait", "--follow")])
        usage = ("unknown ", "unexpected argument", "a value is missing", "does not fit",
                 "is no length of time", "is no size")
        for sign in usage:
            self.assertNotIn(sign, done.stderr, line)
        return 1

    def test_every_noun_has_help(self):
        for noun in sorted({verb[0] for verb in verbs()} - set(HIDDEN)):
            done = loong(noun, "--help")
            self.assertEqual(done.returncode, 0, noun)
            self.assertIn(f"loong {noun}", done.stdout)


class NearestWordTest(unittest.TestCase):
    def refuse(self, words, nearest):
        done = loong(*words)
        self.assertEqual(done.returncode, 2, f"{words}\n{done.stdout}{done.stderr}")
        self.assertIn(f"did you mean '{nearest}'?", done.stderr, words)

    def misspelt(self, word):
        """Two letters swapped, or one left out where there are few."""
        bare = len(word) - len(word.lstrip("-"))
        if len(word) - bare < 5:
            return word[:-1] + ("" if len(word) - bare > 3 else "x" + word[-1])
        at = next(at for at in range(bare + 1, len(word) - 1) if word[at] != word[at + 1])
        return word[:at] + word[at + 1] + word[at] + word[at + 2:]

    def test_nouns_and_verbs(self):
        for verb in verbs():
            if verb[0] in HIDDEN:
                continue
            wrong = [*verb[:-1], self.misspelt(verb[-1])]
            with self.subTest(wrong=wrong):
                self.refuse(wrong, verb[-1])

    def test_options_and_their_values(self):
        options = values = 0
        everywhere = [option for option, _ in options_of(
            loong("doctor", "--help").stdout.split("options of every command:")[1])]
        for verb in verbs():
            text = loong(*verb, "--help").stdout
            for option, _ in options_of(text):
                wrong = self.misspelt(option)
                # Those of every verb are tried with one.
                if wrong == option or (option in everywhere and verb != ["doctor"]):
                    continue
                with self.subTest(verb=verb, wrong=wrong):
                    self.refuse([*verb, wrong], option)
                options += 1
                known = loong("complete", "--", *verb, option, "").stdout.splitlines()
                words = [line.split("\t")[0] for line in known if not line.startswith(":")]
                if option not in ("--status", "--state", "--until", "--stream", "--kind"):
                    continue
                self.assertGreater(len(words), 1, (verb, option))
                for word in words:
                    with self.subTest(verb=verb, option=option, word=word):
                        self.refuse_value(verb, option, word)
                    values += 1
        self.assertGreater(options, 70)
        self.assertGreater(values, 60)
        print(f"  options misspelt {options}, values {values}", flush=True)

    def refuse_value(self, verb, option, word):
        more = ["k3f9qa"] if option in ("--stream", "--until") else []
        self.refuse([*verb, *more, option, self.misspelt(word)], word)

    def test_other_words(self):
        self.refuse(["plugins", "new", "runtme", "demo"], "runtime")
        self.refuse(["completion", "bsh"], "bash")
        self.refuse(["manual", "loong-task.1"], "loong-tasks.1")
        self.refuse(["tasks", "create", "--runtime", "locl", "true"], "local")
        self.refuse(["tasks", "create", "--deny", "shel.exec", "true"], "shell.exec")


class ManualTest(unittest.TestCase):
    PAGES = ("loong.1", "loong-tasks.1", "loong-sessions.1", "loong.yaml.5", "loong-plugins.7")

    def page(self, name):
        return os.path.join(MANUAL, f"man{name[-1]}", name)

    def shown(self, name):
        done = subprocess.run(["man", "--warnings", "-l", self.page(name)], check=True, text=True,
                              capture_output=True, env={**os.environ, "MANWIDTH": "200",
                                                        "LC_ALL": "C.UTF-8"})
        self.assertEqual(done.stderr, "", name)
        return re.sub(".\x08", "", done.stdout)

    def setUp(self):
        if shutil.which("man") is None:
            self.skipTest("there is no man here")

    def test_pages_are_shown_without_a_warning(self):
        for name in self.PAGES:
            self.assertIn("SEE ALSO", self.shown(name))

    def test_pages_pass_a_second_program(self):
        if shutil.which("mandoc") is None:
            self.skipTest("there is no mandoc here")
        for name in self.PAGES:
            done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", self.page(name)],
                                  check=False, capture_output=True, text=True)
            # A page that says nothing of a day is the same whenever it is built.
            said = [line for line in done.stdout.splitlines() if "missing date" not in line]
            self.assertEqual(said, [], name)

    def test_pages_say_what_the_help_says(self):
        shown = {name: re.sub(r"\s+", " ", self.shown(name)) for name in self.PAGES}
        for verb in verbs():
            if verb[0] in HIDDEN:
                continue
            own = f"loong-{verb[0]}.1"
            page = shown[own if own in shown else "loong.1"]
            text = loong(*verb, "--help").stdout
            for option, placeholder in options_of(text):
                self.assertIn(f"{option} {placeholder}".strip(), page, verb)
            for line in re.search(r"(?ms)^examples:\n(.*?)\n\n", text).group(1).splitlines():
                self.assertIn(re.sub(r"\s+", " ", line.strip()), page, verb)

    def test_the_configuration_is_shown_whole(self):
        template = loong("config", "init", "--config", os.path.join(DIRECTORY.name, "c.yaml"))
        self.assertEqual(template.returncode, 0, template.stderr)
        shown = re.sub(r"\s+", " ", self.shown("loong.yaml.5"))
        with open(os.path.join(DIRECTORY.name, "c.yaml"), encoding="utf-8") as file:
            for line in file:
                self.assertIn(re.sub(r"\s+", " ", line.strip()), shown)


def main():
    global LOONG, MANUAL
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loong", required=True)
    parser.add_argument("--manual", help="where man1, man5 and man7 are")
    parser.add_argument("tests", nargs="*")
    arguments = parser.parse_args()
    LOONG = os.path.abspath(arguments.loong)
    MANUAL = arguments.manual or os.path.join(os.path.dirname(LOONG), "../share/man")
    unittest.main(argv=[__file__, *arguments.tests], verbosity=2)


if __name__ == "__main__":
    main()
