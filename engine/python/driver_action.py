# SPDX-License-Identifier: Apache-2.0
# Action plugins. `open` gives the name of a socket; behind it a process starts one more for each action, as Ansible does, so
# that whatever a plugin does to its process harms nobody else. The plugin and the classes around it are ansible-core's own;
# what they want of a node (modules, commands, files) is asked of roost, which has the connections.
#
# Frames both ways: "NUMBER LENGTH\n" and so many bytes of JSON; roost's begin with "NUMBER ACTION LENGTH\n", where ACTION is
# the number the action was started with (0: a new one) and a length of -1 ends it.
import json
import os
import secrets
import select
import signal
import socket
import struct
import sys
import traceback

import driver

ACCEPT_S = 60


# --- the process between roost and the actions ---


def send(channel, number, what):
    data = json.dumps(what, cls=encoder()).encode("utf-8", "surrogateescape")
    channel.sendall(b"%d %d\n" % (number, len(data)) + data)


class Frames:
    """Bytes of a socket, cut into frames: (numbers, body)."""

    def __init__(self, channel, numbers):
        self.channel, self.numbers, self.bytes, self.head = channel, numbers, bytearray(), None

    def read(self):
        """False at the end of the stream."""
        data = self.channel.recv(1 << 16)
        self.bytes += data
        return bool(data)

    def next(self):
        if self.head is None:
            at = self.bytes.find(b"\n")
            if at < 0:
                return None
            self.head = [int(word) for word in self.bytes[:at].split()]
            del self.bytes[: at + 1]
        length = max(self.head[-1], 0)
        if len(self.bytes) < length:
            return None
        head, self.head = self.head, None
        body = bytes(self.bytes[:length])
        del self.bytes[:length]
        return head, body


class Action:
    def __init__(self, number, pid, channel):
        self.first = self.number = number
        self.pid, self.channel, self.frames, self.is_awaited = pid, channel, Frames(channel, 2), True


class Server:
    def __init__(self, roost):
        self.roost, self.actions = roost, {}
        self.questions = Frames(roost, 3)

    def start(self, number, body):
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                own_group(0)
                ours.close()
                for action in self.actions.values():
                    action.channel.close()
                self.roost.close()
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                perform(theirs, number, json.loads(body.decode("utf-8", "surrogateescape"), object_hook=unsafe))
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        own_group(pid)  # whoever of the two is first
        theirs.close()
        self.actions[number] = Action(number, pid, ours)

    def end(self, action, with_all=False):
        """with_all: with what it has started, too."""
        del self.actions[action.first]
        action.channel.close()
        for kill in (os.kill, os.killpg) if with_all else (os.kill,):
            try:
                kill(action.pid, signal.SIGKILL)
            except OSError:
                pass
        return os.waitpid(action.pid, 0)[1]

    def asked(self):
        """What roost has sent."""
        if not self.questions.read():
            raise EOFError
        while True:
            frame = self.questions.next()
            if frame is None:
                return
            (number, first, length), body = frame
            if first == 0 and length >= 0:
                self.start(number, body)
                continue
            if length >= 0 and first not in self.actions:
                send(self.roost, number, {"ended": "it has ended while it was waiting"})
            for action in list(self.actions.values()):
                if length < 0 and number in (action.number, action.first):
                    self.end(action, with_all=True)
                elif length >= 0 and action.first == first:
                    action.number, action.is_awaited = number, True
                    try:
                        action.channel.sendall(b"%d %d\n" % (number, length) + body)
                    except OSError:
                        pass  # its end is noticed below

    def answered(self, action):
        try:
            goes_on = action.frames.read()
        except OSError:
            goes_on = False
        while True:
            frame = action.frames.next()
            if frame is None:
                break
            action.is_awaited = False
            self.roost.sendall(b"%d %d\n" % (action.number, len(frame[1])) + frame[1])
        if not goes_on:
            status = self.end(action)
            if action.is_awaited:
                send(self.roost, action.number, {"ended": ending(status)})

    def run(self):
        while True:
            wanted = {self.roost.fileno(): None}
            for action in self.actions.values():
                wanted[action.channel.fileno()] = action
            for fd in select.select(list(wanted), [], [])[0]:
                if wanted[fd] is None:
                    self.asked()
                elif wanted[fd].first in self.actions:
                    self.answered(wanted[fd])


def ending(status):
    if os.WIFSIGNALED(status):
        return "it was ended by signal %d" % os.WTERMSIG(status)
    return "it has ended its own process with status %d" % os.WEXITSTATUS(status)


def own_group(pid):
    try:
        os.setpgid(pid, pid)
    except OSError:
        pass


def serve(listener, pid):
    own_group(0)  # it outlives a driver that is started anew
    for file in (driver.answers, driver.questions):
        os.close(file.fileno())
    nothing = os.open(os.devnull, os.O_WRONLY)
    for shown in (1, 2):  # nobody reads the driver's standard error while actions run
        os.dup2(nothing, shown)
    os.close(nothing)
    listener.settimeout(ACCEPT_S)
    while True:
        roost = listener.accept()[0]
        peer = struct.unpack("3i", roost.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if peer[0] == pid and peer[1] == os.getuid():
            break
        roost.close()
    listener.close()
    roost.settimeout(None)
    import_core()
    server = Server(roost)
    try:
        server.run()
    finally:
        for action in list(server.actions.values()):
            server.end(action, with_all=True)


def open_(question):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    name = "roost-" + secrets.token_hex(16)
    listener.bind("\0" + name)
    listener.listen(4)
    if os.fork() == 0:
        try:
            serve(listener, question["pid"])
        except (EOFError, OSError):
            pass
        finally:
            os._exit(0)
    listener.close()
    return {"socket": name}


verbs = {"open": open_, "ready": lambda question: {}}


# --- one action ---


def import_core():
    """Once, before the first action: what each of them needs."""
    import ansible.executor.task_executor  # noqa: F401
    import ansible.parsing.dataloader  # noqa: F401
    import ansible.playbook.play_context  # noqa: F401
    import ansible.playbook.task  # noqa: F401
    import ansible.plugins.action  # noqa: F401
    import ansible.plugins.connection  # noqa: F401
    import ansible.template  # noqa: F401


def unsafe(pairs):
    if len(pairs) == 1 and "__ansible_unsafe" in pairs:
        from ansible.utils.unsafe_proxy import wrap_var

        return wrap_var(pairs["__ansible_unsafe"])
    if len(pairs) == 1 and "__roost_closed" in pairs:
        return closed(pairs["__roost_closed"])
    return pairs


def closed(why):
    """A text of a vault that does not open: whoever looks at it learns why."""
    from ansible.errors import AnsibleError
    from ansible.parsing.yaml.objects import AnsibleVaultEncryptedUnicode

    class Vault:
        def decrypt(self, *text, **more):
            raise AnsibleError(why)

        def is_encrypted(self, text):
            return True

    made = AnsibleVaultEncryptedUnicode("")
    made.vault = Vault()
    return made


def encoder():
    from collections.abc import Mapping

    class Encoder(json.JSONEncoder):
        def default(self, what):
            if isinstance(what, bytes):
                return what.decode("utf-8", "surrogateescape")
            if isinstance(what, Mapping):
                return dict(what)
            if isinstance(what, (set, frozenset)):
                return list(what)
            if hasattr(what, "isoformat"):
                return what.isoformat()
            return str(what)  # a vaulted text, an exception ...

    return Encoder


class Asker:
    """The way back to roost; one question at a time."""

    def __init__(self, channel, number):
        self.channel, self.number, self.frames, self.said = channel, number, Frames(channel, 2), []

    def tell(self, what):
        send(self.channel, 0, dict(what, said=self.said, action=self.number))
        self.said = []

    def ask(self, kind, **what):
        from ansible.errors import AnsibleConnectionFailure, AnsibleError

        self.tell(dict(what, ask=kind))
        frame = self.frames.next()
        while frame is None:
            if not self.frames.read():
                os._exit(0)
            frame = self.frames.next()
        reply = json.loads(frame[1].decode("utf-8", "surrogateescape"), object_hook=unsafe)
        if "lost" in reply:
            raise AnsibleConnectionFailure(reply["lost"])
        if "error" in reply:
            raise AnsibleError(reply["error"])
        return reply["answer"]


class Printed:
    """What a plugin prints is shown line by line."""

    encoding, errors, closed = "utf-8", "replace", False

    def __init__(self, asker):
        self.asker, self.rest = asker, ""

    def write(self, text):
        *lines, self.rest = (self.rest + text).split("\n")
        self.asker.said.extend(["out", line] for line in lines)
        return len(text)

    def flush(self):
        pass

    def isatty(self):
        return False

    def fileno(self):
        return 1


def lazy_map(asker, name):
    from collections.abc import Mapping

    class Lazy(Mapping):
        """A variable that is a map and may be large: fetched when somebody looks."""

        def __init__(self, *path):
            self.path = path
            self.known = None
            self.inner = {}

        def all(self):
            if self.known is None:
                self.known = asker.ask("variable", path=list(self.path))
            return self.known

        def __getitem__(self, key):
            if name == "groups":
                return self.all()[key]
            if len(self.path) == 1:
                if key not in self.inner:
                    if key not in self.all():
                        raise KeyError(key)
                    self.inner[key] = Lazy(name, key)
                return self.inner[key]
            return self.all()[key]

        def __iter__(self):
            return iter(self.all())

        def __len__(self):
            return len(self.all())

    return Lazy(name)


def variables(asker, question):
    found = question["vars"]
    for name in question["lazy"]:
        found[name] = lazy_map(asker, name)
    found["vars"] = dict(found)
    return found


def make_task(question):
    from ansible.playbook.task import Task

    given = question["task"]

    class Play:
        _action_groups, _group_actions = {}, {}

        def get_name(self):
            return given["play"]

    class Parent:
        """Stands for what is around the task; its values are in the task already."""

        statically_loaded, _play, _parent, _role = True, Play(), None, None

        def __bool__(self):
            return False

        def get_dep_chain(self):
            return None

        def get_vars(self):
            return {}

    class Role:
        _role_path, _role_name = given["role_path"], given["role"]

        def get_name(self, include_role_fqcn=True):
            return self._role_name

    class RoostTask(Task):
        def get_search_path(self):
            return list(given["search"])

        def get_path(self):
            return given["path"]

    task = RoostTask()
    task._parent = Parent()
    task._role = Role() if given["role"] else None
    task.resolved_action = given["name"]
    listed = given["set"].get("collections")
    if listed and not {"ansible.builtin", "ansible.legacy"} & set(listed):
        listed.append("ansible.legacy")
    for key, value in given["set"].items():
        if value is not None:
            setattr(task, key, value)
    return task


def make_context(question, task):
    from ansible.playbook.play_context import PlayContext

    context = PlayContext()
    for key, value in question["context"].items():
        if value is not None:
            setattr(context, key, value)
    return context


def become_of(question):
    from ansible.plugins.loader import become_loader

    given = question["become"]
    plugin = become_loader.get(given["become_method"]) if given else None
    if plugin is None:
        return None
    known = {key: given[key] for key in given if key != "become_method" and given[key] is not None}
    try:
        plugin.set_options(direct=known)
    except Exception:
        plugin.set_options()
    return plugin


def connection_class(asker, question):
    from ansible.errors import AnsibleError
    from ansible.plugins.connection import ConnectionBase

    given = question["connection"]

    class Connection(ConnectionBase):
        transport = given["transport"]
        has_pipelining = True
        _roost_pending = False

        def _connect(self):
            self._connected = True
            return self

        def get_option(self, option, hostvars=None):
            if option not in given["options"]:
                raise KeyError("Requested entry (%s) was not defined in configuration." % option)
            return given["options"][option]

        def exec_command(self, cmd, in_data=None, sudoable=True):
            cmd = cmd.decode("utf-8", "surrogateescape") if isinstance(cmd, bytes) else cmd
            done = command(asker, cmd, in_data, False, False)
            return done["rc"], done["stdout"].encode("utf-8", "surrogateescape"), done["stderr"].encode(
                "utf-8", "surrogateescape"
            )

        def put_file(self, in_path, out_path):
            source, target = os.fsdecode(in_path), os.fsdecode(out_path)
            if not os.path.exists(source):
                from ansible.errors import AnsibleFileNotFound

                raise AnsibleFileNotFound("file or module does not exist: %s" % source)
            done = asker.ask("put", src=os.path.abspath(source), dest=target)
            if done.get("failed"):
                raise AnsibleError("failed to transfer file %s to %s: %s" % (source, target, done.get("msg")))

        def fetch_file(self, in_path, out_path):
            source, target = os.fsdecode(in_path), os.fsdecode(out_path)
            done = asker.ask("fetch", src=source, dest=os.path.abspath(target))
            if done.get("failed"):
                raise AnsibleError("failed to transfer file from %s to %s: %s" % (source, target, done.get("msg")))

        def reset(self):
            asker.ask("reset")

        def close(self):
            self._connected = False

    Connection._load_name = given["transport"]
    return Connection


def command(asker, line, in_data, executable, becomes):
    if isinstance(in_data, bytes):
        from ansible.errors import AnsibleError

        try:
            in_data = in_data.decode("utf-8")
        except UnicodeDecodeError:
            raise AnsibleError("Roost gives commands of action plugins text to read, and no bytes that are none")
    done = asker.ask(
        "command", line=line, stdin=in_data, executable=executable if executable else None, becomes=bool(becomes)
    )
    if "rc" not in done:
        return {"rc": 1, "stdout": done.get("stdout", ""), "stderr": done.get("msg", "")}
    return {"rc": done["rc"], "stdout": done.get("stdout", ""), "stderr": done.get("stderr", "")}


def add_temporary_folder(connection, core):
    """Ansible has a temporary folder on the node from the first module on. Here it is made when a plugin looks for it."""
    shell = connection._shell

    class Shell(type(shell)):
        @property
        def tmpdir(self):
            # cleaning up is no reason to make one
            if self._roost_tmpdir is None and self._roost_maker is not None:
                if not sys._getframe(1).f_code.co_filename.startswith(core):
                    maker, self._roost_maker = self._roost_maker, None
                    maker._make_tmp_path()
            return self._roost_tmpdir

        @tmpdir.setter
        def tmpdir(self, value):
            self._roost_tmpdir = value
            if value is not None:
                self._roost_maker = None

    shell.__dict__.pop("tmpdir", None)
    shell._roost_tmpdir = shell._roost_maker = None
    shell.__class__ = Shell


def change_base(asker):
    """The parts of ActionBase that reach the node."""
    from ansible import constants as C
    from ansible.plugins.action import ActionBase
    from ansible.utils.unsafe_proxy import wrap_var
    from ansible.vars.clean import remove_internal_keys

    def low_level(
        self, cmd, sudoable=True, in_data=None, executable=None, encoding_errors="replace", chdir=None
    ):
        if chdir:
            cmd = self._connection._shell.append_command("cd %s" % chdir, cmd)
        if executable:
            self._connection._shell.executable = executable
        becomes = False
        if sudoable and self._connection.become:
            ours, theirs = self._get_remote_user(), self.get_become_option("become_user")
            becomes = C.BECOME_ALLOW_SAME_USER or theirs != ours or not (ours or theirs)
        if executable is None:
            executable = self._play_context.executable
        done = command(asker, cmd, in_data, executable, becomes)
        done["stdout_lines"] = done["stdout"].splitlines()
        done["stderr_lines"] = done["stderr"].splitlines()
        return done

    def execute_module(
        self,
        module_name=None,
        module_args=None,
        tmp=None,
        task_vars=None,
        persist_files=False,
        delete_remote_tmp=None,
        wrap_async=False,
    ):
        if module_name is None:
            module_name = self._task.action
        if module_args is None:
            module_args = self._task.args
        if self._task.check_mode and not self._supports_check_mode:
            from ansible.errors import AnsibleError

            raise AnsibleError("check mode is not supported for this operation")
        shell = self._connection._shell
        if shell._roost_tmpdir is None and not wrap_async:
            shell._roost_maker = self
        data = asker.ask(
            "module",
            name=module_name,
            args={key: value for key, value in module_args.items() if not str(key).startswith("_ansible_")},
            is_job=bool(wrap_async),
            check_mode=bool(self._task.check_mode),
            diff_mode=bool(self._task.diff),
            becomes=bool(self._connection.become),
        )
        parsed = data.pop("_ansible_parsed", True)
        remove_internal_keys(data)
        data["_ansible_parsed"] = parsed
        if wrap_async:
            data["changed"] = True
        for stream in ("stdout", "stderr"):
            if stream in data and stream + "_lines" not in data:
                data[stream + "_lines"] = (data[stream] or "").splitlines()
        return wrap_var(data)

    ActionBase._low_level_execute_command = low_level
    ActionBase._execute_module = execute_module


def change_display(asker, verbosity):
    from ansible import constants as C
    from ansible.errors import AnsibleError
    from ansible.utils.display import Display

    def show(self, msg, color=None, stderr=False, screen_only=False, log_only=False, newline=True, caplevel=None):
        if not log_only:
            asker.said.append(["out", str(msg)])

    def warning(self, msg, formatted=False, *more, **others):
        asker.said.append(["warning", str(msg)])

    def deprecated(self, msg, version=None, removed=False, date=None, collection_name=None, *more, **others):
        if not removed and not C.DEPRECATION_WARNINGS:
            return
        text = self.get_deprecation_message(msg, version=version, removed=removed, date=date, collection_name=collection_name)
        if removed:
            raise AnsibleError(text)
        asker.said.append(["warning", text])

    Display.display, Display.warning, Display.deprecated = show, warning, deprecated
    Display().verbosity = verbosity


def make_handler(asker, question):
    import ansible
    from ansible.errors import AnsibleError
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins import loader as plugins
    from ansible.template import Templar

    for folder in question["folders"]:
        if os.path.isdir(folder):
            plugins.add_all_plugin_dirs(folder)
    for folder in question["utils"]:
        plugins.module_utils_loader.add_directory(folder)
    driver.AnsibleCollectionConfig.playbook_paths = question["playbooks"]
    files = DataLoader()
    files.set_basedir(question["basedir"])
    task = make_task(question)
    context = make_context(question, task)
    connection = connection_class(asker, question)(context, None)
    connection.become = become_of(question)
    connection._shell.set_options(var_options=question["vars"])
    add_temporary_folder(connection, os.path.dirname(os.path.abspath(ansible.__file__)) + os.sep)
    found = variables(asker, question)
    folder = os.path.dirname(question["plugin"])
    if question["is_file"] and folder not in plugins.action_loader._get_paths():
        plugins.action_loader.add_directory(folder)
    handler = plugins.action_loader.get(
        question["name"],
        task=task,
        connection=connection,
        play_context=context,
        loader=files,
        templar=Templar(loader=files, variables=found),
        shared_loader_obj=plugins,
    )
    if handler is None:
        raise AnsibleError("the handler '%s' was not found" % question["name"])
    return handler, task, found


def run_handler(asker, question):
    """The result as ansible-core's task executor makes it; the second is true when it ends the loop, the third when no other
    rule of the task (changed_when, until ...) looks at it."""
    from ansible.errors import AnsibleActionFail, AnsibleActionSkip, AnsibleConnectionFailure, AnsibleError

    no_log = bool(question["context"]["no_log"])
    try:
        handler, task, found = make_handler(asker, question)
        try:
            result = handler.run(task_vars=found)
        except (AnsibleActionFail, AnsibleActionSkip) as problem:
            return problem.result, False, True
        except AnsibleConnectionFailure as problem:
            return {"unreachable": True, "msg": str(problem)}, False, True
        finally:
            handler.cleanup()
        result["_ansible_no_log"] = bool(no_log or result.get("_ansible_no_log", False))
        return result, False, False
    except AnsibleError as problem:
        return {"failed": True, "msg": str(problem), "_ansible_no_log": no_log}, True, True
    except SystemExit as problem:
        text = "the action plugin (%s) has called for the end of its program: SystemExit(%s)" % (question["plugin"], problem)
        return {"failed": True, "msg": text, "_ansible_no_log": no_log}, True, True
    except Exception as problem:
        return (
            {
                "failed": True,
                "msg": "Unexpected failure during module execution: %s" % problem,
                "exception": traceback.format_exc(),
                "stdout": "",
                "_ansible_no_log": no_log,
            },
            True,
            True,
        )


def perform(channel, number, question):
    asker = Asker(channel, number)
    sys.stdout = Printed(asker)
    sys.stdin = open(os.devnull)
    change_display(asker, question["verbosity"])
    change_base(asker)
    result, ends, is_final = run_handler(asker, question)
    if sys.stdout.rest:
        sys.stdout.write("\n")
    try:
        asker.tell({"result": result, "ends": ends, "is_final": is_final})
    except OSError:
        raise
    except Exception as problem:  # the result is none that JSON has
        no_log = bool(question["context"]["no_log"]) or (isinstance(result, dict) and result.get("_ansible_no_log"))
        text = "the result of the action plugin cannot be sent: %s" % problem
        asker.tell({"result": {"failed": True, "msg": text, "_ansible_no_log": bool(no_log)}, "ends": True, "is_final": True})
