# SPDX-License-Identifier: Apache-2.0
# Modules: finds them as Ansible does and packs them with what they import. Runs none.
import os
import re
import shutil
import sys

from ansible import constants
from ansible.executor import module_common
from ansible.plugins import loader
from ansible.release import __version__


def find(question):
    found = {}
    action = loader.action_loader.find_plugin_with_context(question["name"])
    if action.resolved:
        found["action"] = action.plugin_resolved_path
    for extension in (".py", ".exe", ""):
        module = loader.module_loader.find_plugin_with_context(question["name"], extension)
        if module.resolved and module.plugin_resolved_path:
            found["path"] = module.plugin_resolved_path
            if module.redirect_list:
                found["name"] = module.redirect_list[-1]
            break
    return found


def pack(question):
    for folder in question["utils"]:
        loader.module_utils_loader.add_directory(folder)
    # kept by name alone: two modules of one name from different folders would be taken for one
    shutil.rmtree(os.path.join(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache"), ignore_errors=True)
    built = module_common.modify_module(
        question["name"],
        question["path"],
        {},
        None,
        task_vars={"ansible_playbook_python": sys.executable},
        module_compression="ZIP_DEFLATED",
        remote_is_local=True,
    )
    archive = re.search(rb'ZIPDATA = r?"""\s*(.*?)\s*"""', built[0], re.DOTALL)
    entry = re.search(rb"mod_name='([^']+)'", built[0])
    if archive is None or entry is None:
        return {"error": "ansible-core " + __version__ + " packs modules in a form that is not known here"}
    return {"archive": archive.group(1).decode(), "entry": entry.group(1).decode()}


verbs = {"find": find, "pack": pack}
