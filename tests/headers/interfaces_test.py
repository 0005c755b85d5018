"""Whether interfaces.py notices each way in which an interface can change, and nothing else."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
HEADERS = HERE.parent.parent / "core" / "include" / "loong"
STAMPS = os.environ["LOONG_INTERFACE_STAMPS"]


class InterfacesTest(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="loong-interfaces-"))
        self.headers = self.directory / "loong"
        shutil.copytree(HEADERS, self.headers)

    def tearDown(self):
        shutil.rmtree(self.directory)

    def compare(self):
        return subprocess.run(
            [sys.executable, "-B", HERE / "interfaces.py", "--stamps", STAMPS, "--headers",
             self.headers], capture_output=True, text=True)

    def change(self, header, old, new):
        text = (self.headers / header).read_text()
        self.assertIn(old, text)
        (self.headers / header).write_text(text.replace(old, new, 1))

    def expect_noticed(self, kind, header, old, new):
        shutil.copytree(HEADERS, self.headers, dirs_exist_ok=True)
        self.change(header, old, new)
        outcome = self.compare()
        self.assertEqual(outcome.returncode, 1, f"{old} -> {new}: {outcome.stdout}")
        self.assertIn(f"The {kind} interface is not what was frozen", outcome.stdout)
        self.assertIn("Raise the interface number", outcome.stdout)

    def test_changes_are_noticed(self):
        check = "    virtual Result<void> check(const SessionSpec& spec) = 0;\n"
        for kind, header, old, new in [
                ("runtime", "runtime.hpp", check, ""),
                ("runtime", "runtime.hpp", check, check + "    virtual void more() = 0;\n"),
                ("runtime", "runtime.hpp", "finished,\n", "ended,\n"),
                ("runtime", "session_spec.hpp", "    bool network = true;\n", ""),
                ("runtime", "session_context.hpp", "std::string_view rule", "std::string rule"),
                ("runtime", "plugin.hpp", "    const char* version = nullptr;\n", ""),
                ("store", "store.hpp", "std::size_t limit) = 0;", "int limit) = 0;"),
                ("store", "summary.hpp", "int priority", "long priority"),
                ("store", "error.hpp", "    unsupported,\n", "    unsupported,\n    another,\n")]:
            with self.subTest(f"{header}: {new or 'without ' + old}"):
                self.expect_noticed(kind, header, old, new)

    def test_words_and_lines_do_not_count(self):
        self.change("runtime.hpp", "/// Carries the session to its outcome.", "/// Other words.")
        self.change("store.hpp", "std::string_view task_id, std::uint64_t expected_revision,",
                    "std::string_view task_id,\n        std::uint64_t expected_revision,")
        outcome = self.compare()
        self.assertEqual(outcome.returncode, 0, outcome.stdout)


unittest.main(verbosity=2)
