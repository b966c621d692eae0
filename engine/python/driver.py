# SPDX-License-Identifier: Apache-2.0
# Runs beside roost, with the Python that has ansible-core. Reads one line of JSON for each question and writes one for each
# answer; what libraries print on their own goes to standard error. This file is the loop; what it can do is in the files
# beside it: a question {"do": "module.find", ...} is answered by verbs["find"] of driver_module.py, which is read at the
# first such question. Their text is the first line of input.
import sys

if sys.path and sys.path[0] == "":  # the folder roost was started in is nobody's library
    del sys.path[0]

import json
import os
import types

questions = os.fdopen(os.dup(0), encoding="utf-8")
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
nothing = os.open(os.devnull, os.O_RDONLY)
os.dup2(nothing, 0)
os.close(nothing)
os.dup2(2, 1)
sources = json.loads(questions.readline())
process = os.getpid()


def write(what):
    if os.getpid() != process:  # a plugin has made a child and left it alone
        os._exit(0)
    answers.write(json.dumps(what) + "\n")
    answers.flush()


def verb(name):
    file, _, word = name.partition(".")
    file = "driver_" + file
    if file not in sys.modules:
        module = types.ModuleType(file)
        sys.modules[file] = module
        try:
            exec(compile(sources[file + ".py"], file + ".py", "exec"), module.__dict__)
        except BaseException:
            del sys.modules[file]
            raise
    return sys.modules[file].verbs[word]


def answer(question):
    try:
        if "playbooks" in question:
            AnsibleCollectionConfig.playbook_paths = question["playbooks"]
        write(verb(question["do"])(question))
    except Exception as problem:
        write({"error": str(problem)})


def ask(question):
    """Asks roost back, in the middle of an answer: {"ask": "...", ...}. Roost may have questions of its own meanwhile."""
    write(question)
    for line in questions:
        reply = json.loads(line)
        if "do" not in reply:
            if "error" in reply:
                raise LookupError(reply["error"])
            return reply
        answer(reply)
    sys.exit(0)


sys.modules["driver"] = sys.modules["__main__"]
try:
    from ansible.plugins import loader
    from ansible.release import __version__
    from ansible.utils.collection_loader import AnsibleCollectionConfig

    if hasattr(loader, "init_plugin_loader"):  # ansible-core 2.15 and later
        loader.init_plugin_loader()
except Exception as problem:
    write({"error": str(problem)})
    sys.exit(0)
write({"version": __version__})
for line in questions:
    answer(json.loads(line))
