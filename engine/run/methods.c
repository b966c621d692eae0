/* SPDX-License-Identifier: Apache-2.0 */
/* Names of connections and become methods. */
#include "engine/run/methods.h"

#include <string.h>

#include "common/base/text.h"

/* The name below the collections that may have it; else as it is. */
static const char *name_below(const char *written, const char *const *collections)
{
    for (; *collections != NULL; collections++)
        if (text_starts(written, *collections))
            return written + strlen(*collections);
    return written;
}

bool become_method_read(const char *written, const char **out, struct error *err)
{
    static const char *const collections[] = { "ansible.builtin.", "ansible.legacy.", "community.general.",
                                               "ansible.netcommon.", NULL };
    static const char *const had[] = { "sudo", "su", "doas", NULL };
    static const char *const lacking[] = { "dzdo",  "enable", "ksu",  "machinectl", "pbrun", "pfexec",
                                           "pmrun", "runas",  "sesu", "sudosu",     NULL };
    const char *name = name_below(written, collections);

    *out = name;
    if (text_in(name, had))
        return true;
    if (text_in(name, lacking))
        return error_set(err, "become method '%s' is not supported; there are sudo, su and doas", written);
    return error_set(
        err,
        "Invalid become method specified, could not find matching plugin: '%s'. Use `ansible-doc -t become "
        "-l` to list available plugins.",
        written);
}

bool connection_kind_read(const char *written, const char **out, struct error *err)
{
    static const char *const collections[] = { "ansible.builtin.", "ansible.legacy.", NULL };
    static const char *const had[] = { "local", "ssh", "smart", "paramiko", "paramiko_ssh", NULL };

    *out = name_below(written, collections);
    if (text_equal(*out, "smart"))
        *out = "ssh";
    return text_in(*out, had) || error_set(err, "connection '%s' is not one of local, ssh", written);
}
