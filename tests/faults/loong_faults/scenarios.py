"""What is done while faults are injected, and how it has to end.

A scenario prepares a state, acts with one process under a plan, and says what must hold once
everything has settled: by itself, or after one `loong tasks recover --all`.
"""

import os
import sys

from . import processes
from .place import Broken

AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../acp/scripted_agent.py")

ONE_AT_A_TIME = "workers: {max_parallel: 1}\n"
TELLING = "notify: {command: [sh, -c, 'echo \"$LOONG_TASK_ID\" >> \"$HOME/told\"']}\n"

# What the reason of a task that failed through a failing call names.
CLEAR = ("store_", "worker_unavailable", "keeper", "loong-", "worker", "could not be started")

TERMINAL = ("completed", "failed", "timed_out", "cancelled")


def require(condition, message):
    if not condition:
        raise Broken(message)


class Scenario:
    name = ""
    # Whose calls are counted: `cli`, `loong-worker` or `loong-keeper`.
    actor = "cli"
    config = ""
    # What fails in it is tried again for longer than a test can wait.
    kills_only = False
    # A failing call, unlike a kill, may fail the task: then its outcome has to say which and why.
    may_fail = False
    # The ways in which the one task may end, and how often its work may then have run.
    ends = {"completed": (1,)}

    def prepare(self, place):
        pass

    def act(self, place, plan):
        raise NotImplementedError

    def plan_for_cli(self, plan):
        return plan if self.actor == "cli" else ""

    def lay_out(self, place, plan):
        if self.actor != "cli":
            place.installation.lay_out(self.actor, plan)

    def finish(self, place):
        """What an operator would do after the accident, before recovering."""

    def verify(self, place, done):
        rows = place.list()
        for task, row in rows.items():
            self.verify_end(place, task, row["label"].split()[-1], row["task_status"])
        accepted = [word for word in done.stdout.split() if word.startswith("task-")]
        for task in accepted:
            require(task in rows, f"{task} was accepted and is lost")

    def verify_end(self, place, task, tag, status):
        end = status["status"]
        ran = place.effects(tag)
        if self.may_fail and end == "failed":
            clear = any(code in status["reason"] for code in CLEAR)
            require(clear, f"{task} failed without a clear reason: {status['reason']}")
            require(ran <= max(sum(self.ends.values(), ())), f"{task} failed and ran {ran} times")
            return
        require(end in self.ends, f"{task} ended {end} ({status['reason']}), its work ran {ran} x")
        require(ran in self.ends[end], f"{task} ended {end}, and its work ran {ran} times")


class Create(Scenario):
    name = "create"

    def act(self, place, plan):
        return place.create("a", plan=plan)


class Worker(Scenario):
    """Claims, runs and finishes. Where it dies before it is ready, create says so and the task is
    withdrawn."""

    name = "worker"
    actor = "loong-worker"
    ends = {"completed": (1,), "failed": (0,)}

    def act(self, place, plan):
        self.lay_out(place, plan)
        self.created = place.create("a")
        return self.created

    def verify_end(self, place, task, tag, status):
        super().verify_end(place, task, tag, status)
        if status["status"] == "failed" and not self.may_fail:
            require(self.created.returncode == 2, f"{task} failed, and create did not say so")


class WorkerOfPlan(Worker):
    """The steps of a plan, each of which must have run once."""

    name = "worker of a plan"

    def act(self, place, plan):
        text = "steps:\n"
        for tag in ("a", "b"):
            text += f"  - {{name: {tag}, run: sh {place.directory}/work.sh {tag}}}\n"
        self.lay_out(place, plan)
        self.created = place.tasks("create", "-q", "--file", place.write("plan.yaml", text))
        return self.created

    def verify_end(self, place, task, tag, status):
        for step in ("a", "b"):
            super().verify_end(place, task, step, status)


class WorkerOfAgent(Worker):
    """An agent's turn. Lost in the middle of it, the agent is asked to go on, and may do it again."""

    name = "worker of an agent"
    config = (f"runtimes: {{agent: {{plugin: runtime-acp, command: '{sys.executable}', "
              f"args: [-I, -S, '{AGENT}', trace]}}}}\nruntime: agent\n")
    ends = {"completed": (1, 2), "failed": (0,)}

    def act(self, place, plan):
        self.lay_out(place, plan)
        self.created = place.tasks("create", "-q", "--label", "a", "--retry", "1", "do a")
        return self.created


class Keeper(Scenario):
    """With it dies the knowledge of how the work ended; a worker is there to say so."""

    name = "keeper"
    actor = "loong-keeper"
    ends = {"completed": (1,), "failed": (0, 1)}

    def act(self, place, plan):
        self.lay_out(place, plan)
        return place.create("a")


class CancelRunning(Scenario):
    name = "cancel of a running task"
    ends = {"cancelled": (1,)}

    def prepare(self, place):
        self.task = started(place, "a")

    def act(self, place, plan):
        return place.tasks("cancel", "-q", self.task, plan=plan)

    def finish(self, place):
        done = place.tasks("cancel", self.task)
        require(done.returncode in (0, 5), f"cancel: exit {done.returncode}: {done.stderr}")


class CancelHeld(CancelRunning):
    name = "cancel of a ready task"
    ends = {"cancelled": (0,)}

    def prepare(self, place):
        self.task = place.create("a", "--hold").stdout.strip()


class CancelLost(CancelRunning):
    name = "cancel of a lost task"

    def prepare(self, place):
        self.task = started(place, "a")
        kill_worker(place, self.task)


class CancelSeenByWorker(CancelRunning):
    name = "worker that is told to cancel"
    actor = "loong-worker"
    ends = {"cancelled": (0, 1), "failed": (0,)}

    def prepare(self, place):
        self.task = ""

    def act(self, place, plan):
        self.lay_out(place, plan)
        created = place.create("a", gate=True)
        self.task = created.stdout.strip()
        processes.wait_until(lambda: place.effects("a") > 0 or not place.processes(), limit=5)
        if self.task:
            place.tasks("cancel", self.task)
        return created

    def finish(self, place):
        if self.task:
            super().finish(place)


class Release(Scenario):
    name = "release"

    def prepare(self, place):
        self.task = place.create("a", "--hold").stdout.strip()

    def act(self, place, plan):
        return place.tasks("release", "-q", self.task, plan=plan)

    def finish(self, place):
        place.tasks("release", self.task)


class Recover(Scenario):
    def act(self, place, plan):
        self.lay_out(place, plan)
        return place.tasks("recover", "-q", self.task, plan=self.plan_for_cli(plan))


class RecoverAlive(Recover):
    name = "recover of work that lives"

    def prepare(self, place):
        self.task = started(place, "a")
        kill_worker(place, self.task)

    def finish(self, place):
        # The work goes on undisturbed until now, whoever carries it.
        place.open_gate("a")


class Adopter(RecoverAlive):
    name = "worker that adopts"
    actor = "loong-worker"


class RecoverFinished(Recover):
    name = "recover of work that has ended"

    def prepare(self, place):
        self.task = started(place, "a")
        kill_worker(place, self.task)
        session = place.status(self.task)["task_session_id"]
        place.open_gate("a")
        ended = processes.wait_until(lambda: not place.session_processes(session))
        require(ended, "the keeper of ended work stays")


class RecoverGone(Recover):
    """One automatic retry; the work of the first attempt had started."""

    name = "recover of work that is gone"
    ends = {"completed": (2,)}

    def prepare(self, place):
        self.task = started(place, "a", "--retry", "1")
        kill_everything(place, self.task)
        # The second attempt finds no gate.
        processes.remove(place.directory + "/gate.a")


class RecoverUnserved(Recover):
    """The queue behind a worker that was killed with everything it kept."""

    name = "recover of a queue without a worker"
    config = ONE_AT_A_TIME
    ends = {"completed": (1,), "failed": (1,)}

    def prepare(self, place):
        first = started(place, "a")
        self.task = place.create("b").stdout.strip()
        kill_everything(place, first)

    def verify_end(self, place, task, tag, status):
        super().verify_end(place, task, tag, status)
        if self.may_fail:
            return
        expected = "failed" if tag == "a" else "completed"
        require(status["status"] == expected, f"{tag} ended {status['status']}")


class Approve(Scenario):
    """The answer of an operator, whose plan goes on or fails by it."""

    name = "approve"
    verb = "approve"

    def prepare(self, place):
        self.task = asking(place).stdout.strip()
        waited = place.tasks("wait", "--until", "attention", "--timeout", "20s", self.task)
        require(waited.returncode == 3, f"the plan does not ask: {waited.stderr}")

    def act(self, place, plan):
        return place.tasks(self.verb, "-q", self.task, plan=plan)

    def finish(self, place):
        # The first answer wins: this is one only where the other one was none.
        again = place.tasks(self.verb, self.task)
        require(again.returncode in (0, 5), f"{self.verb}: exit {again.returncode}: {again.stderr}")


class Deny(Approve):
    name = "deny"
    verb = "deny"

    def verify_end(self, place, task, tag, status):
        end, reason = status["status"], status["reason"]
        require(end == "failed" and "denied" in reason, f"{task} ended {end}: {reason}")
        require(place.effects(tag) == 0, f"{task} was denied, and its work ran")


class WorkerThatWaits(Worker):
    """Gives its slot away, and comes back to it when the operator has answered."""

    name = "worker that waits for the operator"
    config = ONE_AT_A_TIME

    def act(self, place, plan):
        self.lay_out(place, plan)
        self.created = asking(place)
        task = self.created.stdout.strip()
        if task:
            place.tasks("wait", "--timeout", "20s", task)
            if place.status(task)["approval"]["open_count"] > 0:
                approve(place, task)
        return self.created


class WorkerThatTells(Worker):
    """The operator is told of the end, at least once, whoever dies between the end and the telling."""

    name = "worker whose end is told"
    config = TELLING
    kills_only = True

    def verify(self, place, done):
        super().verify(place, done)
        # What is owed is picked up by whoever comes next: after the one that dies, which may be
        # telling still.
        alone = processes.wait_until(lambda: not place.processes(), limit=20)
        require(alone, f"these processes stay: {place.processes()}")
        picked_up = place.tasks("recover", "--all")
        require(picked_up.returncode == 0, f"recover --all: {picked_up.stderr}")
        for task in place.list():
            told = processes.wait_until(lambda task=task: task in place.lines("told"), limit=20)
            require(told, f"{task} ended, and nobody was told")
            said = processes.wait_until(lambda task=task: self.is_told(place, task), limit=20)
            require(said, f"{task}: {place.status(task)['notifications']}")

    @staticmethod
    def is_told(place, task):
        """Of the end, and of nothing else any more: an attempt that was superseded is not told."""
        notifications = place.status(task)["notifications"]
        states = [one["state"] for one in notifications]
        return states[-1:] == ["delivered"] and "owed" not in states


class Notifier(WorkerThatTells):
    name = "whoever tells"
    actor = "loong-notifier"
    ends = {"completed": (1,)}


def approve(place, task):
    done = place.tasks("approve", task)
    require(done.returncode in (0, 5), f"approve: exit {done.returncode}: {done.stderr}")


def asking(place):
    """A plan that asks, and runs its work when it was allowed to."""
    text = f"steps:\n  - approve: May I?\n  - run: sh {place.directory}/work.sh a\n"
    return place.tasks("create", "-q", "--label", "a", "--file", place.write("plan.yaml", text))


def started(place, tag, *options):
    """A task whose work has begun and waits at its gate."""
    created = place.create(tag, *options, gate=True)
    require(created.returncode == 0, f"create: {created.stderr}")
    require(processes.wait_until(lambda: place.effects(tag) == 1), "the work does not start")
    return created.stdout.strip()


def kill_worker(place, task):
    worker = place.status(task)["session"]["pid"]
    require(processes.kill(worker), "a killed worker stays")
    status = place.status(task)["task_status"]
    require(status["status"] == "recoverable", f"after its worker's death: {status['status']}")
    require("work_alive" in status["signals"], f"signals are {status['signals']}")


def kill_everything(place, task):
    detail = place.status(task)
    victims = [detail["session"]["pid"], *place.session_processes(detail["task_session_id"])]
    require(processes.kill(*victims), "killed processes stay")


ALL = (
    Create,
    Worker,
    WorkerOfPlan,
    WorkerOfAgent,
    Keeper,
    CancelRunning,
    CancelHeld,
    CancelLost,
    CancelSeenByWorker,
    Release,
    Approve,
    Deny,
    WorkerThatWaits,
    WorkerThatTells,
    Notifier,
    RecoverAlive,
    Adopter,
    RecoverFinished,
    RecoverGone,
    RecoverUnserved,
)
