"""runtime-http against a real service, killed where it hurts: between the start of the work there
and everything after it. The service counts what it starts: nothing may start twice, and nothing that
runs may be taken for gone."""

import importlib.util
import queue
import threading

from outside import EXAMPLES, PATIENCE, SystemTest, example, is_alive, main

SPEC = importlib.util.spec_from_file_location("service", f"{EXAMPLES}/runtime-http/service.py")
service = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(service)


class Service(service.Service):
    """The example's, with a look inside."""

    def __init__(self, port=0):
        super().__init__(port)
        self.started = []
        self.answers = queue.Queue()
        self.on_before = self.on_after = lambda name: None
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def before_start(self, name):
        self.on_before(name)

    def after_start(self, name):
        self.started.append(name)
        self.on_after(name)

    def put(self, name, text):
        status = super().put(name, text)
        self.answers.put((name, status))
        return status

    def leave(self):
        self.shutdown()
        self.server_close()
        self.thread.join()

    def come_back(self):
        """The same service again, on the same port, with all that it knew."""
        again = Service(self.server_port)
        again.works, again.tombstones, again.started = self.works, self.tombstones, self.started
        return again


class HttpTest(SystemTest):
    def setUp(self):
        super().setUp()
        self.service = Service()
        plugin = f"{example('runtime-http')}/runtime-http.so"
        url = f"http://127.0.0.1:{self.service.server_port}"
        self.configure(f"runtime: http\nruntimes: {{http: {{plugin: {plugin}, url: '{url}'}}}}\n")
        self.gate_at_work = self.gate()
        self.text = f"{self.gate_at_work.wait}; echo whole"

    def tearDown(self):
        for work in list(self.service.works.values()):
            work.end(force=True)
        self.service.leave()
        super().tearDown()

    def kill_workers(self):
        for pid in self.workers():
            self.kill(pid)

    def lose(self, text=None):
        """A task whose worker was killed while its work runs at the service."""
        here = threading.Event()
        self.service.on_after = lambda name: here.set()
        task = self.create(text or self.text)
        self.assertTrue(here.wait(PATIENCE))
        self.kill_workers()
        return task

    def test_from_the_start_to_the_end(self):
        task = self.create("echo one; echo two >&2; exit 3")
        self.wait(task, code=1)
        detail = self.detail(task)
        self.assertEqual(detail["terminal_outcome"]["exit_code"], 3)
        self.assertEqual(self.output(task), "one\ntwo\n")
        self.assertEqual(self.service.started, [detail["task_session_id"]])

    def test_killed_right_after_the_start_there(self):
        """The service has started the work, and the worker dies before it hears of it."""
        self.service.on_after = lambda name: self.kill_workers()
        task = self.create(self.text)
        self.loong("tasks", "wait", task, code=3)
        status = self.detail(task)["task_status"]
        self.assertEqual(status["status"], "recoverable")
        self.assertIn("work_alive", status["signals"])
        self.assertEqual(self.recover(task)["action"]["kind"], "adopted")
        self.gate_at_work.let_through()
        self.wait(task)
        self.assertEqual(self.output(task), "whole\n")
        self.assertEqual(len(self.service.started), 1)

    def test_killed_while_the_start_is_on_its_way(self):
        """The request comes through when the task has long been recovered: too late."""
        held, let_go = threading.Event(), threading.Event()

        def hold(name):
            if held.is_set():
                return
            held.set()
            let_go.wait(PATIENCE)

        self.service.on_before = hold
        task = self.create("--retry", "1", "echo once")
        self.assertTrue(held.wait(PATIENCE))
        self.kill_workers()
        old = self.detail(task)["task_session_id"]
        self.assertEqual(self.recover(task)["action"]["kind"], "retried")
        self.wait(task)
        new = self.detail(task)["task_session_id"]
        self.assertEqual(self.service.answers.get(timeout=PATIENCE), (new, 201))
        let_go.set()
        self.assertEqual(self.service.answers.get(timeout=PATIENCE), (old, 410))
        self.assertEqual(self.output(task), "once\n")
        self.assertNotIn(old, self.service.started)
        self.assertEqual(len(self.service.started), 1)
        self.assertIn(old, self.service.tombstones)

    def test_output_goes_on_where_it_was(self):
        post = self.signpost()
        task = self.create(f"echo early; {post.tell()}; {self.text}")
        post.await_line()
        # Seen here once it was copied.
        with self.start("tasks", "output", "--follow", task) as follower:
            self.assertEqual(follower.stdout.readline(), b"early\n")
            self.kill_workers()
            self.assertEqual(self.recover(task)["action"]["kind"], "adopted")
            self.gate_at_work.let_through()
            self.wait(task)
            follower.communicate(timeout=PATIENCE)
        self.assertEqual(self.output(task), "early\nwhole\n")

    def test_unreachable_is_not_gone(self):
        task = self.lose()
        self.service.leave()
        for words in ([], ["--retry"], ["--fail"]):
            found = self.recover(*words, task, code=5)
            self.assertEqual(found["result"], "skipped_not_recoverable")
            self.assertIn("cannot be reached", found["message"])
        status = self.detail(task)["task_status"]
        self.assertFalse(status["terminal"])
        self.assertNotIn("work_alive", status["signals"])
        self.service = self.service.come_back()
        self.assertEqual(self.recover(task)["action"]["kind"], "adopted")
        self.gate_at_work.let_through()
        self.wait(task)
        self.assertEqual(self.output(task), "whole\n")
        self.assertEqual(len(self.service.started), 1)

    def test_a_service_that_goes_away_for_a_while(self):
        """The worker lives, waits, and goes on when the service is there again."""
        here = threading.Event()
        self.service.on_after = lambda name: here.set()
        task = self.create(self.text)
        self.assertTrue(here.wait(PATIENCE))
        self.service.leave()
        self.assertEqual(self.status(task), "running")
        self.service = self.service.come_back()
        self.gate_at_work.let_through()
        self.wait(task)
        self.assertEqual(self.output(task), "whole\n")

    def test_what_ended_meanwhile_is_collected(self):
        task = self.lose()
        work = next(iter(self.service.works.values()))
        self.gate_at_work.let_through()
        work.reader.join(PATIENCE)
        found = self.recover(task)
        self.assertEqual(found["action"]["kind"], "outcome_collected")
        outcome = self.detail(task)["terminal_outcome"]
        self.assertEqual((outcome["status"], outcome["result"]), ("completed", "whole\n"))

    def test_cancel_without_a_worker_ends_the_work_there(self):
        post = self.signpost()
        task = self.create(f"{post.tell('$$')}; exec sleep 1000")
        work = int(post.await_line())
        self.kill_workers()
        self.loong("tasks", "cancel", "--wait", task)
        self.assertEqual(self.status(task), "cancelled")
        self.assertFalse(is_alive(work))

    def test_cancel_and_timeout(self):
        post = self.signpost()
        task = self.create(f"{post.tell()}; exec sleep 1000")
        post.await_line()
        self.loong("tasks", "cancel", "--wait", task)
        self.assertEqual(self.status(task), "cancelled")
        task = self.create("--timeout", "1s", "exec sleep 1000")
        self.wait(task, code=1)
        self.assertEqual(self.status(task), "timed_out")

    def test_settings_are_checked(self):
        plugin = f"{example('runtime-http')}/runtime-http.so"
        for setting, why in [("", "key 'url' is missing"),
                             (", url: 'https://x'", "is not understood")]:
            self.configure(f"runtimes: {{http: {{plugin: {plugin}{setting}}}}}\n")
            error = self.loong("tasks", "create", "--runtime", "http", "true", code=2)
            self.assertIn("invalid_config", error.err)
            self.assertIn(why, error.err)


if __name__ == "__main__":
    main()
