#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.loud import loud

module = AnsibleModule(
    argument_spec={"word": {"choices": ["a", "b"]}, "token": {"no_log": True}}, supports_check_mode=True
)
module.exit_json(changed=not module.check_mode, said=loud(module.params["word"]), token=module.params["token"])
