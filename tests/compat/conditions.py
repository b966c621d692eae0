#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts: how many of a target's assert conditions held.

    conditions.py count TREE TARGET RESULT...     JSON of each RESULT file's {passed, total, asserts, exit, seconds, first_failed}
    conditions.py table TREE FOLDER               the markdown table of FOLDER/TARGET.{ansible,roost}.json; why what does not hold
"""
import json
import pathlib
import re
import sys

import yaml


class Mark(dict):
    """A mapping of YAML that knows its line."""
    line = 0


class Loader(yaml.SafeLoader):
    pass


def mapping(loader, node):
    out = Mark()
    for key, value in node.value:
        name = loader.construct_object(key, deep=True)
        out[name if isinstance(name, (str, int)) else str(name)] = loader.construct_object(value, deep=True)
    out.line = node.start_mark.line + 1
    return out


Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
Loader.add_multi_constructor("!", lambda loader, suffix, node: "")


def asserts_in(value):
    """Each assert below a value, as (line, conditions)."""
    if isinstance(value, list):
        for item in value:
            yield from asserts_in(item)
    if not isinstance(value, Mark):
        return
    for key in ("assert", "ansible.builtin.assert", "ansible.legacy.assert"):
        arguments = value.get(key, Mark())
        if not isinstance(arguments, dict):
            continue
        arguments = {**(value.get("args") or {}), **arguments}
        if key in value and "that" in arguments:
            that = arguments["that"]
            yield value.line, [str(one) for one in (that if isinstance(that, list) else [that])]
    for item in value.values():
        yield from asserts_in(item)


def asserts_of(tree, target):
    """{(path below the targets, line): conditions} of a target's YAML files."""
    targets = pathlib.Path(tree) / "test/integration/targets"
    out = {}
    for path in sorted((targets / target).rglob("*.y*ml")):
        try:
            documents = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader))
        except (yaml.YAMLError, UnicodeDecodeError, ValueError):
            continue # some are wrong on purpose
        for document in documents:
            for line, conditions in asserts_in(document):
                out[(str(path.relative_to(targets)), line)] = conditions
    return out


def squeezed(text):
    return re.sub(r"\s+", "", text)


def count(tree, target, result):
    """The least that any run of an assert reached counts for it; one that never ran counts nothing."""
    asserts, reached, first = asserts_of(tree, target), {}, ""
    for run in result["runs"]:
        path = re.sub(r"^.*/test/integration/targets/", "", run["path"])
        lines = [line for name, line in asserts if name == path and line <= run["line"]]
        if not lines or run["outcome"] == "skipped":
            continue
        key = (path, max(lines))
        conditions = asserts[key]
        held = len(conditions)
        if run["outcome"] == "failed":
            wanted = squeezed(run["assertion"])
            held = next((i for i, one in enumerate(conditions) if squeezed(one) == wanted), 0)
            first = first or f"{path}:{key[1]}: {run['assertion'] or 'could not be evaluated'}"
        reached[key] = min(held, reached.get(key, held))
    return {"passed": sum(reached.values()), "total": sum(len(one) for one in asserts.values()), "asserts": len(asserts),
            "ran": len(reached), "exit": result["exit"], "seconds": result["seconds"], "is_late": result["is_late"],
            "first_failed": first}


def words_of(one):
    return "hangs" if one["is_late"] else "ends well" if one["exit"] == 0 else f"ends with {one['exit']}"


def last_error(log):
    """The last error in what a target printed that was not ignored: its message, 300 characters of it."""
    found, is_open = "", False
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []:
        message = re.match(r' +"msg": "(.*)"', line)
        if re.match(r"(fatal|failed): |ERROR! |\[ERROR\]", line):
            found, is_open = line, line.endswith("{")
        elif is_open and message:
            found, is_open = found[:-1].rstrip("=> ") + " " + message[1], False
        elif line.startswith("...ignoring"):
            found = ""
    return found[:300] + ("..." if len(found) > 300 else "")


def reasons():
    """TARGET: sentence, for what is known not to hold."""
    file = pathlib.Path(__file__).with_name("reasons.txt")
    pairs = (line.partition(":") for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {name: text.strip() for name, _, text in pairs if text}


def rows_of(tree, folder):
    for path in sorted(folder.glob("*.roost.json")):
        target = path.name[:-len(".roost.json")]
        sides = []
        for side in ("ansible", "roost"):
            file = folder / f"{target}.{side}.json"
            sides.append(count(tree, target, json.loads(file.read_text(encoding="utf-8"))) if file.exists() else None)
        yield target, *sides


PAGE = """# How much of upstream's own tests holds

Made by `scripts/compat-ansible --markdown TREE TARGET...`; do not edit. TREE is a checkout of ansible's stable-2.14. Each target runs in
a fresh Debian 12 root of its own, once by ansible-core 2.14.18 and once with Roost in its place, offline: so some do not hold with
ansible-core either. Counted are the conditions of the targets' `assert` tasks; one that was not reached does not count as held. A
target that is a script ends at its first step that fails, whatever comes behind it.
"""


def table(tree, folder):
    rows = list(rows_of(tree, folder))
    print(PAGE)
    print("| target | conditions | ansible-core | Roost | ansible-core | Roost |\n|---|---:|---:|---:|---|---|")
    for target, ansible, roost in rows:
        print(f"| {target} | {roost['total']} | {ansible['passed'] if ansible else '-'} | {roost['passed']} | "
              f"{words_of(ansible) if ansible else '-'} | {words_of(roost)} |")
    sums = [sum(one[side]["passed"] for one in rows if one[side]) for side in (1, 2)]
    print(f"\nTogether {sum(one[2]['total'] for one in rows)} conditions: ansible-core {sums[0]}, Roost {sums[1]}.")
    print("\n## What does not hold, and why\n")
    known = reasons()
    for target, ansible, roost in rows:
        if roost["exit"] == 0 and roost["passed"] == roost["total"] or target in known and known[target] == "-":
            continue
        if ansible and roost["exit"] == ansible["exit"] and roost["passed"] >= ansible["passed"]:
            print(f"- **{target}**: as ansible-core.")
            continue
        print(f"- **{target}**: {known.get(target, 'not looked at yet')}")
        for text in (roost["first_failed"], last_error(folder / f"{target}.roost.log")):
            if text:
                print(f"  `{text.replace('`', chr(39))}`")


def main():
    if sys.argv[1] == "table":
        return table(sys.argv[2], pathlib.Path(sys.argv[3]))
    tree, target = sys.argv[2:4]
    for path in sys.argv[4:]:
        print(json.dumps(count(tree, target, json.loads(pathlib.Path(path).read_text(encoding="utf-8")))))


main()
