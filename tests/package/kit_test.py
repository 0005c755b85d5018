"""What `loong plugins new` writes, what it refuses, and plugins that were built long ago."""

import os
import signal
import subprocess

from outside import PREFIX, SystemTest, TREE, build, main, run

FROZEN = os.path.join(TREE, "tests", "headers", "frozen", "include")
SCRIPT = os.path.join(PREFIX, "lib", "cmake", "loong", "loong-plugin.map")


class NewTest(SystemTest):
    def test_a_store_builds_and_keeps_its_contract(self):
        made = self.loong("plugins", "new", "store", "shelf", "--dir", self.directory, "--json")
        project = made.json()
        self.assertEqual(project["directory"], self.path("store-shelf"))
        self.assertEqual(sorted(os.listdir(self.path("store-shelf"))), sorted(project["files"]))
        out = run("ctest", "--test-dir", build(project["directory"]), "--output-on-failure")
        self.assertIn("100% tests passed", out)
        plugin = f"{build(project['directory'])}/store-shelf.so"
        report = self.loong("plugins", "check", "--json", plugin).json()
        self.assertEqual((report["id"], report["kind"]), ("store-shelf", "store"))
        others = {check["name"] for check in report["checks"] if check["result"] != "passed"}
        self.assertEqual(others, {"another process carries a task of this store"})
        run("cmake", "--install", build(project["directory"]),
            env={**os.environ, "DESTDIR": self.path("staged")})
        installed = f"{self.path('staged')}{PREFIX}/lib/loong/plugins/store-shelf.so"
        self.assertTrue(os.path.exists(installed))

    def test_nothing_of_the_templates_is_left(self):
        for kind in ("runtime", "store"):
            self.loong("plugins", "new", kind, "two-words", "--dir", self.directory)
            place = self.path(f"{kind}-two-words")
            for name in os.listdir(place):
                with open(os.path.join(place, name), encoding="utf-8") as file:
                    text = file.read()
                for word in ("@ID@", "@NAME@", "@CLASS@", "@NAMESPACE@", "@SERIES@", "@DIRECTORY@",
                             "store-memory", "store_memory"):
                    self.assertNotIn(word, text, name)
        with open(self.path("runtime-two-words/runtime.cpp"), encoding="utf-8") as file:
            self.assertIn("class TwoWordsRuntime : public Runtime", file.read())

    def test_bad_names_are_refused(self):
        for name in ("", "Demo", "2nd", "-x", "x-", "a--b", "a/b", "../x", "a b", "ä", "x" * 41,
                     "runtime-demo", "a\x1b[31mb", "local"):
            with self.subTest(name):
                error = self.loong("plugins", "new", "runtime", "--dir", self.directory, "--json",
                                   "--", name, code=None)
                self.assertIn(error.code, (2, 5), str(error))
                self.assertIn(error.error()["code"], ("invalid_argument", "conflict"))
                self.assertNotIn("\x1b", error.err)
        for words in ([], ["runtime"], ["engine", "demo"], ["runtime", "a", "b"]):
            self.loong("plugins", "new", *words, code=2)
        self.assertEqual(os.listdir(self.directory), [])

    def test_nothing_is_overwritten_and_nothing_half_made(self):
        for what in ("file", "directory", "dangling link"):
            with self.subTest(what):
                place = self.path("runtime-demo")
                if what == "file":
                    self.write("runtime-demo", "mine")
                elif what == "directory":
                    os.unlink(place)
                    os.mkdir(place)
                else:
                    os.rmdir(place)
                    os.symlink("nowhere", place)
                before = os.lstat(place)
                error = self.loong("plugins", "new", "runtime", "demo", "--dir", self.directory,
                                   code=5)
                self.assertIn("is there already", error.err)
                self.assertEqual(os.lstat(place).st_ino, before.st_ino)
                self.assertEqual(os.listdir(self.directory), ["runtime-demo"])
        os.unlink(self.path("runtime-demo"))
        self.loong("plugins", "new", "runtime", "demo", "--dir", self.path("none"), code=2)
        # A disk that is full in the middle of it: no file may grow beyond a few hundred bytes.
        limit = lambda: __import__("resource").setrlimit(__import__("resource").RLIMIT_FSIZE,
                                                         (700, 700))
        ignore = lambda: (signal.signal(signal.SIGXFSZ, signal.SIG_IGN), limit())
        error = self.loong("plugins", "new", "runtime", "demo", "--dir", self.directory, code=2,
                           preexec_fn=ignore)
        self.assertIn("store_io", error.err)
        self.assertEqual(os.listdir(self.directory), [])


class CompatibilityTest(SystemTest):
    """core/COMPATIBILITY.md: old plugins in new hosts, new plugins in old hosts."""

    def plugin(self, name, *flags):
        file = self.path(name)
        run("g++", "-std=c++20", "-fPIC", "-fvisibility=hidden", "-shared", "-o", file,
            os.path.join(TREE, "examples", "runtime-echo", "runtime_echo.cpp"), *flags,
            f"-Wl,--version-script={SCRIPT}")
        return file

    def test_a_plugin_built_with_the_frozen_headers_is_loaded_and_works(self):
        plugin = self.plugin("old.so", "-I", FROZEN)
        self.configure(f"runtimes: {{old: {{plugin: {plugin}}}}}\n")
        self.loong("plugins", "check", plugin)
        task = self.create("--runtime", "old", "hello")
        self.wait(task)
        self.assertEqual(self.output(task), "hello")

    def test_a_plugin_for_the_next_interface_is_refused_before_it_runs(self):
        # What its headers will be: the same with another number.
        include = self.path("next/loong")
        os.makedirs(include)
        for name in os.listdir(os.path.join(FROZEN, "loong")):
            with open(os.path.join(FROZEN, "loong", name), encoding="utf-8") as file:
                text = file.read()
            text = text.replace("runtime_interface_number = 1", "runtime_interface_number = 2")
            with open(os.path.join(include, name), "w", encoding="utf-8") as file:
                file.write(text.replace("loong_runtime_v1", "loong_runtime_v2"))
        plugin = self.plugin("next.so", "-I", self.path("next"))
        self.configure(f"runtimes: {{next: {{plugin: {plugin}}}}}\n")
        error = self.loong("tasks", "create", "--runtime", "next", "hello", code=6)
        self.assertIn("built for loong runtime interface 2, this loong has 1", error.err)
        listed = subprocess.run([os.environ["LOONG_PROGRAM"], "tasks", "list", "-q"],
                                env=self.environment, capture_output=True, check=True)
        self.assertEqual(listed.stdout, b"")


if __name__ == "__main__":
    main()
