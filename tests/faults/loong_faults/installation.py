"""A copy of a built tree in which faults can be injected into any process that loong starts."""

import os
import shutil

from . import processes


class Installation:
    """`bin/loong` and the keeper are stand-ins: they run the real programs, under a plan where one
    was laid out for them."""

    def __init__(self, build, prefix):
        self.prefix = prefix
        # Commands run in a directory of their own.
        self.injector = os.path.abspath(os.path.join(build, "tests", "fault-injector"))
        for folder in ("bin", "lib/loong/plugins", "libexec/loong", "inject"):
            os.makedirs(os.path.join(prefix, folder), mode=0o700)
        for plugin in ("runtime-acp.so", "runtime-local.so", "store-files.so", "store-sqlite.so"):
            self._copy(build, os.path.join("lib/loong/plugins", plugin), "")
        self._copy(build, "libexec/loong/loong-starter", "")
        for program in ("bin/loong", "libexec/loong/loong-keeper"):
            self._copy(build, program, ".real")
            shutil.copy2(self.injector, os.path.join(prefix, program))
        self.program = os.path.join(prefix, "bin", "loong.real")

    def _copy(self, build, name, ending):
        shutil.copy2(os.path.join(build, name), os.path.join(self.prefix, name + ending))

    def lay_out(self, process, plan):
        """`process` is `loong-worker` or `loong-keeper`; the next one of that name gets the plan."""
        path = os.path.join(self.prefix, "inject", process + ".plan")
        with open(path + ".new", "w", encoding="utf-8") as file:
            file.write(plan + "\n")
        os.rename(path + ".new", path)

    def take_away(self):
        """Removes plans that nobody took."""
        folder = os.path.join(self.prefix, "inject")
        for name in os.listdir(folder):
            processes.remove(os.path.join(folder, name))
