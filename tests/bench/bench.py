"""tests/bench/run calls this; see there, and README.md beside it."""

import argparse
import os
import platform
import shutil
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from loong_bench import growth, measures, report  # noqa: E402


class Bench:
    """What all measurements share: the build, where to write, and how much of it all."""

    def __init__(self, build, scratch, quick):
        self.build = os.path.abspath(build)
        self.program = os.path.join(self.build, "bin/loong")
        self.scratch = scratch
        self.quick = quick

    def probe(self, name):
        return os.path.join(self.build, "bench", f"bench-{name}")

    def rounds(self, count):
        return max(5, count // 10) if self.quick else count

    def repeats(self, count):
        return 1 if self.quick else count

    def size(self, count):
        return max(1, count // 20) if self.quick else count

    def sizes(self, counts):
        return [count for count in counts if not self.quick or count <= 1_000] or [2_000]

    def say(self, text):
        print(f"  {text}", file=sys.stderr, flush=True)


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        model = next((line.partition(":")[2].strip() for line in file
                      if line.startswith("model name")), platform.machine())
    return {"kernel": platform.release(), "processor": model, "processors": os.cpu_count()}


def main():
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--quick", action="store_true",
                        help="a twentieth of everything: whether it works, not how fast it is")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[*measures.ALL, "growth"],
                        help="some of: " + ", ".join([*measures.ALL, "growth"]))
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N",
                        help="how many tasks `growth` measures each verb beside")
    parser.add_argument("--scratch", default="build/bench-scratch",
                        help="on the file system that is to be measured")
    parser.add_argument("--json", default="build/bench.json")
    parser.add_argument("--picture", default="build/bench.svg")
    arguments = parser.parse_args()
    wanted = arguments.only or [*measures.ALL, "growth"]

    os.makedirs(arguments.scratch, exist_ok=True)
    scratch = tempfile.mkdtemp(dir=os.path.abspath(arguments.scratch))
    try:
        bench = Bench(arguments.build, scratch, arguments.quick)
        rows = []
        for name in (name for name in wanted if name in measures.ALL):
            bench.say(f"measuring: {name}")
            rows += measures.ALL[name](bench)
        sizes = arguments.sizes or bench.sizes(growth.SIZES)
        table = growth.measure(bench, sizes) if "growth" in wanted else {}
    finally:
        shutil.rmtree(scratch)
    if rows:
        report.print_table(rows, sys.stdout)
    growth.print_table(table, sys.stdout)
    report.write_json(rows, growth.as_json(table), machine(), arguments.json)
    if not rows:
        return
    report.write_picture(rows, arguments.picture)
    short = sum(not row.reached for row in rows)
    print(f"\n{len(rows)} figures, {len(rows) - short} pass, {short} short")


if __name__ == "__main__":
    main()
