"""Measures loong beside its peers and beside what the machine can do at best, and prints one table:
our figure, the other's, the ratio, and the target that the ratio is held against. The same goes to
a JSON file, with the spread of each figure, and to a picture.

tests/bench/run installs from the distribution what is missing (the compiler and libraries, Google Benchmark, and the
peers nq and task-spooler; pueue is measured where it is installed), builds the release preset, and
then measures whole processes as a shell starts them. Everything takes about an hour, most of it for
filling stores with a million tasks; with --quick a few minutes, and its figures mean nothing. Root
or sudo is needed only where a package is missing.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from loong_bench import growth, measures, profile, report  # noqa: E402


def read_anew(directory):
    """Has programs in memory as after a start of the machine, which is how users and the peers have
    theirs: what was just written lies there in small pieces, and each start has to map more of them."""
    for above, _, names in os.walk(directory):
        for name in names:
            with open(os.path.join(above, name), "rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class Bench:
    """What all measurements share: the build, where to write, and how much of it all."""

    def __init__(self, build, scratch, quick):
        self.build = os.path.abspath(build)
        self.scratch = scratch
        self.installed = os.path.join(scratch, "installed")
        subprocess.run(["cmake", "--install", self.build, "--prefix", self.installed], check=True,
                       stdout=subprocess.DEVNULL)
        read_anew(self.installed)
        read_anew(os.path.join(self.build, "bench"))
        self.program = os.path.join(self.installed, "bin/loong")
        self.quick = quick

    def probe(self, name):
        return os.path.join(self.build, "bench", f"bench-{name}")

    def plugin(self, name):
        return os.path.join(self.installed, f"lib/loong/plugins/{name}.so")

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


def functions(bench):
    """What the pure parts of core cost: a table of its own."""
    subprocess.run([bench.probe("functions"), "--benchmark_color=false"]
                   + (["--benchmark_min_time=0.01"] if bench.quick else []), check=True)


EVERYTHING = {**measures.ALL, "growth": growth.measure, "profile": profile.measure,
              "functions": functions}


def parse_arguments():
    names = [f"  {name:<14} {function.__doc__.splitlines()[0]}"
             for name, function in EVERYTHING.items()]
    parser = argparse.ArgumentParser(
        prog="tests/bench/run", description=__doc__,
        epilog="what is measured (NAME):\n" + "\n".join(names),
        formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False)
    parser.add_argument("--build", metavar="DIR", default="build/release",
                        help="measures what is in another build tree, made with "
                             "-DLOONG_BUILD_BENCHMARKS=ON")
    parser.add_argument("--quick", action="store_true",
                        help="a twentieth of everything: whether it works, not how fast it is")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=[*EVERYTHING],
                        help="some of what is listed below, instead of everything")
    parser.add_argument("--sizes", nargs="+", type=int, metavar="N",
                        help="how many tasks `growth` measures each verb beside "
                             f"({' '.join(map(str, growth.SIZES))})")
    parser.add_argument("--scratch", metavar="DIR", default="build/bench-scratch",
                        help="on the file system that is to be measured (%(default)s)")
    parser.add_argument("--json", metavar="FILE", default="build/bench.json",
                        help="where the figures go (%(default)s)")
    parser.add_argument("--picture", metavar="FILE", default="build/bench.svg",
                        help="where the picture goes (%(default)s)")
    # The arguments are looked at before what takes long.
    parser.add_argument("--check", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    if arguments.check:
        return
    wanted = arguments.only or [*EVERYTHING]

    os.makedirs(arguments.scratch, exist_ok=True)
    scratch = tempfile.mkdtemp(dir=os.path.abspath(arguments.scratch))
    try:
        bench = Bench(arguments.build, scratch, arguments.quick)
        rows, table, lines = [], {}, []
        if "functions" in wanted:
            functions(bench)
        for name in (name for name in wanted if name in measures.ALL):
            bench.say(f"measuring: {name}")
            more = measures.ALL[name](bench)
            report.print_table(more, sys.stderr)
            rows += more
            # What takes an hour is not lost when it is ended before.
            report.write_json(rows, {}, [], machine(), arguments.json)
        if "growth" in wanted:
            bench.say("measuring: growth")
            table, more = growth.measure(bench, arguments.sizes or bench.sizes(growth.SIZES))
            rows += more
        if "profile" in wanted:
            bench.say("measuring: profile")
            lines = profile.measure(bench)
    finally:
        shutil.rmtree(scratch)
    if rows:
        report.print_table(rows, sys.stdout)
    growth.print_table(table, sys.stdout)
    profile.print_table(lines, sys.stdout)
    report.write_json(rows, growth.as_json(table), profile.as_json(lines), machine(),
                      arguments.json)
    if not rows:
        return
    report.write_picture(rows, arguments.picture)
    short = sum(not row.reached for row in rows)
    print(f"\n{len(rows)} figures, {len(rows) - short} pass, {short} short")


if __name__ == "__main__":
    main()
