# SPDX-License-Identifier: Apache-2.0
"""Stand-in, see README.md: the time zone by timedatectl."""
from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(supports_check_mode=True, argument_spec={"name": {"required": True}})
    wanted = module.params["name"]
    _, now, _ = module.run_command(["timedatectl", "show", "-p", "Timezone", "--value"], check_rc=True)
    changed = now.strip() != wanted
    if changed and not module.check_mode:
        module.run_command(["timedatectl", "set-timezone", wanted], check_rc=True)
    module.exit_json(changed=changed)


main()
