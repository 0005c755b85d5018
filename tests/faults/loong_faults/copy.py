"""`loong store copy`, killed at its system calls: run again, it has copied everything."""

import os

import kept_state

from . import injection, processes
from .place import Broken, Place


class Copy:
    """A store with tasks of several kinds, and places to copy it to."""

    def __init__(self, installation, directory):
        self.place = Place(installation, directory)
        self.source = self.config("source", "store-files")
        self.place.environment["LOONG_CONFIG"] = self.source
        self.place.environment["A_TOKEN"] = "s3cr3t"
        for tag in ("a", "b", "c"):
            self.check(self.place.create(tag, "--wait"))
        self.check(self.place.create("d", "--hold", "--env", "A_TOKEN"))
        processes.wait_until(lambda: not self.place.processes())
        self.tries = 0

    def config(self, name, plugin):
        home = os.path.join(self.place.directory, name)
        return self.place.write(f"{name}.yaml", f"store: {{plugin: {plugin}, root: {home}}}\n")

    @staticmethod
    def check(done):
        if done.returncode != 0:
            raise Broken(f"{' '.join(done.args)}: exit {done.returncode}: {done.stderr}")

    def run(self, fault, plugin):
        """Copies under a fault, and once more without one; the calls that were made."""
        self.tries += 1
        name = f"target-{self.tries}"
        words = ("store", "copy", "--from", self.source, "--to", self.config(name, plugin))
        report = self.place.report_file()
        self.place.run(*words, plan=f"{fault} {report}")
        done = self.place.wait_for_report()
        processes.remove(report)
        self.check(self.place.run(*words))
        self.compare(os.path.join(self.place.directory, name), plugin)
        return done

    def compare(self, home, plugin):
        kept_state.choose("store-files")
        source = os.path.join(self.place.directory, "source")
        tasks = kept_state.task_ids(source)
        records = {task: self.records(source, task) for task in tasks}
        files = {task: injection.files_below(self.sessions(source, task)) for task in tasks}
        kept_state.choose(plugin)
        if kept_state.task_ids(home) != tasks:
            raise Broken(f"there are {len(kept_state.task_ids(home))} tasks of {len(tasks)}")
        for task in tasks:
            if self.records(home, task) != records[task]:
                raise Broken(f"the records of {task} differ")
            if injection.files_below(self.sessions(home, task)) != files[task]:
                raise Broken(f"what the sessions of {task} wrote differs")
        kept_state.choose("store-files")

    @staticmethod
    def records(home, task):
        return [line.removeprefix("- ") for line in kept_state.events_text(home, task).splitlines()]

    @staticmethod
    def sessions(home, task):
        return os.path.join(home, "tasks", task, "sessions")


def run(installation, directory, points):
    """At so many calls of a copy into either store; None: at every one."""
    copy = Copy(installation, directory)
    failures = killed = 0
    try:
        for plugin in ("store-files", "store-sqlite"):
            calls = copy.run("count", plugin)["calls"]
            step = max(1, calls // points) if points else 1
            for point in range(1, calls + 1, step):
                try:
                    killed += copy.run(f"kill {point}", plugin)["injected"]
                except Broken as failure:
                    failures += 1
                    print(f"FAILED {plugin}, kill {point}: {failure}", flush=True)
        print(f"copies killed: {killed}, other promises broken: {failures}")
        return failures == 0 and killed > 0
    finally:
        copy.place.remove()
