# SPDX-License-Identifier: Apache-2.0
# Filters, tests and lookups: found by ansible-core's loaders, called as its templates call them. Values cross as JSON; what
# JSON does not know is a map {"__roost": KIND, ...}, as engine/template/wire.c has it. Variables are asked for one by one.
import datetime
import os
from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence, Set, ValuesView

import ansible
import driver
import jinja2
from ansible.errors import (
    AnsibleError,
    AnsibleLookupError,
    AnsibleOptionsError,
    AnsibleUndefinedVariable,
)
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.yaml.objects import AnsibleVaultEncryptedUnicode
from ansible.plugins import loader as loaders
from ansible.template import AnsibleUndefined, Templar
from ansible.template.vars import AnsibleJ2Vars
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import AnsibleUnsafeText
from ansible.utils.native_jinja import NativeJinjaText
from jinja2.runtime import Undefined
from jinja2.utils import _PassArg
from markupsafe import Markup

CORE = os.path.dirname(os.path.abspath(ansible.__file__)) + os.sep
KINDS = {"filter": loaders.filter_loader, "test": loaders.test_loader, "lookup": loaders.lookup_loader}
FOLDERS = dict(KINDS, doc_fragment=getattr(loaders, "fragment_loader", None))
SUBFOLDERS = {"doc_fragment": "doc_fragments"}


class State:
    templar = None
    blank = None
    base = "."
    folders = set()
    functions = {}
    warnings = []
    count = 0  # of calls so far
    calls = 0  # the one that is under way; another may begin and end in the midst of it


def warn(self, message, *args, **kwargs):
    State.warnings.append(str(message))


Display.warning = warn


# --- values ---


def is_template(text):
    return "{{" in text or "{%" in text or "{#" in text


class Remote(Mapping):
    """An object of roost that is computed on demand: hostvars."""

    __UNSAFE__ = True  # templates leave it alone: what comes out of it has nothing left to template

    def __init__(self, number):
        self.number, self.call, self.known = number, State.calls, {}

    def ask(self, what, **more):
        if self.call != State.calls:
            raise AnsibleError("this object belongs to an earlier call")
        return take(driver.ask(dict(more, ask=what, id=self.number))["value"], True)

    def __getitem__(self, key):
        if key not in self.known:
            if not isinstance(key, str) or key not in list(self):
                raise KeyError(key)
            self.known[key] = self.ask("item", key=key)
        return self.known[key]

    def __iter__(self):
        if None not in self.known:
            self.known[None] = self.ask("keys")
        return iter(self.known[None])

    def __len__(self):
        return len(list(iter(self)))


class Variables(MutableMapping):
    """The variables of the task, each asked for when it is wanted; what is put in stays here."""

    def __init__(self, own=None):
        self.own, self.call = dict(own or {}), State.calls

    def find(self, name):
        if self.call != State.calls or not isinstance(name, str):
            return
        reply = driver.ask({"ask": "variable", "name": name})
        if "failed" in reply:
            self.own[name] = AnsibleUndefined(hint=reply["failed"])
        elif "value" in reply:
            self.own[name] = take(reply["value"], True)

    def __getitem__(self, name):
        if name not in self.own:
            self.find(name)
        return self.own[name]

    def __setitem__(self, name, value):
        self.own[name] = value

    def __delitem__(self, name):
        del self.own[name]

    def __contains__(self, name):
        if name not in self.own:
            self.find(name)
        return name in self.own

    def names(self):
        known = dict.fromkeys(self.own)
        if self.call == State.calls:
            known.update(dict.fromkeys(driver.ask({"ask": "names"})["value"]))
        return known

    def __iter__(self):
        return iter([name for name in self.names() if name in self])

    def __len__(self):
        return len(self.names())

    def copy(self):
        return Variables(self.own)

    def __copy__(self):
        return self.copy()

    def __deepcopy__(self, memory):
        return self.copy()


def take_kind(kind, value, is_variable):
    if kind == "undefined":
        return AnsibleUndefined(hint=value["text"])
    if kind == "tuple":
        return tuple(take(value["items"], is_variable))
    if kind == "dict":
        return {take(key): take(item, is_variable) for key, item in value["pairs"]}
    if kind == "bytes":
        return value["text"].encode("utf-8", "surrogateescape")
    if kind == "markup":
        return Markup(value["text"])
    if kind == "unsafe":
        return AnsibleUnsafeText(value["text"])
    if kind == "datetime":
        form = "%Y-%m-%dT%H:%M:%S.%f"
        return datetime.datetime.strptime(value["text"], form if len(value["text"]) < 27 else form + "%z")
    return Remote(value["id"])


def take(value, is_variable=False):
    """From roost. A variable's text is not to be templated again."""
    if isinstance(value, str):
        return AnsibleUnsafeText(value) if is_variable and is_template(value) else value
    if isinstance(value, list):
        return [take(item, is_variable) for item in value]
    if not isinstance(value, dict):
        return value
    if "__roost" in value:
        return take_kind(value["__roost"], value, is_variable)
    return {key: take(item, is_variable) for key, item in value.items()}


def text(kind, value):
    return {"__roost": kind, "text": value}


def give_object(value):
    if isinstance(value, Undefined):
        return text("undefined", message(value))
    if isinstance(value, AnsibleVaultEncryptedUnicode):
        return text("secret", str(value.data))
    if isinstance(value, NativeJinjaText):
        return text("text", str.__str__(value))
    if isinstance(value, Markup):
        return text("markup", str.__str__(value))
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (bytes, bytearray)):
        return text("bytes", bytes(value).decode("utf-8", "surrogateescape"))
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, datetime.datetime):
        form = value.strftime("%Y-%m-%dT%H:%M:%S.%f%z")
        return dict(text("datetime", form.zfill(len(form))), aware=value.utcoffset() is not None)
    if isinstance(value, datetime.timedelta):
        return {"__roost": "timedelta", "us": value // datetime.timedelta(microseconds=1)}
    if isinstance(value, Remote) and value.call == State.calls:
        return {"__roost": "object", "id": value.number}
    if isinstance(value, Mapping):
        return give_map(value)
    if isinstance(value, (Sequence, Set, Iterator, ValuesView, range)):
        return [give(item) for item in value]
    return str(value)


def give_map(value):
    if all(type(key) is str for key in value) and "__roost" not in value:
        return {key: give(value[key]) for key in value}
    return {"__roost": "dict", "pairs": [[give(key), give(value[key])] for key in value]}


def give(value):
    """To roost."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or kind is float or value is None:
        return value
    if kind is list:
        return [give(item) for item in value]
    if kind is tuple:
        return {"__roost": "tuple", "items": [give(item) for item in value]}
    if kind is dict:
        return give_map(value)
    return give_object(value)


def message(value):
    return value._undefined_message


# --- places and names ---


def places(question):
    State.base = question["base"] or "."
    for folder in question["folders"]:
        if folder in State.folders:
            continue
        State.folders.add(folder)
        for kind, one in FOLDERS.items():
            path = os.path.join(folder, SUBFOLDERS.get(kind, kind + "_plugins"))
            if one is not None and os.path.isdir(path):
                one.add_directory(path)
    loader = DataLoader()
    loader.set_basedir(State.base)
    State.templar = Templar(loader=loader)
    State.blank = State.templar.environment.from_string("")
    State.functions = {}
    return {}


def path_of(kind, name):
    if kind == "lookup":
        found = loaders.lookup_loader.find_plugin_with_context(name)
        return found.plugin_resolved_path if found.resolved else None
    try:
        plugin = KINDS[kind].get(name)
    except KeyError:
        plugin = None
    if plugin is not None:
        return plugin._original_path
    function(kind, name)
    return os.path.abspath(jinja2.__file__)


def find(question):
    """{"path"}; {}: there is none; {"why"}: there is one that does not load."""
    if State.templar is None:
        return {"again": True}
    State.warnings = []
    try:
        path = path_of(question["kind"], question["name"])
    except jinja2.TemplateSyntaxError:
        path = None
    except Exception as problem:
        return {"why": str(problem)}
    if path is None and State.warnings:
        return {"why": State.warnings[-1]}
    if path is None or (question["ours"] and path.startswith(CORE)):
        return {}
    return {"path": path}


def function(kind, name):
    key = (kind, name)
    if key not in State.functions:
        environment = State.templar.environment
        State.functions[key] = (environment.filters if kind == "filter" else environment.tests)[name]
    return State.functions[key]


# --- calls ---


def failure(problem):
    if isinstance(problem, jinja2.exceptions.UndefinedError) or isinstance(problem, AnsibleUndefinedVariable):
        return {"failed": str(problem), "kind": "undefined"}
    if isinstance(problem, TypeError):
        return {"failed": str(problem), "kind": "type"}
    if isinstance(problem, SystemExit):
        return {"failed": "it called exit(" + str(problem) + ")", "kind": "plain"}
    if isinstance(problem, AnsibleError):
        return {"failed": str(problem), "kind": "plain"}
    return {"failed": str(problem), "kind": "plain", "class": type(problem).__qualname__}


def called(work):
    """The answer of `work`, whatever it does; variables that it meets are those of this call."""
    if State.templar is None:
        return {"again": True}
    State.count += 1
    outer, State.calls = State.calls, State.count
    variables = State.templar.available_variables
    warnings, State.warnings = State.warnings, []
    try:
        answer = {"value": give(work())}
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except Forgiven as forgiven:
        answer = {"value": [], "forgiven": True}
        if forgiven.args[0]:
            State.warnings.append(forgiven.args[0])
    except BaseException as problem:
        answer = failure(problem)
    if State.warnings:
        answer["warnings"] = State.warnings
    State.warnings = warnings
    State.calls = outer
    State.templar.available_variables = variables
    return answer


def first_argument(called_function):
    """What pass_context and its like put before the arguments."""
    wanted = _PassArg.from_obj(called_function)
    if wanted is None:
        return []
    environment = State.templar.environment
    if wanted is _PassArg.environment:
        return [environment]
    State.templar.available_variables = Variables()
    context = State.blank.new_context(AnsibleJ2Vars(State.templar, State.blank.globals), shared=True)
    return [context if wanted is _PassArg.context else context.eval_ctx]


def call(kind):
    def verb(question):
        def work():
            one = function(kind, question["name"])
            value, args, kwargs = question["input"], question["args"], question["kwargs"]
            if question["kinds"]:
                value, args, kwargs = take(value), take(args), take(kwargs)
            return one(*first_argument(one), value, *args, **kwargs)

        return called(work)

    return verb


class Forgiven(Exception):
    pass


def forgive(problem, errors, words):
    if errors == "warn":
        raise Forgiven(words)
    if errors == "ignore":
        raise Forgiven(None)
    raise problem


def run(plugin, question, variables):
    name, kwargs = question["name"], take(question["kwargs"])
    kwargs.pop("wantlist", None)
    kwargs.pop("allow_unsafe", None)
    errors = kwargs.pop("errors", "strict")
    terms = take(question["terms"])
    if question["loop"]:
        return plugin.run(terms, variables=variables, wantlist=True)
    try:
        return plugin.run(terms, variables=variables, **kwargs)
    except (jinja2.exceptions.UndefinedError, AnsibleUndefinedVariable, AnsibleOptionsError):
        raise
    except AnsibleLookupError as problem:
        forgive(problem, errors, "Lookup failed but the error is being ignored: %s" % problem)
    except Exception as problem:
        words = (
            "An unhandled exception occurred while running the lookup plugin '%s'. Error was a %s, original message: %s"
            % (name, type(problem), problem)
        )
        forgive(AnsibleError(words, orig_exc=problem), errors, words)


def listed(name, made, wants_list):
    if wants_list or (isinstance(made, Iterable) and isinstance(made, Sequence) and not isinstance(made, str)):
        return made
    try:
        return [",".join(made)]
    except TypeError:
        raise AnsibleError("The lookup plugin '%s' did not return a list." % name)


def lookup(question):
    def work():
        variables = Variables({"ansible_search_path": question["folders"]} if question["folders"] else {})
        State.templar.available_variables = variables
        plugin = loaders.lookup_loader.get(question["name"], loader=State.templar._loader, templar=State.templar)
        if plugin is None:
            raise AnsibleError("lookup plugin (%s) not found" % question["name"])
        if not question["loop"]:
            return listed(question["name"], run(plugin, question, variables), question["wantlist"])
        return listed(question["name"], run(plugin, question, variables), True)

    return called(work)


verbs = {"places": places, "find": find, "filter": call("filter"), "test": call("test"), "lookup": lookup}
