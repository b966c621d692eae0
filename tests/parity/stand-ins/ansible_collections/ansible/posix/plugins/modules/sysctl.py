# SPDX-License-Identifier: Apache-2.0
"""Stand-in, see README.md: one "name=value" line in a file, and the running kernel's value."""
import os

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        "name": {"required": True}, "value": {"required": True}, "state": {"default": "present"},
        "sysctl_file": {"default": "/etc/sysctl.conf"}, "sysctl_set": {"type": "bool", "default": False}})
    name, value, path = (module.params[key] for key in ("name", "value", "sysctl_file"))
    lines = open(path).read().splitlines() if os.path.exists(path) else []
    wanted = [line for line in lines if line.split("=")[0].strip() != name] + [f"{name}={value}"]
    live = open("/proc/sys/" + name.replace(".", "/")).read().strip()
    changed = sorted(wanted) != sorted(lines) or live != value
    if changed and not module.check_mode:
        kept = [f"{name}={value}" if line.split("=")[0].strip() == name else line for line in lines]
        with open(path, "w") as file:
            file.write("".join(line + "\n" for line in (kept if len(kept) == len(wanted) else wanted)))
        os.chmod(path, 0o644)
        with open("/proc/sys/" + name.replace(".", "/"), "w") as file:
            file.write(value)
    module.exit_json(changed=changed)


main()
