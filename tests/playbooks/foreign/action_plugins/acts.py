# SPDX-License-Identifier: Apache-2.0
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result.update(getattr(self, "do_" + self._task.args["do"])(task_vars))
        return result

    def do_module(self, task_vars):
        return self._execute_module("command", {"_raw_params": "echo said"}, task_vars=task_vars)

    def do_foreign(self, task_vars):
        return self._execute_module("in_python", {"word": "b"}, task_vars=task_vars)

    def do_command(self, task_vars):
        done = self._low_level_execute_command("cat; exit 3", in_data=b"read")
        return {"code": done["rc"], "text": done["stdout"]}

    def do_files(self, task_vars):
        folder = self._make_tmp_path()
        path = self._transfer_data(self._connection._shell.join_path(folder, "data"), "content")
        self._fixup_perms2([path])
        stat = self._execute_remote_stat(path, all_vars=task_vars, follow=False)
        return {"size": stat["size"], "path": path, "there": self._remote_file_exists(path)}

    def do_core(self, task_vars):
        task = self._task.copy()
        task.args = {"_raw_params": "echo $((20 + 22))"}
        action = self._shared_loader_obj.action_loader.get(
            "ansible.legacy.shell",
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        return action.run(task_vars=task_vars)

    def do_variables(self, task_vars):
        return {
            "written": task_vars["made"].replace("{", "<"),
            "made": self._templar.template(task_vars["made"]),
            "others": sorted(task_vars["hostvars"]),
            "other": task_vars["hostvars"]["two"]["inventory_hostname"],
            "groups": sorted(task_vars["groups"]["all"]),
            "ansible_facts": {"acted": True},
        }

    def do_again(self, task_vars):
        return {"args": self._templar.template(self._task.args["text"]), "vars": self._templar.template(task_vars["quoted"])}

    def do_look(self, task_vars):
        return {"seen": "%s" % task_vars["shut"]}

    def do_tuple(self, task_vars):
        return {"ports": {("tcp", 80): "http"}}

    def do_fail(self, task_vars):
        raise AnsibleActionFail("as asked")

    def do_error(self, task_vars):
        raise AnsibleError("an error")

    def do_bug(self, task_vars):
        return {}["nothing"]

    def do_exit(self, task_vars):
        raise SystemExit(3)

    def do_end(self, task_vars):
        import os

        os._exit(7)

    def do_print(self, task_vars):
        print('{"failed": true}')
        return {"printed": True}

    def do_check(self, task_vars):
        made = self._execute_module("file", {"path": self._task.args["path"], "state": "touch"}, task_vars=task_vars)
        return {"knows": self._task.check_mode, "changed": made["changed"], "ansible_facts": {"acted": "checked"}}

    def do_who(self, task_vars):
        module = self._execute_module("command", {"_raw_params": "id -un"}, task_vars=task_vars)
        line = self._low_level_execute_command("id -un")
        return {"module": module.get("stdout"), "line": line["stdout"].strip()}

    def do_tell(self, task_vars):
        print("printed " + task_vars["secret"])
        return {}

    def do_hide(self, task_vars):
        """Tells its secret in every way there is, and looks for it in the command lines of all processes."""
        secret = self._task.args["secret"]
        self._display.warning("warned of " + secret)
        self._display.display("displayed " + secret)
        self._display.vvv("verbose about " + secret)
        print("printed " + secret)
        look = "wc -c; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"
        args = {"_raw_params": look, "stdin": secret, "stdin_add_newline": False, "_uses_shell": True}
        seen = [self._execute_module("command", args, task_vars=task_vars)["stdout"]]
        seen.append(self._low_level_execute_command(look, in_data=secret)["stdout"])
        self._execute_module("in_python", {"word": secret}, task_vars=task_vars)
        self._transfer_data(self._connection._shell.join_path(self._make_tmp_path(), "data"), secret)
        with open(self._task.args["path"], "w") as out:
            out.write(" ".join("%s %s" % (lines.split()[0], secret in lines) for lines in seen))
        raise AnsibleActionFail("failed with " + secret, result={"secret": secret})

    def do_loud(self, task_vars):
        """More than a pipe holds."""
        import os

        return {"code": os.system("seq 1 30000; seq 1 30000 >&2")}

    def do_deep(self, task_vars):
        deep = []
        for _ in range(600):
            deep = [deep]
        return {"deep": deep}

    def do_hang(self, task_vars):
        import os

        self.hang(os.getpid())

    def do_hang_both(self, task_vars):
        """So does a program that it has started."""
        import os
        import subprocess

        self.hang(os.getpid(), subprocess.Popen(["sleep", "1000"]).pid)

    def do_hang_module(self, task_vars):
        import os

        self.tell(os.getpid())
        return self._execute_module("command", {"_raw_params": "sleep 20"}, task_vars=task_vars)

    def tell(self, *processes):
        import os

        path = self._task.args["path"]
        with open(path + ".new", "w") as out:
            out.write(" ".join(str(process) for process in processes))
        os.rename(path + ".new", path)

    def hang(self, *processes):
        import time

        self.tell(*processes)
        while True:
            time.sleep(1)
