#!/usr/bin/env python3
"""Writes down what crosses the boundary to plugins, from the public headers, and compares it with
what was written down before.

For each interface: every type that can be reached from its classes, with what makes it what it is
to a compiled plugin (data members, virtual methods and enumerators, in their order), and the
stamps that a compiler made of it. Comments, inline functions and formatting do not count.

    interfaces.py --stamps build/release/tests/interface-stamps             compare
    interfaces.py --stamps build/release/tests/interface-stamps --accept    write down
"""

import argparse
import difflib
import pathlib
import platform
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
HEADERS = HERE.parent.parent / "core" / "include" / "loong"
FROZEN = HERE / "frozen"
ROOTS = {
    "runtime": ["RuntimeDescriptor", "RuntimeSetup", "Runtime", "SessionContext"],
    "store": ["StoreDescriptor", "StoreSetup", "Store", "StoreHost", "Lease", "Watch"],
}
DEFINITION = re.compile(r"^(?:template <typename T> )?(?:struct|class|enum class) (\w+)")
LAYOUT = re.compile(r"(?m)^\w+ layout .*$")
ALIAS = re.compile(r"^using (\w+) =")


def tokens_of(text):
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"(?m)^#(?:.*\\\n)*.*$", "", text)
    return re.findall(r'"[^"]*"|\w+|::|->|&&|[^\w\s]', text)


def joined(tokens):
    """The tokens in one way of writing, whatever the line breaks were."""
    text = " ".join(tokens)
    text = re.sub(r" ([,;:)\]>&*}])", r"\1", text)
    text = re.sub(r"([(\[<~{]) ", r"\1", text)
    text = re.sub(r" ?(::) ?", r"\1", text)
    text = re.sub(r"(\w) ([(<{])", r"\1\2", text)
    return text.replace("template<", "template <").strip()


def block_end(tokens, start):
    """The index behind the `}` that closes the `{` at `start`."""
    depth = 0
    for index in range(start, len(tokens)):
        depth += {"{": 1, "}": -1}.get(tokens[index], 0)
        if depth == 0:
            return index + 1
    raise SystemExit("interfaces: a brace is not closed")


def declarations(tokens):
    """Splits what stands between two braces: (tokens before a block or `;`, the block or None)."""
    found, start, index, depth = [], 0, 0, 0
    while index < len(tokens):
        token = tokens[index]
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token == ":" and tokens[start:index] in (["public"], ["private"], ["protected"]):
            start = index + 1
        elif token == "{" and depth == 0 and "=" in tokens[start:index]:
            # Part of an initialiser, which ends with its `;`.
            index = block_end(tokens, index)
            continue
        elif token == "{" and depth == 0:
            end = block_end(tokens, index)
            head, block = tokens[start:index], tokens[index + 1:end - 1]
            # An initialiser in braces belongs to its member.
            if end < len(tokens) and tokens[end] == ";":
                end += 1
            found.append((head, block))
            index = start = end
            continue
        elif token == ";" and depth == 0:
            found.append((tokens[start:index], None))
            start = index + 1
        index += 1
    return found


def is_type(head):
    return DEFINITION.match(joined(head)) is not None


def is_function(head):
    plain = joined(head).split(" =")[0]
    return "(" in plain and "(*" not in plain


def member_lines(tokens, indent):
    lines = []
    for head, block in declarations(tokens):
        text = joined(head)
        if is_type(head):
            lines += type_lines(head, block, indent)
        elif not head or head[0] in ("friend", "template") or "operator" in head:
            continue
        elif "virtual" in head:
            lines.append(indent + text.replace("[[nodiscard]] ", "") + ";")
        elif not is_function(head):
            inside = "{" + joined(block) + "}" if block is not None else ""
            lines.append(indent + text + inside + ";")
    return lines


def type_lines(head, block, indent=""):
    text = joined(head).replace("[[nodiscard]] ", "")
    if block is None:
        return [indent + text + ";"]
    if "enum" in head:
        return [indent + text + " {" + joined(block).rstrip(",") + "};"]
    return [indent + text + " {", *member_lines(block, indent + "    "), indent + "};"]


def collect(tokens, types):
    """All types and aliases of namespace loong by name, the nested namespaces left out."""
    for head, block in declarations(tokens):
        text = joined(head).replace("[[nodiscard]] ", "")
        if text == "namespace loong":
            collect(block, types)
        elif ALIAS.match(text):
            types.setdefault(ALIAS.match(text)[1], []).append(text + ";")
        elif DEFINITION.match(text) and block is not None:
            types.setdefault(DEFINITION.match(text)[1], []).extend(type_lines(head, block))


def reachable(types, roots):
    """The roots and every type that they name, in the order of the alphabet."""
    seen, waiting = set(), list(roots)
    while waiting:
        name = waiting.pop()
        if name in seen or name not in types:
            continue
        seen.add(name)
        waiting += re.findall(r"\w+", "\n".join(types[name]))
    missing = [root for root in roots if root not in seen]
    if missing:
        raise SystemExit(f"interfaces: not found: {', '.join(missing)}")
    return sorted(seen)


def interface_text(kind, types, stamps):
    lines = [f"// The {kind} interface of loong: what crosses to a compiled plugin.",
             "// Made by tests/headers/interfaces.py; not to be changed by hand.", ""]
    lines += [line for line in stamps if line.startswith(kind + " ")]
    # Optional abilities name themselves so.
    able = [name for name, text in types.items() if f'"loong.{kind}.' in "".join(text)]
    for name in reachable(types, ROOTS[kind] + able):
        lines += ["", *types[name]]
    return "\n".join(lines) + "\n"


def keep_headers(source, kept):
    """A copy of all that a plugin includes, for the test that a plugin built with it still loads."""
    names, waiting = set(), ["plugin.hpp"]
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += re.findall(r'#include "loong/(\S+)"', (source / name).read_text())
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for name in sorted(names):
        shutil.copyfile(source / name, kept / name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--stamps", required=True, help="the program interface-stamps, built")
    parser.add_argument("--accept", action="store_true", help="write down what there is now")
    parser.add_argument("--headers", type=pathlib.Path, default=HEADERS)
    parser.add_argument("--frozen", type=pathlib.Path, default=FROZEN)
    arguments = parser.parse_args()
    types = {}
    for header in sorted(arguments.headers.glob("*.hpp")):
        collect(tokens_of(header.read_text()), types)
    stamps = subprocess.run([arguments.stamps], check=True, capture_output=True, text=True)
    stamps = stamps.stdout.splitlines()
    failed = False
    for kind in ROOTS:
        number = next(line.split()[-1] for line in stamps if line.startswith(kind + " interface"))
        file = arguments.frozen / f"{kind}-{number}.txt"
        now = interface_text(kind, types, stamps)
        then = file.read_text() if file.exists() else ""
        if platform.machine() != "x86_64" and not arguments.accept:
            print("this is no x86-64 machine: the layout's stamp is not compared")
            now, then = (LAYOUT.sub("", text) for text in (now, then))
        if arguments.accept:
            if now != then or not (arguments.frozen / "include").exists():
                keep_headers(arguments.headers, arguments.frozen / "include" / "loong")
            file.write_text(now)
            print(f"{file}: {'as it was' if now == then else 'written'}")
        elif now == then:
            print(f"{kind} interface {number}: unchanged, {now.count(chr(10))} lines")
        else:
            failed = True
            print(f"The {kind} interface is not what was frozen as number {number}:\n")
            print("\n".join(difflib.unified_diff(then.splitlines(), now.splitlines(), "frozen",
                                                 "now", lineterm="", n=2)))
            print(f"\nRaise the interface number: {kind}_interface_number and the symbol's name in "
                  "core/include/loong/plugin.hpp.\nUntil the first release number 1 may still "
                  "change; write it down with:\n\n"
                  "    cmake --build --preset release --target loong_accept_interfaces\n")
    sys.exit(1 if failed else 0)


main()
