# SPDX-License-Identifier: Apache-2.0
import os
import sys

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display
from jinja2 import pass_context, pass_environment


def refuse(value):
    raise AnsibleFilterError("'%s' is not wanted here" % value)


@pass_context
def from_context(context, name):
    return context.get(name, "nothing")


@pass_context
def from_both(context, first, second):
    return [context.get(first), context.get(second), context.get("local")]


@pass_environment
def shouted(environment, value):
    return environment.filters["upper"](value) + "!"


def kinds(value, *args, **named):
    return [type(one).__name__ for one in (value, *args)] + sorted(named)


def misbehave(value):
    if value == "print":
        os.write(1, b"not an answer\n")
    if value == "exit":
        raise SystemExit(3)
    if value == "die":
        os.kill(os.getpid(), 9)
    if value == "fork" and os.fork() == 0:
        return "from the child"
    if value == "spoil":
        sys.modules["driver"].answers.write("no answer\n")
    return value


def warned(value):
    Display().warning("warning of a filter: %s" % value)
    return "warned"


class FilterModule:
    def filters(self):
        return {
            "refuse": refuse,
            "warned": warned,
            "from_context": from_context,
            "from_both": from_both,
            "shouted": shouted,
            "kinds": kinds,
            "misbehave": misbehave,
            "counted": lambda value: (n for n in range(value)),
            "paired": lambda value: {value: (value, {value})},
            "constant": lambda value: "the same",
            "human_readable": lambda value: "ours: %s" % value,
        }
