#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.roost_test.tools.plugins.module_utils.join import joined

module = AnsibleModule(argument_spec={"words": {"type": "list", "elements": "str"}})
module.exit_json(changed=False, text=joined(module.params["words"]))
