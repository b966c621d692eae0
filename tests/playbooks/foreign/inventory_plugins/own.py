# SPDX-License-Identifier: Apache-2.0
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.utils.unsafe_proxy import wrap_var


class InventoryModule(BaseInventoryPlugin):
    NAME = "own"

    def verify_file(self, path):
        return path.endswith(".own.yml")

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        inventory.add_host("one")
        inventory.set_variable("one", "ansible_connection", "local")
        inventory.set_variable("one", "inside", "{{ 6 * 7 }}")
        inventory.set_variable("one", "outside", {"tags": [wrap_var("{{ 6 * 7 }}")]})
