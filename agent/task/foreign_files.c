/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments as modules in other languages expect them. Pure: writes no file. */
#include "agent/task/foreign_files.h"

#include <string.h>

#include "agent/task/command_words.h"
#include "common/json/json.h"
#include "common/value/value_python.h"

const char foreign_python_runner[] =
    "import os, sys\n"
    "\n"
    "archive, arguments, name = sys.argv[1:4]\n"
    "with open(arguments, 'rb') as source:\n"
    "    given = source.read()\n"
    "del sys.argv[1:]\n"
    "here = os.path.dirname(os.path.abspath(__file__))\n"
    "sys.path[:] = [folder for folder in sys.path if folder not in ('', here)]\n"
    "sys.path.insert(0, archive)\n"
    "from ansible.module_utils import basic\n"
    "basic._ANSIBLE_ARGS = given\n"
    "import runpy\n"
    "runpy.run_module(mod_name=name, init_globals=dict(_module_fqn=name, _modlib_path=archive),\n"
    "                 run_name='__main__', alter_sys=True)\n"
    "print('{\"msg\": \"New-style module did not handle its own exit\", \"failed\": true}')\n"
    "sys.exit(1)\n";

struct text foreign_words(struct arena *arena, const struct value *arguments)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < value_count(arguments); i++) {
        const struct value_pair *pair = value_pair_at(arguments, i);

        text_printf(&out, "%s=%s ", value_to_text(arena, pair->key),
                    command_quote(arena, value_to_text(arena, pair->item)));
    }
    return out;
}

static struct text replaced(struct arena *arena, struct text in, const char *what, const char *with)
{
    const char *data = in.data, *end = in.data + in.length, *hit;
    struct text out = text_new(arena);

    while ((hit = memmem(data, (size_t)(end - data), what, strlen(what))) != NULL) {
        text_add_n(&out, data, (size_t)(hit - data));
        text_add(&out, with);
        data = hit + strlen(what);
    }
    text_add_n(&out, data, (size_t)(end - data));
    return out;
}

/* What Python's repr() makes of `text`. */
static const char *repr(struct arena *arena, const char *text)
{
    struct text out = text_new(arena);

    value_repr(&out, value_string(arena, text));
    return out.data;
}

static const char *joined(struct arena *arena, const struct value *list)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < value_count(list); i++)
        text_printf(&out, "%s%s", i == 0 ? "" : ",", value_to_text(arena, value_item(list, i)));
    return out.data;
}

struct text foreign_filled(struct arena *arena, const char *data, size_t length, const struct value *arguments)
{
    const char *json = json_text(arena, arguments, JSON_PYTHON);
    const char *version = value_map_text(arguments, "_ansible_version");
    const char *facility = value_map_text(arguments, "_ansible_syslog_facility");
    struct text text = text_new(arena);

    text_add_n(&text, data, length);
    text = replaced(arena, text, "\"<<ANSIBLE_VERSION>>\"", repr(arena, version == NULL ? "" : version));
    text = replaced(arena, text, "\"<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>\"",
                    arena_printf(arena, "b%s", repr(arena, json)));
    text = replaced(arena, text, "<<SELINUX_SPECIAL_FILESYSTEMS>>",
                    joined(arena, value_map_get(arguments, "_ansible_selinux_special_fs")));
    text = replaced(arena, text, "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>", json);
    return replaced(arena, text, "syslog.LOG_USER",
                    arena_printf(arena, "syslog.%s", facility == NULL ? "LOG_USER" : facility));
}
