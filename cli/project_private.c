/* SPDX-License-Identifier: Apache-2.0 */
/* Names and marks of keys, inventories and passwords. */
#include "cli/project_private.h"

#include <fnmatch.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/toml/toml_reader.h"

#define LOOKED_AT ((size_t)4 * 1024 * 1024) /* bytes; what is larger is nobody's inventory */

static bool matches(const char *name, const char *const *patterns)
{
    for (; *patterns != NULL; patterns++) {
        if (fnmatch(*patterns, name, FNM_CASEFOLD) == 0)
            return true;
    }
    return false;
}

/* --- by what is in it --- */

/* A group as inventories have it: nothing but hosts, vars and children, with one of the first or last. */
static bool is_group(const struct value *group)
{
    bool has_members = false;

    for (size_t i = 0; i < value_count(group); i++) {
        const char *key = value_text(value_pair_at(group, i)->key);

        if (key == NULL || !text_in(key, (const char *const[]){ "hosts", "vars", "children", NULL }))
            return false;
        has_members = has_members || strcmp(key, "vars") != 0;
    }
    return has_members;
}

/* `_meta` is of inventories in JSON. */
static bool is_inventory_document(const struct value *document)
{
    bool has_group = false;

    if (!value_is(document, VALUE_MAP))
        return false;
    if (value_is(value_map_get(document, "_meta"), VALUE_MAP))
        return true;
    for (size_t i = 0; i < value_count(document); i++) {
        const struct value *group = value_pair_at(document, i)->item;

        if (value_is(group, VALUE_MAP) && is_group(group))
            has_group = true;
        else if (!value_is(group, VALUE_NULL) && (!value_is(group, VALUE_MAP) || value_count(group) > 0))
            return false;
    }
    return has_group;
}

/* "[web.hosts]" with tables of hosts beneath. */
static bool is_inventory_toml(struct arena *arena, const struct project_looked *file, const char *text, size_t length)
{
    const struct toml_source source = { .data = text, .length = length, .path = file->path };
    const struct value *document = NULL;
    struct error ignored = ERROR_INIT;

    return fnmatch("*.toml", path_basename(file->path), FNM_CASEFOLD) == 0 &&
           toml_read(arena, &source, &document, &ignored) && is_inventory_document(document);
}

/* "[web:children]", "ai-1 ansible_host=..." */
static bool is_inventory_text(const char *text)
{
    static const char *const marks[] = { "ansible_host=",
                                         "ansible_password=",
                                         "ansible_ssh_pass=",
                                         "ansible_user=",
                                         "ansible_connection=",
                                         "ansible_become_pass",
                                         "ansible_ssh_host=",
                                         ":children]",
                                         ":vars]",
                                         "ansible_port=",
                                         NULL };

    for (const char *const *mark = marks; *mark != NULL; mark++) {
        if (strstr(text, *mark) != NULL)
            return true;
    }
    return false;
}

/* --- by its place and name --- */

/* A role may call its folders what it likes. */
static bool is_in_variables(const char *place)
{
    if (text_starts(place, "roles") || strstr(place, "/roles/") != NULL)
        return false;
    for (const char *at = place; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        if (text_starts(at, "group_vars/") || text_starts(at, "host_vars/"))
            return true;
    }
    return false;
}

static enum project_private by_name(const struct project_looked *file)
{
    static const char *const settings[] = { "ansible.cfg", ".ansible.cfg", NULL };
    static const char *const keys[] = { "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.ppk", "id_*", NULL };
    static const char *const vault[] = {
        "*vault*pass*", "*pass*vault*", ".vault*", "vault[-_]key*", "vault.txt", NULL
    };
    static const char *const inventory[] = { "hosts",           "hosts.*",           "inventory",
                                             "inventory[._-]*", "*[._-]inventory.*", NULL };
    const char *name = path_basename(file->path);

    if (matches(name, settings))
        return PROJECT_SETTINGS;
    if (matches(name, vault) && !matches(name, (const char *const[]){ "*.yml", "*.yaml", "*.j2", NULL }))
        return PROJECT_VAULT_PASSWORD;
    if (matches(name, keys) && fnmatch("*.pub", name, 0) != 0)
        return PROJECT_KEY;
    if (is_in_variables(file->place))
        return PROJECT_VARIABLES;
    return file->beside && matches(name, inventory) ? PROJECT_INVENTORY : PROJECT_OPEN;
}

enum project_private project_private_of(const struct project_looked *file)
{
    ARENA_SCOPED arena = arena_new();
    enum project_private named = by_name(file);
    struct error ignored = ERROR_INIT;
    char *text = NULL;
    size_t length = 0;

    if (named != PROJECT_OPEN)
        return named;
    if (file->document != NULL)
        return is_inventory_document(file->document) ? PROJECT_INVENTORY : PROJECT_OPEN;
    if (!file_read(arena, file->path, LOOKED_AT, &text, &length, &ignored))
        return PROJECT_OPEN;
    if (strstr(text, "PRIVATE KEY-----") != NULL)
        return PROJECT_KEY;
    return is_inventory_text(text) || is_inventory_toml(arena, file, text, length) ? PROJECT_INVENTORY : PROJECT_OPEN;
}

const char *project_private_word(enum project_private kind)
{
    static const char *const words[] = { "no playbook names it", "a key",       "an inventory", "variables of hosts",
                                         "a vault's password",   "the settings" };

    return words[kind];
}
