#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The bench's work: N resources, each a task of its own, the same for every tool.

40% files with content (0.2 to 32 kB), 20% templates, 10% folders, 10% symbolic links, 10% line edits in files of 500 lines, 5% entries
"key = value", 5% commands guarded by `creates`. Writes playbook.yml and templates (Roost, Ansible), policy.cf (CFEngine), floor.plan
(floor.c) and seed/ (the files that are edited). Everything a tool makes lands below TARGET.

    generate.py FOLDER TARGET N [SEED]
"""
import os
import random
import sys

KINDS = [("copy", 40), ("template", 20), ("folder", 10), ("link", 10), ("line", 10), ("entry", 5), ("command", 5)]
TEMPLATE = """# {{ number }} of {{ total }}
{% for name in names %}
{{ name }} = {{ number * loop.index }}{% if loop.first %} # first{% endif %}

{% endfor %}
owner = {{ owner | default('root') | upper }}
"""
POLICY = """body common control { bundlesequence => { "bench" }; }
body perms mode(mode) { mode => "$(mode)"; rxdirs => "false"; }
body copy_from content(from) { source => "$(from)"; compare => "digest"; copy_backup => "false"; }
body edit_defaults plain { edit_backup => "false"; }
body link_from to(target) { source => "$(target)"; link_type => "symlink"; when_no_source => "force"; }
body replace_with value(line) { replace_value => "$(line)"; occurrences => "all"; }
body classes always(x)
{
  promise_repaired => { "$(x)" };
  promise_kept => { "$(x)" };
  repair_failed => { "$(x)" };
}
bundle edit_line replace_or_add(pattern, line)
{
  vars: "done" string => canonify("done_$(line)");
  replace_patterns: "^(?!$(line)$)$(pattern)$" replace_with => value("$(line)"), classes => always("$(done)");
  insert_lines: "$(line)" if => "$(done)";
}
bundle agent bench
{
  files:
"""
NAMES = ["alpha", "bravo", "charlie", "delta"]


def kinds(count, rng):
    """Exactly the shares, in an order that mixes them."""
    result = []
    for kind, share in KINDS:
        result += [kind] * (count * share // 100)
    while len(result) < count:
        result.append("copy")
    rng.shuffle(result)
    return result


def words(rng, size):
    lines = []
    while size > 0:
        line = " ".join(rng.choice(NAMES) + str(rng.randrange(1000)) for _ in range(8))
        lines.append(line)
        size -= len(line) + 1
    return "\n".join(lines) + "\n"


def rendered(number, total):
    lines = [f"# {number} of {total}"]
    for index, name in enumerate(NAMES, 1):
        lines.append(f"{name} = {number * index}" + (" # first" if index == 1 else ""))
    return "\n".join(lines) + "\nowner = ROOT\n"


def block(text, indent):
    return "".join(" " * indent + line + "\n" for line in text.splitlines())


class Work:
    def __init__(self, folder, target, count, seed):
        self.folder, self.target, self.count = folder, target, count
        self.rng = random.Random(seed)
        self.tasks, self.plan = [], bytearray()
        self.promises = {"files": [], "links": [], "commands": []}

    def add_plan(self, kind, path, data=""):
        body = data.encode()
        self.plan += f"{kind} {path} {len(body)}\n".encode() + body + b"\n"

    def copy(self, number, path):
        text = words(self.rng, int(200 * 160 ** self.rng.random()))
        self.tasks.append(f'- name: file {number}\n  ansible.builtin.copy:\n    dest: "{path}"\n    mode: "0644"\n    content: |\n' + block(text, 6))
        self.promise_content(path, text)
        self.add_plan("copy", path, text)

    def promise_content(self, path, text):
        source = os.path.join(self.folder, "cf", os.path.basename(path))
        with open(source, "w") as out:
            out.write(text)
        self.promises["files"].append(f'"{path}" create => "true", perms => mode("0644"), copy_from => content("{source}");')

    def template(self, number, path):
        self.tasks.append(
            f'- name: template {number}\n  ansible.builtin.template:\n    src: entry.j2\n    dest: "{path}"\n    mode: "0644"\n  vars:\n    number: {number}\n')
        text = rendered(number, self.count)
        self.promise_content(path, text)
        self.add_plan("copy", path, text)

    def do_folder(self, number, path):
        self.tasks.append(f'- name: folder {number}\n  ansible.builtin.file:\n    path: "{path}"\n    state: directory\n    mode: "0755"\n')
        self.promises["files"].append(f'"{path}/." create => "true", perms => mode("0755");')
        self.add_plan("folder", path)

    def link(self, number, path):
        to = f"/usr/share/{number}"
        self.tasks.append(f'- name: link {number}\n  ansible.builtin.file:\n    path: "{path}"\n    src: "{to}"\n    state: link\n    force: true\n')
        self.promises["links"].append(f'"{path}" link_from => to("{to}"), move_obstructions => "true";')
        self.add_plan("link", path, to)

    def edit(self, number, path, line, key):
        self.tasks.append(
            f'- name: line {number}\n  ansible.builtin.lineinfile:\n    path: "{path}"\n    regexp: "^{key}"\n    line: "{line}"\n    create: true\n    mode: "0644"\n')
        self.promises["files"].append(f'"{path}" create => "true", edit_defaults => plain, edit_line => replace_or_add("^{key}.*", "{line}");')
        self.add_plan("line", path, line)

    def line(self, number, path):
        seed = os.path.join(self.folder, "seed", os.path.basename(path))
        with open(seed, "w") as out:
            out.writelines(f"option_{i}=value {i}\n" for i in range(500))
        self.edit(number, path, f"option_{number % 500}=changed {number}", f"option_{number % 500}=")

    def entry(self, number, _path):
        self.edit(number, f"{self.target}/entries.conf", f"net.key{number} = {number}", f"net.key{number} =")

    def command(self, number, path):
        self.tasks.append(f'- name: command {number}\n  ansible.builtin.command:\n    cmd: touch "{path}"\n    creates: "{path}"\n')
        self.promises["commands"].append(f'"/usr/bin/touch {path}" if => not(fileexists("{path}"));')
        self.add_plan("creates", path)

    def build(self):
        for name in ("seed", "cf", "templates"):
            os.makedirs(os.path.join(self.folder, name), exist_ok=True)
        make = {"copy": self.copy, "template": self.template, "folder": self.do_folder, "link": self.link, "line": self.line,
                "entry": self.entry, "command": self.command}
        for number, kind in enumerate(kinds(self.count, self.rng), 1):
            make[kind](number, f"{self.target}/{kind}{number}")

    def write(self):
        with open(f"{self.folder}/templates/entry.j2", "w") as out:
            out.write(TEMPLATE)
        with open(f"{self.folder}/playbook.yml", "w") as out:
            out.write(f"- hosts: localhost\n  connection: local\n  gather_facts: false\n  vars:\n    total: {self.count}\n    names: [{', '.join(NAMES)}]\n  tasks:\n")
            for task in self.tasks:
                out.write(block(task, 4))
        with open(f"{self.folder}/floor.plan", "wb") as out:
            out.write(self.plan)
        self.write_policy()

    def write_policy(self):
        with open(f"{self.folder}/policy.cf", "w") as out:
            out.write(POLICY)
            out.writelines(f"    {p}\n" for p in self.promises["files"] + self.promises["links"])
            out.write("  commands:\n")
            out.writelines(f"    {p}\n" for p in self.promises["commands"])
            out.write("}\n")


def main():
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    folder, target, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    work = Work(os.path.abspath(folder), os.path.abspath(target), count, int(sys.argv[4]) if len(sys.argv) == 5 else 1)
    work.build()
    work.write()


main()
