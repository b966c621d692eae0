/* SPDX-License-Identifier: Apache-2.0 */
/* One table: Ansible's name of a setting, our key, its type and its default (ansible-core 2.14, base.yml). */
#include "engine/command/constants.h"

#include <string.h>

#include "common/base/text.h"

enum constant_type { TYPE_TEXT, TYPE_INT, TYPE_BOOL, TYPE_PATH, TYPE_PATHS /* a:b */, TYPE_LIST /* a,b */ };

static const struct {
    const char *name, *key;
    enum constant_type type;
    const char *fallback; /* NULL: null */
} constants[] = {
    { "ANSIBLE_FORCE_COLOR", "force_color", TYPE_BOOL, "false" },
    { "ANSIBLE_NOCOLOR", "nocolor", TYPE_BOOL, "false" },
    { "ANY_ERRORS_FATAL", "any_errors_fatal", TYPE_BOOL, "false" },
    { "BECOME_PASSWORD_FILE", "become_password_file", TYPE_PATH, NULL },
    { "CONNECTION_PASSWORD_FILE", "connection_password_file", TYPE_PATH, NULL },
    { "DEFAULT_BECOME", "become", TYPE_BOOL, "false" },
    { "DEFAULT_BECOME_EXE", "become_exe", TYPE_TEXT, NULL },
    { "DEFAULT_BECOME_FLAGS", "become_flags", TYPE_TEXT, NULL },
    { "DEFAULT_BECOME_METHOD", "become_method", TYPE_TEXT, "sudo" },
    { "DEFAULT_BECOME_USER", "become_user", TYPE_TEXT, "root" },
    { "DEFAULT_FORCE_HANDLERS", "force_handlers", TYPE_BOOL, "false" },
    { "DEFAULT_FORKS", "forks", TYPE_INT, "5" },
    { "DEFAULT_GATHERING", "gathering", TYPE_TEXT, "implicit" },
    { "DEFAULT_HASH_BEHAVIOUR", "hash_behaviour", TYPE_TEXT, "replace" },
    { "DEFAULT_HOST_LIST", "inventory", TYPE_LIST, "/etc/ansible/hosts" },
    { "DEFAULT_MODULE_NAME", NULL, TYPE_TEXT, "command" },
    { "DEFAULT_PRIVATE_KEY_FILE", "private_key_file", TYPE_PATH, NULL },
    { "DEFAULT_PRIVATE_ROLE_VARS", "private_role_vars", TYPE_BOOL, "false" },
    { "DEFAULT_REMOTE_PORT", "remote_port", TYPE_INT, NULL },
    { "DEFAULT_REMOTE_USER", "remote_user", TYPE_TEXT, NULL },
    { "DEFAULT_ROLES_PATH", "roles_path", TYPE_PATHS, "~/.ansible/roles:/usr/share/ansible/roles:/etc/ansible/roles" },
    { "DEFAULT_TIMEOUT", "timeout", TYPE_INT, "10" },
    { "DEFAULT_TRANSPORT", "transport", TYPE_TEXT, "ssh" },
    { "DEFAULT_UNDEFINED_VAR_BEHAVIOR", NULL, TYPE_BOOL, "true" },
    { "DEFAULT_VERBOSITY", "verbosity", TYPE_INT, "0" },
    { "DIFF_ALWAYS", "diff.always", TYPE_BOOL, "false" },
    { "ERROR_ON_MISSING_HANDLER", "error_on_missing_handler", TYPE_BOOL, "true" },
    { "HOST_KEY_CHECKING", "host_key_checking", TYPE_BOOL, "true" },
    { "INJECT_FACTS_AS_VARS", "inject_facts_as_vars", TYPE_BOOL, "true" },
    { "LOCALHOST_WARNING", "localhost_warning", TYPE_BOOL, "true" },
    { "SHOW_CUSTOM_STATS", "show_custom_stats", TYPE_BOOL, "false" },
};

/* Parts of a list; paths are made absolute unless they name hosts ("a,"). */
static const struct value *parts_of(struct arena *arena, const struct settings *settings, const char *text,
                                    enum constant_type type)
{
    struct value *list = value_list(arena);
    size_t count = 0;
    char **parts = text_split(arena, text, type == TYPE_PATHS ? ':' : ',', &count);

    for (size_t i = 0; i < count; i++) {
        const char *part = text_trim(arena, parts[i], strlen(parts[i]));

        if (*part != '\0')
            value_list_add(arena, list, value_string(arena, settings_path(settings, arena, part)));
    }
    return list;
}

static const struct value *typed(struct arena *arena, const struct settings *settings, const char *text,
                                 enum constant_type type)
{
    int64_t integer = 0;
    bool truth = false;

    switch (type) {
    case TYPE_INT:
        return text_to_int(text, &integer) ? (const struct value *)value_int(arena, integer)
                                           : value_string(arena, text);
    case TYPE_BOOL:
        return value_bool(text_to_bool(text, &truth) ? truth : *text != '\0');
    case TYPE_PATH:
        return value_string(arena, settings_path(settings, arena, text));
    case TYPE_PATHS:
    case TYPE_LIST:
        return parts_of(arena, settings, text, type);
    case TYPE_TEXT:
        break;
    }
    return value_string(arena, text);
}

const struct value *constants_of(struct arena *arena, const struct settings *settings)
{
    struct value *map = value_map(arena);

    for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
        const char *text = constants[i].key == NULL ? NULL : settings_text(settings, constants[i].key);

        if (text == NULL)
            text = constants[i].fallback;
        value_map_put(arena, map, constants[i].name,
                      text == NULL ? value_null() : typed(arena, settings, text, constants[i].type));
    }
    value_map_put_string(arena, map, "CONFIG_FILE", settings->path);
    return map;
}
