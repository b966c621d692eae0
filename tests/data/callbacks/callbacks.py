#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Output of the callbacks: what ansible-core printed for the plays of this folder, and whether Roost prints the same.

    callbacks.py record [CASE...]           run the original, write recorded/CASE.txt
    callbacks.py replay ROOST [CASE...]     run roost on the same plays, compare

A line of cases.txt is a case:  NAME | ansible-playbook or ansible | ARGUMENTS | VARIABLE=VALUE ...
Each runs in a new folder of its own with a copy of plays/. Times, ids and the folder's name are masked in both."""
import concurrent.futures
import difflib
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
RECORDED = os.path.join(HERE, "recorded")
VERBS = {"ansible-playbook": "apply", "ansible": "run"}
# What has no meaning for Roost: these lines of -v and more are dropped on both sides; docs/output.md says why.
ONLY_ORIGINAL = re.compile(
    r"^(?:\(log\) )?(ansible(-playbook)? \[core .*|  (config file|configured module search path|ansible python module location|"
    r"ansible collection location|executable location|python version|jinja version|libyaml) = .*|"
    r"roost .*|  agent = .*|Loading callback plugin .*|"
    r"Skipping callback '.*|redirecting \(type: .*|setting up inventory plugins|<\w+> (ESTABLISH LOCAL|EXEC|PUT|FETCH) .*|"
    r"Using module file .*|Loading collection .*|\[WARNING\]: Deprecation warnings can be .*)$")
# A line of the callback "timer"'s kin: names of days and months have many lengths, the asterisks fill the line up.
DATED = re.compile(r"^\w+day \d\d \w+ \d{4}  \d\d:\d\d:\d\d .\d{4} \([\d:.]+\) {7}[\d:.]+ \*{3,} ?$", re.M)
MASKS = [
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} p=\d+ u=\w+ n=ansible \| "), "(log) "),
    (DATED, lambda match: "(date and durations, filled up to %d)" % len(match[0])),
    (re.compile(r"/(?:private/)?tmp/callbacks\.[a-z0-9_]{8}"), "/tmp/callbacks.00000000"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\.\d+Z?"), "(time)"),
    (re.compile(r"\d:\d\d:\d\d\.\d{3,6}"), "(duration)"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "(id)"),
    (re.compile(r"took \d+ days, \d+ hours, \d+ minutes, \d+ seconds"), "took (long)"),
    (re.compile(r"-+ \d+\.\d\ds$", re.M), "--- (seconds)"),
    (re.compile(r'(?<=time=")\d[\d.e-]*(?=")'), "(seconds)"),
    (re.compile(r"\bj\d+\.\d+"), "(job)"),
    (re.compile(r"/tmp/callbacks.00000000/\.ansible/tmp/ansible-local-[^ /\"']*/tmp\w+"), "(local)"),
    (re.compile(r'"(_ansible_no_log": ?(false|null)|expand_argument_vars": ?true),\s*'), ""),
    (re.compile(r"after: (dynamically generated|\(local\))"), "after: (content)"),
    (re.compile(r"( '[^'\n]*' has no attribute '\w+')\.\1"), r"\1"),  # said twice
    (re.compile(r" \(Roost has [^)]*\)"), ""),
    (re.compile(r"/[^ \"']*ansible-tmp-[^ /\"']*"), "(remote)"),
]


def cases(wanted):
    with open(os.path.join(HERE, "cases.txt"), encoding="utf-8") as file:
        for line in file:
            if line.strip() and not line.startswith("#"):
                name, program, arguments, variables = (part.strip() for part in line.split("|"))
                if not wanted or name in wanted:
                    yield name, program, shlex.split(arguments), dict(
                        word.split("=", 1) for word in shlex.split(variables))


def masked(text):
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    lines, timed, read = [], [], set()
    for line in text.split("\n"):
        if line.startswith("Read vars_file "):
            read.add(line)  # once for each time that the original puts variables together
            continue
        if line.endswith("--- (seconds)"):
            timed.append(line)  # in the order of the times, which are others each time
            continue
        lines += sorted(timed)
        timed = []
        if not ONLY_ORIGINAL.match(line):
            lines.append(line)
    return "\n".join(lines + sorted(timed) + sorted(read))


def files_of(folder):
    """Files that callbacks write: a case lets them be written below written/. And the log."""
    text = ""
    if os.path.exists(os.path.join(folder, "log.txt")):
        with open(os.path.join(folder, "log.txt"), encoding="utf-8") as file:
            text = "--- mode %o\n--- log\n%s\n" % (os.fstat(file.fileno()).st_mode & 0o777, file.read())
    for root, folders, names in os.walk(os.path.join(folder, "written")):
        folders.sort()
        for name in sorted(names):
            with open(os.path.join(root, name), encoding="utf-8") as file:
                shown = os.path.relpath(os.path.join(root, name), folder)
                text += "--- file %s\n%s\n" % (re.sub(r"-\d+\.\d+(?=\.xml)", "-(time)", shown), file.read())
    return text


def run(command, case, extra):
    name, _, arguments, variables = case
    folder = tempfile.mkdtemp(prefix="callbacks.", dir="/tmp")
    try:
        shutil.copytree(os.path.join(HERE, "plays"), folder, dirs_exist_ok=True)
        environment = {"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8", "TERM": "xterm", "TZ": "UTC",
                       "ANSIBLE_NOCOWS": "1", "ANSIBLE_FORKS": "1", **extra, **variables}
        for kept in ("ROOST_RUN_FOLDER", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
            if kept in os.environ:
                environment[kept] = os.environ[kept]
        done = subprocess.run(command + arguments, cwd=folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False)
        text = "--- exit %d\n--- stdout\n%s\n--- stderr\n%s\n%s" % (
            done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), files_of(folder))
        return name, masked(text)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def record(wanted):
    os.makedirs(RECORDED, exist_ok=True)
    extra = {"ANSIBLE_COLLECTIONS_PATH": os.environ.get("ANSIBLE_COLLECTIONS_PATH", "")}
    extra = {key: value for key, value in extra.items() if value}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, text in pool.map(lambda case: run([case[1]], case, extra), cases(wanted)):
            with open(os.path.join(RECORDED, name + ".txt"), "w", encoding="utf-8") as file:
                file.write(text)
            print("recorded", name)
    return 0


def replay(roost, wanted):
    failed = 0
    count = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, text in pool.map(lambda case: run([roost, VERBS[case[1]]], case, {}), cases(wanted)):
            count += 1
            with open(os.path.join(RECORDED, name + ".txt"), encoding="utf-8", newline="") as file:
                expected = masked(file.read())
            if text != expected:
                failed += 1
                print("==== %s differs" % name)
                print("\n".join(difflib.unified_diff(expected.split("\n"), text.split("\n"), "recorded", "roost",
                                                     n=2, lineterm="")))
    print("%d of %d cases are the same" % (count - failed, count))
    return 1 if failed or not count else 0


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] == "record":
        sys.exit(record(sys.argv[2:]))
    if len(sys.argv) > 2 and sys.argv[1] == "replay":
        sys.exit(replay(os.path.abspath(sys.argv[2]), sys.argv[3:]))
    sys.exit(__doc__)
