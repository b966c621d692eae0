# SPDX-License-Identifier: Apache-2.0
# Inventory plugins that roost does not have: ansible-core loads the plugin and lets it read one source. It sees the hosts and
# groups that earlier sources gave; what is there behind it goes back.
import os
import sys

from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.plugins import loader
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var


def taken(value):
    """From roost: text that is not to be templated is unsafe here too."""
    if isinstance(value, list):
        return [taken(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and "__ansible_unsafe" in value:
        return wrap_var(value["__ansible_unsafe"])
    return {key: taken(item) for key, item in value.items()}


def known(question):
    inventory = InventoryData()
    for name in question["groups"]:
        inventory.add_group(name)
    for name, group in question["groups"].items():
        for key, value in group["vars"].items():
            inventory.set_variable(name, key, taken(value))
        for child in group["children"]:
            if child not in inventory.groups[name].child_groups:
                inventory.add_child(name, child)
    for name, host in question["hosts"].items():
        inventory.add_host(name)
        for group in host["groups"]:
            inventory.add_child(group, name)
        for key, value in host["vars"].items():
            inventory.set_variable(name, key, taken(value))
    return inventory


def native(value):
    """Plain values for JSON: plugins leave all kinds of texts and maps behind. What is unsafe stays so."""
    if isinstance(value, bool) or value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, (bytes, str)):
        text = value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str.__str__(value)
        return {"__ansible_unsafe": text} if hasattr(value, "__UNSAFE__") else text
    if hasattr(value, "items"):
        return {str(key): native(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [native(item) for item in value]
    return str(value)


def told(inventory):
    groups = {
        name: {
            "hosts": [host.name for host in group.hosts],
            "children": [child.name for child in group.child_groups],
            "vars": native(group.vars),
        }
        for name, group in inventory.groups.items()
    }
    hosts = {}
    for name, host in inventory.hosts.items():
        hosts[name] = {
            key: native(value) for key, value in host.vars.items() if key not in ("inventory_file", "inventory_dir")
        }
    return {"groups": groups, "hosts": hosts}


def find(name, question):
    for folder in question["folders"]:
        if os.path.isdir(folder):
            loader.add_all_plugin_dirs(folder)
    return loader.inventory_loader.get(name)


def has(question):
    return {"found": find(question["name"], question) is not None}


def parse(question):
    warnings = []
    shown = Display.warning
    Display.warning = lambda self, msg, *more, **others: warnings.append(str(msg))
    printed, sys.stdout = sys.stdout, sys.stderr
    try:
        plugin = find(question["name"], question)
        if plugin is None:
            return {"missing": True}
        files = DataLoader()
        inventory = known(question)
        if not plugin.verify_file(question["path"]):
            return {"declined": True, "warnings": warnings}
        inventory.processed_sources = []
        inventory.current_source = question["path"]
        plugin.parse(inventory, files, question["path"], cache=True)
        if hasattr(plugin, "update_cache_if_changed"):
            plugin.update_cache_if_changed()
        return dict(told(inventory), warnings=warnings)
    except SystemExit as problem:
        return {"error": "the inventory plugin '%s' has called for the end of its program: SystemExit(%s)" % (question["name"], problem)}
    finally:
        Display.warning, sys.stdout = shown, printed


verbs = {"has": has, "parse": parse}
