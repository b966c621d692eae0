/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of facts: what they are called inside ansible_facts, and which of them may not become variables because they
 * would redirect connections or interpreters. The list is that of ansible-core 2.14 (vars/clean.py).
 */
#include <string.h>

#include "common/base/text.h"
#include "engine/vars/vars_internal.h"

static const char *const refused_names[] = {
    "ansible_connection",
    "ansible_connection_user",
    "ansible_facts",
    "ansible_host",
    "ansible_module_compression",
    "ansible_network_os",
    "ansible_password",
    "ansible_pipelining",
    "ansible_playbook_python",
    "ansible_port",
    "ansible_private_key_file",
    "ansible_rsync_path",
    "ansible_scp_extra_args",
    "ansible_sftp_extra_args",
    "ansible_shell_executable",
    "ansible_shell_type",
    "ansible_timeout",
    "ansible_user",
    "ansible_become",
    "add_host",
    "add_group",
    NULL,
};

static const char *const refused_prefixes[] = {
    "_ansible_",      "ansible_become_", "ansible_ssh_", "ansible_local_", "ansible_paramiko_ssh_", "ansible_psrp_",
    "ansible_winrm_", "ansible_docker_", NULL,
};

bool vars_fact_is_injectable(const char *name)
{
    if (text_starts(name, "ansible_ssh_host_key_") || text_ends(name, "_bridge") || text_ends(name, "_gwbridge"))
        return true;
    if (text_in(name, refused_names))
        return false;
    for (size_t i = 0; refused_prefixes[i] != NULL; i++)
        if (text_starts(name, refused_prefixes[i]))
            return false;
    return !(text_starts(name, "ansible_") && text_ends(name, "_interpreter"));
}

const char *vars_fact_plain_name(const char *name)
{
    static const size_t prefix = sizeof("ansible_") - 1;

    return text_starts(name, "ansible_") && strcmp(name, "ansible_local") != 0 ? name + prefix : name;
}
