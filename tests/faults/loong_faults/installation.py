"""A copy of a built tree in which faults can be injected into any process that loong starts."""

import os
import shutil

from . import processes


PLUGINS = ("runtime-acp.so", "runtime-local.so", "store-files.so", "store-sqlite.so")
STAND_INS = ("bin/loong", "libexec/loong/loong-keeper")
STARTER = "libexec/loong/loong-starter"
INJECTOR = "tests/fault-injector"


def missing_from(build):
    """The first file that an installation needs and that is not built, or None."""
    plugins = [os.path.join("lib/loong/plugins", plugin) for plugin in PLUGINS]
    for name in (*STAND_INS, STARTER, *plugins, INJECTOR):
        path = os.path.join(build, name)
        if not os.path.exists(path):
            return path
    return None


class Installation:
    """`bin/loong` and the keeper are stand-ins: they run the real programs, under a plan where one
    was laid out for them."""

    def __init__(self, build, prefix):
        self.prefix = prefix
        # Commands run in a directory of their own.
        self.injector = os.path.abspath(os.path.join(build, INJECTOR))
        for folder in ("bin", "lib/loong/plugins", "libexec/loong", "inject"):
            os.makedirs(os.path.join(prefix, folder), mode=0o700)
        for plugin in PLUGINS:
            self._copy(build, os.path.join("lib/loong/plugins", plugin), "")
        self._copy(build, STARTER, "")
        for program in STAND_INS:
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
