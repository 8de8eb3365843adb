#!/usr/bin/env python3
"""The house rules, measured on the tree: layers, sizes, names, headers, and the
manual against the tables. Prints TAP. Usage: lint.py ROOT [POSTHORN]."""

import collections
import os
import re
import subprocess
import sys

ROOT = os.path.abspath(sys.argv[1])
POSTHORN = sys.argv[2] if len(sys.argv) > 2 else None

MAX_FILE = 900
MAX_FUNCTION = 80
MAX_DEPTH = 4  # of braces, the function's own included: nesting of 3
MIN_COMMENT = 0.40
# Pure tables and flat switches are excepted from sizes by style.
TABLE_FILES = re.compile(r"(_table|_people|_texts|_data)\.c$")


def sources(*tops, ends=(".c", ".h")):
    for top in tops:
        for folder, _, names in os.walk(os.path.join(ROOT, top)):
            for name in sorted(names):
                if name.endswith(ends):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        return file.read()


def allowed_rooms():
    """The table of doc/architecture.md: room -> rooms it may use."""
    rooms, layers = {}, {}
    for line in read("doc/architecture.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) != 4 or not cells[0].isdigit():
            continue
        for room in re.findall(r"`([a-z0-9.]+)`", cells[1]):
            rooms[room] = set(re.findall(r"[a-z0-9]+", cells[3]))
            layers[room] = int(cells[0])
    core = rooms["core"]
    if "below" in core:
        rooms["core"] = {r for r in rooms if layers[r] < layers["core"]}
    return rooms


def strip_code(text):
    """Comments and literals blanked, line structure kept."""
    pattern = re.compile(
        r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(
        lambda m: re.sub(r"[^\n]", " ", m.group(0)), text)


def check_layers():
    rooms = allowed_rooms()
    bad = []
    for path in sources("src", "include"):
        parts = path.split(os.sep)
        if len(parts) < 3:
            continue
        room = parts[1]
        if room not in rooms:
            bad.append(f"{path}: room {room} is not in doc/architecture.md")
            continue
        for name in re.findall(r'#include "([^"]+)"', read(path)):
            other = name.split("/")[0] if "/" in name else room
            if other != room and other not in rooms[room]:
                bad.append(f"{path}: {room} may not use {other} ({name})")
            if "/" not in name and parts[0] == "include":
                bad.append(f"{path}: a door includes a private header {name}")
    return bad


def meson_rooms():
    """The dictionary `uses` of src/meson.build: room -> rooms it may use."""
    table = re.search(r"\nuses = \{(.*?)\n\}", read("src/meson.build"), re.S)
    return {room: set(re.findall(r"'(\w+)'", uses)) for room, uses in
            re.findall(r"'(\w+)': \[(.*?)\]", table.group(1), re.S)}


def check_rooms():
    """The table of doc/architecture.md is that of src/meson.build."""
    said, built = allowed_rooms(), meson_rooms()
    said = {room: uses & said.keys() for room, uses in said.items()
            if room != "main.c"}
    return [f"{room}: doc/architecture.md {sorted(said.get(room, []))}, "
            f"src/meson.build {sorted(built.get(room, []))}"
            for room in sorted(said.keys() | built.keys())
            if said.get(room) != built.get(room)]


def check_file_sizes():
    bad = []
    for path in sources("src", ends=(".c",)):
        lines = read(path).count("\n")
        if lines > MAX_FILE and not TABLE_FILES.search(path):
            bad.append(f"{path}: {lines} lines, at most {MAX_FILE}")
    return bad


def functions(path):
    """(name, first line, lines, deepest brace) of each function of a file."""
    depth, start, deepest, name = 0, 0, 0, None
    previous = []
    for number, line in enumerate(strip_code(read(path)).splitlines(), 1):
        if depth == 0 and line.startswith("{"):
            joined = " ".join(previous[-12:])
            match = re.search(r"([A-Za-z_]\w*)\s*\([^{};]*\)\s*$", joined)
            name, start, deepest = match and match.group(1), number, 0
        for char in line:
            if char == "{":
                depth += 1
                deepest = max(deepest, depth)
            elif char == "}":
                depth -= 1
                if depth == 0 and name and line.startswith("}"):
                    yield name, start, number - start + 1, deepest
                    name = None
        if depth == 0:
            previous = [] if line.rstrip().endswith((";", "}")) \
                or line.startswith("#") else previous + [line.strip()]


def check_functions():
    bad = []
    for path in sources("src", ends=(".c",)):
        for name, line, lines, depth in functions(path):
            if lines > MAX_FUNCTION:
                bad.append(f"{path}:{line}: {name} has {lines} lines, "
                           f"at most {MAX_FUNCTION}")
            if depth > MAX_DEPTH:
                bad.append(f"{path}:{line}: {name} nests {depth - 1} deep")
    return bad


def check_goto():
    return [f"{path}: goto" for path in sources("src", "include")
            if re.search(r"\bgoto\b", strip_code(read(path)))]


def check_base_names():
    seen = collections.defaultdict(list)
    for path in sources("src", ends=(".c",)):
        seen[os.path.basename(path)].append(path)
    return [", ".join(paths) for paths in seen.values() if len(paths) > 1]


def check_width():
    bad = []
    for path in sources("src", "include", "tests"):
        for number, line in enumerate(read(path).splitlines(), 1):
            if len(line) > 80 and not TABLE_FILES.search(path) \
                    and "http" not in line and not path.startswith("tests"):
                bad.append(f"{path}:{number}: {len(line)} columns")
            if "\t" in line and not path.startswith("tests"):
                bad.append(f"{path}:{number}: tab")
    return bad


def check_headers():
    bad = []
    for path in sources("include", ends=(".h",)):
        text = read(path)
        if not text.startswith("/*"):
            bad.append(f"{path}: does not open with what it is")
        lines = [l for l in text.splitlines() if l.strip()]
        comment = sum(len(c.splitlines())
                      for c in re.findall(r"/\*.*?\*/", text, re.S))
        if comment < MIN_COMMENT * len(lines) * 0.5:
            bad.append(f"{path}: {comment} comment lines of {len(lines)}")
    for path in sources("src", ends=(".c",)):
        if not read(path).startswith("/*"):
            bad.append(f"{path}: does not open with what it is")
    return bad


def check_words():
    """Notes to ourselves have no place in the tree."""
    bad = []
    pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|[Ff]or now\b"
                         r"|^/\* -{3,}")
    for path in sources("src", "include"):
        for number, line in enumerate(read(path).splitlines(), 1):
            if pattern.search(line) and "\\?" not in line:
                bad.append(f"{path}:{number}: {line.strip()}")
    return bad


def listed_files():
    """What the list in doc/hacking.md names, as paths."""
    paths, room = [], None
    for line in read("doc/hacking.md").splitlines():
        heading = re.match(r"#+ (?:([a-z0-9]+): )?", line)
        if heading:
            room = heading.group(1)
        elif room and line.startswith("Doors:"):
            line = line[len("Doors:"):]
        if room is None or heading:
            continue
        if line.startswith(" `") or line.startswith("`"):
            paths += [f"include/{room}/{door}"
                      for door in re.findall(r"`([a-z0-9_]+\.h)`", line)]
        file = re.match(r"    (([a-z0-9_]+)\.[a-z]+)( \.h)? ", line)
        if file:
            paths.append(f"src/{room}/{file.group(1)}")
            if file.group(3):
                paths.append(f"src/{room}/{file.group(2)}.h")
    return paths


def check_file_list():
    """doc/hacking.md names every source file once, and no other."""
    listed = listed_files()
    there = {path for path in sources("src", "include")
             if path.count(os.sep) == 2}
    bad = [f"{path} is not in the list of doc/hacking.md"
           for path in sorted(there - set(listed))]
    bad += [f"doc/hacking.md names {path} twice"
            for path, n in collections.Counter(listed).items() if n > 1]
    return bad + [f"doc/hacking.md names {path}, which is not there"
                  for path in listed
                  if not os.path.exists(os.path.join(ROOT, path))]


def check_tests_are_run():
    """Every test program stands in the meson.build beside it."""
    bad = []
    for path in sources("tests/unit", ends=(".c",)):
        name = re.fullmatch(r"test_(\w+)\.c", os.path.basename(path))
        listed = read(os.path.join(os.path.dirname(path), "meson.build"))
        if name and f"'{name.group(1)}'" not in listed:
            bad.append(f"{path} is never built: name it in its meson.build")
    return bad


def is_test_name(word, text):
    """A case of a test program: its path, or the name in its table."""
    last = word.rstrip("/").rsplit("/", 1)[-1]
    return word in text or f'"{last}' in text


def check_safety():
    """Every test and file that doc/safety.md names is there, in the cells of
    its own row."""
    code = {path: read(path) for path in sources("src", "include")}
    code["tests/fuzz/"] = ""
    bad = [f"there is no limit {name}" for name in
           re.findall(r"`([A-Z]+_[A-Z_]+)`", read("doc/safety.md"))
           if not any(name in text for text in code.values())]
    for line in read("doc/safety.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not re.match(r"P\d+", cells[0]):
            continue
        if len(cells) != 4:
            bad.append(f"{cells[0]}: a row of {len(cells)} cells, not 4")
            continue
        for word in re.findall(r"`([^`]+)`", cells[2]):
            word = word.removesuffix("()")
            if not any(path.endswith("/" + word) or path == word
                       or re.search(rf"\b{re.escape(word)}\b", text)
                       for path, text in code.items()) \
                    and word != "meson.build":
                bad.append(f"{cells[0]}: nothing is called {word}")
        text = ""
        for word in re.findall(r"`([^`]+)`", cells[3]):
            if re.fullmatch(r"[a-z0-9]+/[^ ]+\.(c|py|txt)", word):
                path = os.path.join("tests", word)
                there = os.path.exists(os.path.join(ROOT, path))
                text = read(path) if there else ""
                if not there:
                    bad.append(f"{cells[0]}: there is no {path}")
            elif not is_test_name(word, text):
                bad.append(f"{cells[0]}: no test is called {word}")
    return bad


def check_options_are_read():
    table = read("src/core/option_table.c")
    names = re.findall(r'\.name = "([a-z-]+)"', table)
    rest = "".join(read(p) for p in sources("src", ends=(".c",))
                   if not p.endswith("option_table.c"))
    return [f"option {name} is read by no code" for name in names
            if f'"{name}"' not in rest and f'"outgoing-' not in name
            and not (name.startswith("outgoing-password")
                     and '"outgoing-' in rest)]


def check_manual():
    """doc/manual.md is what the tables say."""
    if POSTHORN is None:
        return []
    made = subprocess.run([POSTHORN, "help", "--manual"],
                          capture_output=True, text=True, timeout=60,
                          env=dict(os.environ, HOME="/nonexistent",
                                   XDG_CONFIG_HOME="/nonexistent"))
    if made.returncode != 0:
        return ["posthorn help --manual: " + made.stderr.strip()]
    if made.stdout != read("doc/manual.md"):
        return ["doc/manual.md differs from `posthorn help --manual`: "
                "write it anew"]
    return []


CHECKS = [
    ("rooms include only what the architecture allows", check_layers),
    ("the table of rooms is that of src/meson.build", check_rooms),
    ("no source file is too long", check_file_sizes),
    ("no function is too long or too deep", check_functions),
    ("no goto", check_goto),
    ("no base name twice", check_base_names),
    ("80 columns, no tabs", check_width),
    ("files open with what they are, doors are documented", check_headers),
    ("no notes to ourselves", check_words),
    ("doc/hacking.md names every source file", check_file_list),
    ("every test is run", check_tests_are_run),
    ("doc/safety.md names tests that are there", check_safety),
    ("every option is read", check_options_are_read),
    ("the manual is what the tables say", check_manual),
]


def main():
    print(f"1..{len(CHECKS)}")
    for number, (name, check) in enumerate(CHECKS, 1):
        bad = check()
        for line in bad:
            print(f"# {line}")
        print(f"{'not ok' if bad else 'ok'} {number} {name}")


main()
