# SPDX-License-Identifier: Apache-2.0
"""Stand-in, see README.md: one key in one user's authorized_keys, there or not."""
import os
import pwd

from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(supports_check_mode=True, argument_spec={
        "user": {"required": True}, "key": {"required": True, "no_log": False},
        "state": {"default": "present", "choices": ["present", "absent"]}})
    try:
        user = pwd.getpwnam(module.params["user"])
    except KeyError:
        if module.check_mode:
            module.exit_json(changed=True)
        module.fail_json(msg="no such user")
    folder = os.path.join(user.pw_dir, ".ssh")
    path = os.path.join(folder, "authorized_keys")
    lines = open(path).read().splitlines() if os.path.exists(path) else []
    key, wanted = module.params["key"].strip(), module.params["state"] == "present"
    if (key in lines) == wanted:
        module.exit_json(changed=False)
    if not module.check_mode:
        lines = lines + [key] if wanted else [line for line in lines if line != key]
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o700)
            os.chown(folder, user.pw_uid, user.pw_gid)
        with open(path, "w") as file:
            file.write("".join(line + "\n" for line in lines))
        os.chmod(path, 0o600)
        os.chown(path, user.pw_uid, user.pw_gid)
    module.exit_json(changed=True)


main()
