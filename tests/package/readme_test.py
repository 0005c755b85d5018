"""The README's section "Write a plugin", as it is printed: every line that starts with `$ ` is typed
into a shell, in a directory and with a home of its own, with nothing but the installation."""

import os
import re
import subprocess
import threading

from outside import PREFIX, SystemTest, TREE, main

LONGEST = 300
PROMPT = "loong-readme-is-here"


def commands(section):
    """The command lines of the section's console blocks, in order."""
    with open(os.path.join(TREE, "README.md"), encoding="utf-8") as file:
        text = file.read()
    found = re.search(rf"(?ms)^## {section}$(.*?)(?=^## )", text)
    if not found:
        raise AssertionError(f"README.md has no section {section}")
    blocks = re.findall(r"(?ms)^```console\n(.*?)^```", found[1])
    return [line[2:].split("   #")[0].rstrip()
            for block in blocks for line in block.split("\n") if line.startswith("$ ")]


class ReadmeTest(SystemTest):
    def test_write_a_plugin(self):
        environment = {**self.environment, "PATH": f"{PREFIX}/bin:{self.environment['PATH']}"}
        del environment["LOONG_HOME"]
        self.home = self.path(".local/state/loong")
        environment["XDG_STATE_HOME"] = self.path(".local/state")
        # Only for tearDown(), which finds this test's processes by it.
        environment["LOONG_HOME"] = self.home
        shell = subprocess.Popen(["bash", "--norc"], stdin=subprocess.PIPE, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                 cwd=self.directory, env=environment)
        guard = threading.Timer(LONGEST, shell.kill)
        # A test that has failed does not wait for it.
        guard.daemon = True
        guard.start()
        typed = commands("Write a plugin")
        self.assertGreater(len(typed), 10)
        transcript = ""
        for command in typed:
            transcript += f"$ {command}\n"
            # Nothing is waited for by the clock: the shell says when it is done, and how it went.
            shell.stdin.write(f"{{ {command}\n}} </dev/null\necho {PROMPT} $?\n")
            shell.stdin.flush()
            code = None
            for line in shell.stdout:
                # What was printed last need not have ended its line.
                printed, prompt, rest = line.partition(PROMPT)
                transcript += printed
                if prompt:
                    code = int(rest)
                    break
            # 1, 3: what the README says of `wait`: ended otherwise, needs you.
            accepted = (0, 1, 3) if "tasks wait" in command else (0,)
            self.assertIn(code, accepted, transcript)
        guard.cancel()
        shell.stdin.close()
        self.assertEqual(shell.wait(), 0)
        shell.stdout.close()
        if os.environ.get("LOONG_SHOW_TRANSCRIPT"):
            print(transcript)
        for expected in ("100% tests passed", " 0 failed\n", "hello", "Go on?", "after\n",
                         "cancelled", "(recovered)"):
            self.assertIn(expected, transcript)
        self.say(f"commands typed {len(typed)}")


if __name__ == "__main__":
    main()
