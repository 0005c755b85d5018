"""The examples, built from outside of the tree and used: each keeps its contract, and does what its
README says."""

import os
import shutil
import signal
import subprocess
import sys

from outside import EXAMPLES, PREFIX, SystemTest, clang, example, main, run


def failed_checks(report):
    return [check["name"] for check in report["checks"] if check["result"] == "failed"]


class ContractTest(SystemTest):
    def test_runtime_echo(self):
        self.keeps_its_contract("runtime-echo")

    def test_runtime_http(self):
        self.keeps_its_contract("runtime-http")

    def test_store_memory(self):
        self.keeps_its_contract("store-memory")

    def keeps_its_contract(self, name):
        out = run("ctest", "--test-dir", example(name, tests=True), "--output-on-failure", "-V")
        counted = [line for line in out.split("\n") if "[  PASSED  ]" in line]
        self.assertEqual(len(counted), 1, out)
        self.say(counted[0].split("]")[1].strip())


class EchoTest(SystemTest):
    def test_as_its_readme_says(self):
        plugin = f"{example('runtime-echo', tests=True)}/runtime-echo.so"
        self.configure(f"runtimes: {{echo: {{plugin: {plugin}}}}}\n")
        report = self.loong("plugins", "check", "--json", plugin).json()
        self.assertEqual((report["id"], failed_checks(report)), ("runtime-echo", []))
        task = self.create("--runtime", "echo", "hello")
        self.wait(task)
        self.assertEqual(self.output(task), "hello")
        error = self.loong("tasks", "create", "--runtime", "echo", "--", "ls", code=2)
        self.assertIn("unsupported: runtime-echo: it takes nothing but a text", error.err)


class MemoryTest(SystemTest):
    def test_check_says_what_it_cannot_promise(self):
        plugin = f"{example('store-memory', tests=True)}/store-memory.so"
        report = self.loong("plugins", "check", "--json", plugin).json()
        self.assertEqual(failed_checks(report), [])
        skipped = {one["name"]: one["message"] for one in report["checks"] if one["result"] == "skipped"}
        self.assertIn("ends with its process",
                      skipped["another process carries a task of this store"])


class EmbeddedTest(SystemTest):
    def embedded(self, *words, code=0, compiler="g++"):
        outcome = subprocess.run([f"{example('embedded', compiler)}/embedded", *words],
                                 env=self.environment, capture_output=True, text=True)
        self.assertEqual(outcome.returncode, code, outcome.stdout + outcome.stderr)
        return [line.split("  ")[:2] for line in outcome.stdout.splitlines()]

    def test_in_memory_with_another_runtime(self):
        store = f"{example('store-memory', tests=True)}/store-memory.so"
        echo = f"{example('runtime-echo', tests=True)}/runtime-echo.so"
        config = self.write("memory.yaml", f"store: {{plugin: {store}}}\nruntime: echo\n"
                                           f"runtimes: {{echo: {{plugin: {echo}}}}}\n")
        rows = self.embedded(config, "hello", "world")
        self.assertEqual([row[1] for row in rows], ["completed", "completed"])

    def test_the_program_beside_it_sees_the_same(self):
        config = self.write("config.yaml", "workers: {max_parallel: 2}\n")
        rows = self.embedded(config, "true", "exit 3", "echo $PPID", code=1)
        words = {row[0]: row[1] for row in rows if row[0].startswith("task-")}
        self.assertEqual(list(words.values()), ["completed", "failed", "completed"])
        listed = self.loong("tasks", "list", "--json").json()["tasks"]
        self.assertEqual({row["task_id"]: row["task_status"]["status"] for row in listed}, words)
        for task in words:
            self.assertEqual(self.kinds(task)[:3],
                             ["task_created", "delegate_queued", "delegate_started"])

    def test_sessions_run_in_its_process_and_are_recovered_without_it(self):
        config = self.write("config.yaml", "")
        gate, post = self.gate(), self.signpost()
        program = f"{example('embedded')}/embedded"
        text = f"{post.tell()}; {gate.wait}; echo whole"
        with subprocess.Popen([program, config, text], env=self.environment,
                              stdout=subprocess.DEVNULL) as process:
            post.await_line()
            task = self.loong("tasks", "list", "-q").out.strip()
            self.assertEqual(self.worker_of(task), process.pid)
            self.assertEqual(self.workers(), [])
            process.send_signal(signal.SIGKILL)
        status = self.detail(task)["task_status"]
        self.assertEqual(status["status"], "recoverable")
        self.assertEqual(self.recover(task)["action"]["kind"], "adopted")
        gate.let_through()
        self.wait(task)
        self.assertEqual(self.output(task), "whole\n")

    def test_what_the_one_does_the_other_shows(self):
        config = self.write("config.yaml", "")
        post = self.signpost()
        program = f"{example('embedded')}/embedded"
        with subprocess.Popen([program, config, f"{post.tell()}; exec sleep 1000"],
                              env=self.environment, stdout=subprocess.PIPE, text=True) as process:
            post.await_line()
            task = self.loong("tasks", "list", "-q").out.strip()
            self.loong("tasks", "cancel", "--wait", task)
            out, _ = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1)
            self.assertIn(f"{task}  cancelled", out)


class CompilerTest(SystemTest):
    """Plugins of one compiler in the host of the other, both ways."""

    def setUp(self):
        super().setUp()
        if clang() is None:
            self.skipTest("there is no clang++ here")

    def test_clang_plugins_in_the_gcc_host(self):
        echo = f"{example('runtime-echo', clang(), tests=True)}/runtime-echo.so"
        http = f"{example('runtime-http', clang())}/runtime-http.so"
        service = subprocess.Popen(
            [sys.executable, f"{EXAMPLES}/runtime-http/service.py", "--port", "0", "--until-eof"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        url = service.stdout.readline().split()[-1]
        self.configure("runtimes:\n"
                       f"  echo: {{plugin: {echo}}}\n"
                       f"  http: {{plugin: {http}, url: '{url}'}}\n")
        try:
            for name, text in (("echo", "hello"), ("http", "printf hello")):
                plugin = echo if name == "echo" else http
                report = self.loong("plugins", "check", "--json", plugin)
                self.assertEqual(failed_checks(report.json()), [])
                task = self.create("--runtime", name, text)
                self.wait(task)
                self.assertEqual(self.output(task), "hello")
        finally:
            service.communicate()

    def test_clang_store_in_a_gcc_program(self):
        self.in_memory(f"{example('store-memory', clang())}/store-memory.so",
                       f"{example('runtime-echo', tests=True)}/runtime-echo.so", "g++")

    def test_gcc_plugins_in_a_clang_program(self):
        self.in_memory(f"{example('store-memory', tests=True)}/store-memory.so",
                       f"{example('runtime-echo', tests=True)}/runtime-echo.so", clang())

    def in_memory(self, store, runtime, compiler):
        config = self.write("memory.yaml", f"store: {{plugin: {store}}}\nruntime: echo\n"
                                           f"runtimes: {{echo: {{plugin: {runtime}}}}}\n")
        out = run(f"{example('embedded', compiler)}/embedded", config, "hello",
                  env=self.environment)
        self.assertIn("  completed  ", out)

    def test_gcc_plugins_in_a_clang_host(self):
        """The contract suite built with clang++ is a host of its own, which loads what g++ built."""
        host = example("runtime-echo", clang(), tests=True)
        plugin = f"{host}/runtime-echo.so"
        kept = self.path("runtime-echo.clang.so")
        shutil.copyfile(plugin, kept)
        try:
            shutil.copyfile(f"{example('runtime-echo', tests=True)}/runtime-echo.so", plugin)
            out = run(f"{host}/runtime-echo-contract", "--gtest_brief=1")
        finally:
            shutil.copyfile(kept, plugin)
        self.assertIn("[  PASSED  ]", out)


class PkgConfigTest(SystemTest):
    def test_plugin_and_program(self):
        """By hand, as loong.pc says."""
        if shutil.which("pkg-config") is None:
            self.skipTest("there is no pkg-config here")
        environment = {**os.environ, "PKG_CONFIG_PATH": f"{PREFIX}/lib/pkgconfig"}

        def ask(*words):
            return run("pkg-config", *words, env=environment).split()

        script = ask("--variable=version_script", "loong")[0]
        plugin = self.path("runtime-echo.so")
        run("g++", "-std=c++20", "-fPIC", "-fvisibility=hidden", "-shared", "-o", plugin,
            f"{EXAMPLES}/runtime-echo/runtime_echo.cpp", *ask("--cflags", "loong"),
            "-Wl,-z,defs,-z,now", f"-Wl,--version-script={script}")
        report = self.loong("plugins", "check", "--json", plugin).json()
        self.assertEqual(failed_checks(report), [])
        exported = run("nm", "-D", "--defined-only", plugin).split("\n")
        self.assertEqual([line.split()[2] for line in exported if line], ["loong_runtime_v1"])
        run("g++", "-std=c++20", "-o", self.path("embedded"),
            f"{EXAMPLES}/embedded/embedded.cpp", *ask("--cflags", "--libs", "loong-core"),
            f"-Wl,-rpath,{PREFIX}/lib")
        run(self.path("embedded"), self.write("config.yaml", ""), "true", env=self.environment)


if __name__ == "__main__":
    main()
