#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Records what Ansible makes of the sources in sources.txt: one JSON line per case, for cases_test.c.

Run it with a Python that has ansible-core 2.14: record.py > ansible.jsonl, record.py integers.txt > integers.jsonl, and for the filters of collections with
ansible.utils, community.general, netaddr and jmespath: record.py collections.txt > collections.jsonl
arguments.txt holds calls with all sorts of arguments, right and wrong ones; it and filters.txt are recorded in the same way.
Sources stand one per line under "## value", "## file" or "## condition"; longer ones between <<< and >>>.
"""
import json
import os
import re
import sys

os.environ["TZ"] = "UTC"
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.conditional import Conditional
from ansible.template import Templar

HERE = os.path.dirname(os.path.abspath(__file__))

# Failures that Roost words in its own way: only that they fail is compared.
WORDED_OTHERWISE = ["Could not load", "subpattern", "object has no attribute 'group'", "failed to combine", "passlib does not",
                    "^0$", "invalid group", "while parsing", "^\\{\\{ not_there", "not support item", "failed to detect a valid IP", "unknown encoding"]


def sources(path):
    how, block = "value", None
    for line in open(path, encoding="utf-8"):
        line = line.rstrip("\n")
        if block is not None:
            if line == ">>>":
                yield how, "\n".join(block) + "\n"
                block = None
            else:
                block.append(line)
        elif line == "<<<":
            block = []
        elif line.startswith("## "):
            how = line[3:]
        elif line:
            yield how, line


def used(context, text, into):
    for name in re.findall(r"[A-Za-z_]\w*", text):
        if name in context and name not in into:
            into[name] = context[name]
            used(context, json.dumps(context[name]), into)
    return into


def render(how, source, context):
    templar = Templar(loader=DataLoader(), variables=context)
    if how == "condition":
        checker = Conditional(loader=DataLoader())
        checker.when = [source]
        return checker.evaluate_conditional(templar, context)
    if how == "file":
        made = templar.template(source, preserve_trailing_newlines=True, convert_data=False, escape_backslashes=False)
        return "" if made is None else str(made)
    return templar.template(source)


def main():
    context = yaml.safe_load(open(os.path.join(HERE, "context.yml"), encoding="utf-8"))
    for how, source in sources(os.path.join(HERE, sys.argv[1] if len(sys.argv) > 1 else "sources.txt")):
        case = {"src": source, "ctx": used(context, source, {}), "env": {"ansible": how}}
        try:
            case["out"] = json.loads(json.dumps(render(how, source, json.loads(json.dumps(case["ctx"]))), default=str))
        except Exception as error:  # every failure is a result here
            undefined = "Undefined" in type(error).__name__ or "is undefined" in str(error)
            case["err"] = "UndefinedError" if undefined else type(error).__name__
            message = getattr(error, "_message", None) or str(error)
            message = message.split(". String:")[0]
            message = re.sub(r"(.+)\. \1$", r"\1", message, flags=re.S)
            if not any(re.search(pattern, message) for pattern in WORDED_OTHERWISE):
                case["text"] = message.split("\n")[0]
        json.dump(case, sys.stdout)
        print()


main()
