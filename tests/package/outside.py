"""What the tests of the installed package share: building projects as somebody else would, with
nothing but the installation, and the system tests' real program from there."""

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PREFIX = os.path.abspath(os.environ["LOONG_PREFIX"])
os.environ["LOONG_PROGRAM"] = os.path.join(PREFIX, "bin", "loong")
sys.path.insert(0, os.path.join(TREE, "tests", "system"))

from loong_system import PATIENCE, SystemTest, is_alive, main  # noqa: E402, F401

EXAMPLES = os.path.join(TREE, "examples")
WORK = tempfile.mkdtemp(prefix="loong-outside-")
os.chmod(WORK, 0o755)
atexit.register(shutil.rmtree, WORK, ignore_errors=True)


def run(*words, **options):
    """Runs a command that has to succeed; its output is shown where it does not."""
    options.setdefault("stdout", subprocess.PIPE)
    options.setdefault("stderr", subprocess.STDOUT)
    outcome = subprocess.run(words, text=True, stdin=subprocess.DEVNULL, check=False, **options)
    if outcome.returncode != 0:
        raise AssertionError(f"{' '.join(words)}\nexit {outcome.returncode}\n{outcome.stdout}")
    return outcome.stdout


@functools.cache
def build(source, compiler="g++", tests=True):
    """A copy of a project, built in a place of its own; the same call builds once."""
    begun = time.monotonic()
    name = os.path.basename(source)
    place = os.path.join(WORK, f"{name}-{compiler}{'' if tests else '-untested'}")
    shutil.copytree(source, f"{place}/source")
    run("cmake", "-S", f"{place}/source", "-B", f"{place}/build", "-G", "Ninja",
        f"-DCMAKE_PREFIX_PATH={PREFIX}", f"-DCMAKE_CXX_COMPILER={compiler}",
        f"-DBUILD_TESTING={'ON' if tests else 'OFF'}",
        # Several small files at once: a stranger has more patience than these tests.
        f"-DCMAKE_UNITY_BUILD={'ON' if name.startswith('store') else 'OFF'}")
    run("cmake", "--build", f"{place}/build")
    print(f"  built {name} with {compiler} in {time.monotonic() - begun:.1f} s", flush=True)
    return f"{place}/build"


def example(name, compiler="g++", tests=False):
    return build(os.path.join(EXAMPLES, name), compiler, tests)


@functools.cache
def clang():
    """The name of clang++ here, or nothing."""
    return next((name for name in ("clang++", "clang++-14") if shutil.which(name)), None)
