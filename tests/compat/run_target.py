#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Inside a node: one of upstream's integration targets, by ansible-playbook or by Roost in its place.

    run_target.py roost|ansible TREE TARGET SECONDS

TREE/test/integration is there; roost lies beside this file under ansible's names. What the target printed goes to standard
error, a JSON record to standard output: {exit, seconds, is_late, runs: [{path, line, outcome, assertion}]}.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
INVENTORY = """[testgroup]
testhost ansible_connection="local" ansible_pipelining="yes" ansible_python_interpreter="/usr/bin/python3"
"""


def environment(side, tree, work, log):
    """What upstream's own runner gives a target, with nothing of ours but the log."""
    env = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TERM", "USER", "SHELL")}
    names, helpers = HERE / "bin", tree / "test/lib/ansible_test/_util/target/injector"
    env.update(
        PATH=f"{helpers}:{env['PATH']}", LC_ALL="en_US.UTF-8", PAGER="/bin/cat", ANSIBLE_CONFIG=str(work / "ansible.cfg"), ANSIBLE_FORCE_COLOR="false",
        ANSIBLE_FORCE_HANDLERS="true", ANSIBLE_HOST_PATTERN_MISMATCH="error", ANSIBLE_INVENTORY="/dev/null",
        ANSIBLE_DEPRECATION_WARNINGS="false", ANSIBLE_HOST_KEY_CHECKING="false", ANSIBLE_RETRY_FILES_ENABLED="false",
        ANSIBLE_LIBRARY="/dev/null", ANSIBLE_DEVEL_WARNING="false", OUTPUT_DIR=str(work / "output"),
        ANSIBLE_TEST_PYTHON_INTERPRETER="/usr/bin/python3", ANSIBLE_TEST_PYTHON_VERSION="3.11",
        ANSIBLE_PYTHON_INTERPRETER="/set/ansible_python_interpreter/in/inventory")
    if side == "roost":
        env.update(PATH=f"{names}:{env['PATH']}", ROOST_JSON_LINES=str(log))
    else:
        plugins = pathlib.Path(env["HOME"]) / ".ansible/plugins/callback"
        plugins.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / "compat_log.py", plugins)
        env.update(COMPAT_LOG=str(log))
    return env


def prepare(work):
    """The machine as upstream's notes want it: root may log in to itself, python is python3."""
    (work / "output").mkdir(parents=True)
    (work / "ansible.cfg").write_text("", encoding="utf-8")
    ssh = pathlib.Path(os.environ["HOME"]) / ".ssh"
    ssh.mkdir(mode=0o700, exist_ok=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", ssh / "id_ed25519"], check=True, stdin=subprocess.DEVNULL)
    with open(ssh / "authorized_keys", "ab") as keys:
        keys.write((ssh / "id_ed25519.pub").read_bytes())
    with open("/etc/locale.gen", "a", encoding="utf-8") as locales:
        locales.write("en_US.UTF-8 UTF-8\n")
    subprocess.run(["locale-gen"], check=True, stdout=subprocess.DEVNULL)
    if not shutil.which("python"):
        os.symlink("/usr/bin/python3", "/usr/local/bin/python")


def command_of(tree, target, work):
    """The words to start, and where."""
    integration = tree / "test/integration"
    folder = integration / "targets" / target
    (integration / "inventory").write_text(INVENTORY, encoding="utf-8")
    (integration / "integration_config.yml").write_text("{}\n", encoding="utf-8")
    if (folder / "runme.sh").exists():
        return ["bash", "./runme.sh"], folder
    aliases = (folder / "aliases").read_text(encoding="utf-8") if (folder / "aliases").exists() else ""
    play = [{"hosts": "testhost", "gather_facts": "gather_facts/no" not in aliases,
             "vars": {"output_dir": str(work / "output")}, "roles": [target]}]
    (integration / "play.yml").write_text(json.dumps(play), encoding="utf-8")
    return ["ansible-playbook", "play.yml", "-i", "inventory"], integration


def records(log):
    """What was logged, of either side, as {path, line, outcome, assertion}."""
    if not log.exists():
        return
    for text in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            record = json.loads(text)
        except ValueError:
            continue
        if "event" in record:
            if record["event"] not in ("result", "item") or record.get("action", "").rsplit(".", 1)[-1] != "assert" or \
                    (record["event"] == "result" and record.get("has_items")):
                continue
            result = record.get("result") or {}
            record = {"path": record.get("path", ""), "line": record.get("line", 0), "outcome": record.get("outcome"),
                      "assertion": str(result.get("assertion", ""))}
        yield record


def main():
    side, tree, target, seconds = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    work = pathlib.Path("/root/compat-work")
    log = work / "log.jsonl"
    prepare(work)
    words, folder = command_of(tree, target, work)
    env = environment(side, tree, work, log)
    env.update(ANSIBLE_PLAYBOOK_DIR=str(folder), INVENTORY_PATH=str(tree / "test/integration/inventory"))
    if words[0] == "ansible-playbook":
        env["ANSIBLE_ROLES_PATH"] = str(tree / "test/integration/targets")
    begun = time.monotonic()
    with subprocess.Popen(words, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr, stderr=sys.stderr,
                          start_new_session=True) as child:
        try:
            code, is_late = child.wait(seconds), False
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            code, is_late = child.wait(), True
    json.dump({"exit": code, "seconds": round(time.monotonic() - begun, 1), "is_late": is_late, "runs": list(records(log))},
              sys.stdout)


main()
