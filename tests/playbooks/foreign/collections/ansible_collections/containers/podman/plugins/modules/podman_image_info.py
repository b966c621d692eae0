#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
# Not the collection's: a module whose short name ansible-core still knows.
from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={"name": {}})
module.exit_json(name=module.params["name"])
