# SPDX-License-Identifier: Apache-2.0
"""Compares what ansible-playbook and roost did: output, exit code, recap, and what is on the nodes, phase by phase.

Everything that differs is printed; exit status 1 if anything did. What differs by nature is masked or left out here,
each with its reason, and nowhere else.
"""
import argparse
import difflib
import json
import os
import re
import sys

# Paths that differ between two machines that were treated alike. Regular expressions, matched at the start.
BY_NATURE = {
    r"/(etc|var/lib/dbus)/machine-id": "made at the first boot",
    r"/etc/ssh/ssh_host_": "made by the test bed",
    r"/(root|home/(admin|ops))/\.ssh(/authorized_keys)?$": "the run's own key",
    r"/etc/apt/apt\.conf\.d/01roost-tests-proxy": "address of the bridge",
    r"/etc/\.pwd\.lock": "a lock of the account tools: there or not, always empty",
    r"/var/log(/|$)": "logs",
    r"/var/cache(/|$)": "caches",
    r"/(var/)?tmp(/|$)": "temporary files, and the folder itself is a mount point",
    r"/run(/|$)": "runtime state",
    r"/(root|home/[^/]+)/\.(ansible|cache)(/|$)": "ansible-playbook's own",
    r"/var/lib/roost(/|$)": "Roost's own",
    r"/var/lib/systemd/(random-seed|timers|timesync|linger|rfkill|catalog)": "written by systemd as time passes",
    r"/var/lib/apt/(lists|periodic|daily_lock|mirrors)": "package lists, time stamps",
    r"/var/lib/dpkg/(status|available|lock|triggers|.*-old)": "compared as packages and their states",
    r".*/__pycache__(/|$)": "written by whoever runs Python first",
    r"/usr/lib/python3/dist-packages(/roost_zip_cache\..*)?$": "zip_cache.py",
    r"/etc/ld\.so\.cache|/var/lib/(ucf|pam|logrotate)(/|$)": "caches of maintainer scripts, with time stamps",
    r"/etc/(passwd|group|shadow|gshadow|subuid|subgid)-$": "backup of the account tools, one step behind",
}

BACKUP = r"\.\d+\.\d{4}-\d\d-\d\d@\d\d:\d\d:\d\d~"  # process id and time

# In outputs: what is replaced before comparing.
MASKS = [
    (r"[^\s\"']*/ansible-local-[^/\s]+/tmp[^/\s\"']+", "<tmp>"),
    (r"[^\s\"']*/\.ansible/tmp/[^/\s]+/", "<tmp>/"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?", "<time>"),
    (r"\"delta\": \"[^\"]*\"", '"delta": "<time>"'),
    (r"\"(atime|mtime|ctime)\": [\d.]+", r'"\1": <time>'),
    (r"\"(inode|dev)\": \d+", r'"\1": <number>'),
    (BACKUP, ".<backup>~"),
    (r"\bj\d{1,12}\.\d+\b", "<job>"),  # ansible_job_id: a random number and a process
    (r"\+\+\+ after: <tmp>/", "+++ after: "),
    (r"(\"size\": \d+, \"src\": )(null|\"[^\"]*\")", r"\1<tmp>"),  # where the content lay for a moment
    (r"\+\+\+ after: dynamically generated", "+++ after: <tmp>"),  # Roost makes no temporary file here
    (r"source-[0-9a-f]{6,}|tmp[a-z0-9_]{8}\b", "<tmp>"),
]

# Error messages of the engine: the same sentence; ansible-playbook says it twice and adds an excerpt of the file, roost
# adds (file:line:column).
QUOTED = r"(?:\\.|[^\"\\])*"
MASKS += [
    (r"('[^']*' (?:is undefined|has no attribute '[^']*'))\. '[^']*' (?:is undefined|has no attribute '[^']*')", r"\1"),
    (r"\\n\\nThe error appears to be in " + QUOTED, ""),
    (r" \([^\s()\"]*:\d+:\d+\)", ""),
    (r"(?:An unhandled exception occurred while templating '[^']*'\. Error was a <class [^>]*>, original message: )+", ""),
    (r"\. maximum recursion depth exceeded", ""),
    (r"An exception occurred during task execution\. To see the full traceback.*\n", ""),  # Python's
    (r"\\nSearched in:" + QUOTED + r"? on the Ansible Controller", " on the Ansible Controller"),
]

HOST_LINE = re.compile(r"(ok|changed|skipping|fatal|failed|included|rescued|ignored)\b.*?\[([^\]]+?)( -> [^\]]*)?\]")


def read(*path):
    with open(os.path.join(*path), encoding="utf-8", errors="replace") as file:
        return file.read()


def own_addresses(side):
    return set(re.findall(r"ansible_host=(\d+\.\d+\.\d+)\.", read(side, "hosts.ini")))


def masked(text, side):
    text = text.replace(side, "<work>")
    for prefix in own_addresses(side):
        text = text.replace(prefix + ".", "<net>.")
    for pattern, instead in MASKS:
        text = re.sub(pattern, instead, text)
    return text


def sorted_by_host(lines):
    """Hosts of one task answer in any order: their lines are put in the order of their names."""
    chunks = []
    for line in lines:
        match = HOST_LINE.match(line)
        if match:
            chunks.append((match.group(2), [line]))
        elif chunks and line.strip():
            chunks[-1][1].append(line)
        else:
            chunks.append(("", [line]))
    result, run = [], []
    for host, part in chunks + [("", [])]:
        if host:
            run.append((host, part))
            continue
        for _, some in sorted(run, key=lambda item: item[0]):
            result += some
        run = []
        result += part
    return result


def recap(text):
    found = {}
    for line in text.split("PLAY RECAP", 1)[-1].splitlines():
        match = re.match(r"(\S+)\s+: (ok=\d+.*)", line)
        if match:
            found[match.group(1)] = " ".join(match.group(2).split())
    return found


def shadow_masked(text):
    """The salt and the hash go; which kind of hash it is, and that there is one, stay."""
    return re.sub(r"^([^:]*:)(!?)\$(\w+)\$[^:]*", r"\1\2$\3$...", text, flags=re.M)


def tree_of(side, phase, host, ignored):
    tree = {}
    for path, entry in json.loads(read(side, phase, f"tree-{host}")).items():
        if any(re.match(pattern, path) for pattern in list(BY_NATURE) + ignored):
            continue
        if entry and path.startswith(("/etc/shadow", "/etc/gshadow")):
            entry["text"] = shadow_masked(entry.get("text", ""))
            entry.pop("sha256")
        tree[re.sub(BACKUP, ".<backup>~", path)] = entry
    return tree


def describe(entry):
    if entry is None:
        return "not there, or as in the image"
    return " ".join(str(entry[key])[:16] for key in ("kind", "mode", "owner", "target", "sha256") if key in entry)


class Comparison:
    def __init__(self, ansible, roost, options):
        self.sides = (ansible, roost)
        self.options = options
        self.differences = 0

    def differ(self, phase, what, lines):
        self.differences += 1
        print(f"   {phase}: {what}")
        for line in lines[: self.options.lines]:
            print(f"      {line}")
        if len(lines) > self.options.lines:
            print(f"      ... {len(lines) - self.options.lines} more lines")

    def texts(self, phase, what, texts):
        if texts[0] != texts[1]:
            self.differ(phase, what, list(difflib.unified_diff(
                texts[0], texts[1], "ansible", "roost", lineterm="", n=2)))

    def output(self, phase):
        outs = [read(side, phase, "stdout") for side in self.sides]
        codes = [read(side, phase, "code").strip() for side in self.sides]
        recaps = [recap(out) for out in outs]
        if codes[0] != codes[1]:
            note = read(self.sides[1], phase, "stderr").strip().splitlines()[-6:]
            self.differ(phase, f"exit code: ansible {codes[0]}, roost {codes[1]}", note)
        if recaps[0] != recaps[1]:
            self.differ(phase, "recap", [f"ansible {recaps[0]}", f"roost   {recaps[1]}"])
        if self.options.stdout == "exact":
            lines = [masked(out, side).splitlines() for out, side in zip(outs, self.sides)]
            if len(recaps[0]) > 1:
                lines = [sorted_by_host(some) for some in lines]
            self.texts(phase, "output", lines)

    def trees(self, phase, host):
        trees = [tree_of(side, phase, host, self.options.ignore) for side in self.sides]
        for path in sorted(set(trees[0]) | set(trees[1])):
            one, other = (tree.get(path) for tree in trees)
            if one == other and (path in trees[0]) == (path in trees[1]):
                continue
            lines = [f"ansible {describe(one)}", f"roost   {describe(other)}"]
            if one and other and "text" in one and "text" in other:
                lines += list(difflib.unified_diff(one["text"].splitlines(), other["text"].splitlines(), lineterm="", n=0))
            self.differ(phase, f"{host}: {path}", lines)

    def states(self, phase, host):
        images = self.options.images.split(",")
        texts = [sorted(masked(read(side, phase, f"state-{host}"), side).splitlines()) for side in self.sides]
        if images[0] != images[1]:
            texts = [[line for line in text if not re.match("package|manual", line)] for text in texts]
        self.texts(phase, f"{host}: state", [[line for line in text if line] for text in texts])

    def phase(self, name):
        self.output(name)
        hosts = sorted(file[5:] for file in os.listdir(os.path.join(self.sides[0], name)) if file.startswith("tree-"))
        for host in hosts:
            self.trees(name, host)
            self.states(name, host)

    def checks_change_nothing(self, phases):
        """A phase called check... leaves the disk as the phase before it did."""
        for before, after in zip(phases, phases[1:]):
            if not after.startswith("check"):
                continue
            for file in os.listdir(os.path.join(self.sides[1], after)):
                if not file.startswith("tree-"):
                    continue
                trees = [tree_of(self.sides[1], phase, file[5:], self.options.ignore) for phase in (before, after)]
                changed = [path for path in set(trees[0]) | set(trees[1]) if trees[0].get(path) != trees[1].get(path)]
                if changed:
                    self.differ(after, f"{file[5:]}: roost changed files in check mode", sorted(changed))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--stdout", choices=["exact", "no"], default="exact")
    parser.add_argument("--images", default=",")
    parser.add_argument("--ignore", action="append", default=[])
    parser.add_argument("--lines", type=int, default=int(os.environ.get("ROOST_PARITY_LINES", "24")))
    parser.add_argument("ansible")
    parser.add_argument("roost")
    parser.add_argument("phases", nargs="+")
    options = parser.parse_args()
    comparison = Comparison(options.ansible, options.roost, options)
    for phase in options.phases:
        comparison.phase(phase)
    comparison.checks_change_nothing(options.phases)
    sys.exit(1 if comparison.differences else 0)


main()
