"""The wall clock is set forward and back while tasks wait, run and are retried: nothing is late by
that, and nothing waits for it. libfaketime stands in for whoever sets the clock; it is in every
process of the test, and the kernel's steady clock stays what it is."""

import datetime
import glob
import os

from loong_system import SystemTest, is_alive, main

# Longer than every limit in these tests, shorter than what the tests would have patience for.
HOURS = 5


def library():
    found = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
    if not found:
        raise SystemExit("libfaketime is missing; tests/run installs it")
    return found[0]


def clear_leftovers():
    """libfaketime keeps two files for each process, which stay where it was killed, and ends whichever
    process gets the same number later."""
    for path in glob.glob("/dev/shm/*faketime_*"):
        number = path.rpartition("_")[2]
        if number.isdigit() and not is_alive(int(number)):
            try:
                os.unlink(path)
            except OSError:
                # Another user's; not in our way, for he has his own processes.
                pass


class ClockTest(SystemTest):
    def tearDown(self):
        super().tearDown()
        clear_leftovers()

    def setUp(self):
        clear_leftovers()
        super().setUp()
        self.set_clock(0)
        self.environment.update({
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": self.path("faketime"),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        })

    def set_clock(self, hours):
        # Replaced as a whole: a process may read it at any moment.
        self.write("faketime.new", f"{hours:+d}h\n")
        os.rename(self.path("faketime.new"), self.path("faketime"))

    def hours_ahead(self, moment):
        """How far a printed moment lies ahead of the real clock, in whole hours."""
        there = datetime.datetime.fromisoformat(moment.replace("Z", "+00:00"))
        return round((there - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / 3600)

    def test_a_running_task_is_not_late_because_the_clock_was_set(self):
        gate = self.gate()
        task = self.create_running(gate.wait, "--timeout", "1h", "--retry", "0")
        for hours in (HOURS, -HOURS):
            self.set_clock(hours)
            detail = self.detail(task)
            self.assertEqual(detail["task_status"]["status"], "running", detail)
            self.assertNotIn("overdue", detail["task_status"]["signals"])
            self.assertIn("has been running for", detail["task_status"]["reason"])
            self.assertNotRegex(detail["task_status"]["reason"], r"for \d+ (h|d)")
            # What people read is the clock as it is set.
            self.assertEqual(self.hours_ahead(detail["deadline_at"]), hours + 1)
            self.assertEqual(self.recover(task, code=5)["result"], "skipped_not_recoverable")
        gate.let_through()
        self.wait(task)
        outcome = self.detail(task)["terminal_outcome"]
        self.assertEqual(outcome["status"], "completed")
        self.assertEqual(self.hours_ahead(outcome["recorded_at"]), -HOURS)

    def test_a_timeout_comes_though_the_clock_was_set_back(self):
        task = self.create_running("exec sleep 1000", "--timeout", "1s")
        self.set_clock(-HOURS)
        self.wait(task, code=1)
        self.assertEqual(self.status(task), "timed_out")

    def test_an_attempt_does_not_wait_for_a_clock_that_was_set_back(self):
        gate = self.gate()
        task = self.create_running(f"{gate.wait}; exit 1", "--retry", "1")
        gate.let_through(2)
        # Between the attempts, or during either of them: it comes in any case.
        self.loong("tasks", "wait", "--until", "waiting", "--timeout", "30s", task, code=None)
        self.set_clock(-HOURS)
        self.wait(task, code=1)
        self.assertEqual(self.detail(task)["attempt"], 2)

    def test_an_attempt_is_not_early_because_the_clock_was_set_forward(self):
        held = self.create("--hold", "--start-within", "1h", "true")
        gate = self.gate()
        running = self.create_running(gate.wait)
        self.loong("tasks", "release", held)
        self.set_clock(HOURS)
        self.assertIn(self.status(held), ("queued", "running", "completed"))
        gate.let_through()
        self.wait(held, running)

    def test_a_cancel_is_not_overdue_because_the_clock_was_set(self):
        task = self.create_running("trap '' TERM; echo 1 > trapped; while :; do sleep 1; done",
                                   "--grace", "1h", "--cwd", self.directory)
        self.loong("tasks", "cancel", task)
        self.set_clock(HOURS)
        self.assertEqual(self.status(task), "cancel_requested")
        self.loong("tasks", "cancel", "--force", "--wait", task)
        self.assertEqual(self.status(task), "cancelled")

    def test_it_all_goes_on_where_the_clock_file_is_damaged_or_gone(self):
        self.create_running("true")
        for damage in (b"", b"{", b"\0" * 100, None):
            if damage is None:
                os.unlink(os.path.join(self.home, "clock"))
            else:
                with open(os.path.join(self.home, "clock"), "wb") as file:
                    file.write(damage)
            self.wait(self.create("true"))


if __name__ == "__main__":
    main()
