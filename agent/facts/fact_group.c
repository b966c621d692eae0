/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups a gather_subset selects (Ansible's grammar), and collecting them in an order that their needs allow. */
#include "agent/facts/fact_group.h"

#include <stdlib.h>
#include <string.h>

#include "agent/facts/fact_support.h"
#include "common/base/text.h"

#define GROUPS_MAX 128

/* Names that Ansible accepts and for which an agent without facter and ohai has nothing. */
static const char *const empty_groups[] = { "facter", "ohai", NULL };

enum selection { SELECT_NOT, SELECT_DEFAULT, SELECT_EXPLICIT };

struct selection_table {
    enum selection groups[GROUPS_MAX];
    bool excluded[GROUPS_MAX];
    size_t count;
};

static bool group_is(const struct fact_group *group, const char *name)
{
    return strcmp(group->name, name) == 0 || (group->names && text_in(name, group->names));
}

static bool group_is_minimal(const struct fact_group *group)
{
    return group->names && text_in("min", group->names);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool subset_unknown(struct arena *arena, const char *name, struct error *err)
{
    const char *names[GROUPS_MAX * 8];
    size_t count = 0;
    struct text list = text_new(arena);

    for (size_t i = 0; i < fact_group_table_count; i++) {
        const struct fact_group *group = fact_group_table[i];
        names[count++] = group->name;
        for (const char *const *alias = group->names; alias && *alias && count < GROUPS_MAX * 7; alias++)
            if (strcmp(*alias, "min") != 0)
                names[count++] = *alias;
    }
    for (const char *const *empty = empty_groups; *empty; empty++)
        names[count++] = *empty;
    qsort(names, count, sizeof names[0], compare_names);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(names[i], names[i - 1]) != 0)
            text_printf(&list, ", %s", names[i]);
    return error_set(err, "Bad subset '%s' given to Ansible. gather_subset options allowed: all%s", name, list.data);
}

static void select_exclude(struct selection_table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct fact_group *group = fact_group_table[i];
        bool is_all = strcmp(name, "all") == 0 && !group_is_minimal(group);
        if (is_all || group_is(group, name))
            table->excluded[i] = true;
    }
}

static bool select_include(struct arena *arena, struct selection_table *table, const char *name, struct error *err)
{
    bool is_all = strcmp(name, "all") == 0, is_min = strcmp(name, "min") == 0, is_known = is_all || is_min;

    for (size_t i = 0; i < table->count; i++) {
        const struct fact_group *group = fact_group_table[i];
        if (is_all || (is_min && group_is_minimal(group))) {
            if (table->groups[i] == SELECT_NOT)
                table->groups[i] = SELECT_DEFAULT;
        } else if (!is_min && group_is(group, name)) {
            table->groups[i] = SELECT_EXPLICIT;
            is_known = true;
        }
    }
    return is_known || text_in(name, empty_groups) || subset_unknown(arena, name, err);
}

/* The minimum first, then what is added, less what is excluded, but never what was asked for by name. */
static bool subset_select(struct arena *arena, const struct value *subset, struct selection_table *table,
                          struct error *err)
{
    table->count = fact_group_table_count < GROUPS_MAX ? fact_group_table_count : GROUPS_MAX;
    if (!select_include(arena, table, "min", err))
        return false;
    if (value_count(subset) == 0)
        return select_include(arena, table, "all", err);
    for (size_t i = 0; i < value_count(subset); i++) {
        const char *name = value_text(value_item(subset, i));
        if (!name)
            return error_set(err, "gather_subset must be a list of names");
        if (name[0] == '!')
            select_exclude(table, name + 1);
        else if (!select_include(arena, table, name, err))
            return false;
    }
    for (size_t i = 0; i < table->count; i++)
        if (table->excluded[i] && table->groups[i] != SELECT_EXPLICIT)
            table->groups[i] = SELECT_NOT;
    return true;
}

/* --- collecting --- */

struct collection {
    const struct system *system;
    struct arena *arena;
    const struct facts_request *request;
    struct value *facts;
    bool done[GROUPS_MAX];
};

static bool collect_group(struct collection *collection, size_t index, struct error *err);

static bool collect_required(struct collection *collection, const struct fact_group *group, struct error *err)
{
    for (const char *const *name = group->requires; name && *name; name++)
        for (size_t i = 0; i < fact_group_table_count && i < GROUPS_MAX; i++)
            if (strcmp(fact_group_table[i]->name, *name) == 0 && !collect_group(collection, i, err))
                return false;
    return true;
}

static bool collect_group(struct collection *collection, size_t index, struct error *err)
{
    const struct fact_group *group = fact_group_table[index];
    const struct facts_request *request = collection->request;

    if (collection->done[index])
        return true;
    collection->done[index] = true;
    if (!collect_required(collection, group, err))
        return false;
    if (strcmp(group->name, "local") == 0)
        return fact_local_collect(collection->system, collection->arena, request->fact_path, collection->facts,
                                  request->warnings);
    if (!group->collect(collection->system, collection->arena, collection->facts, err))
        return error_prefix(err, "facts '%s'", group->name);
    return true;
}

bool facts_collect_request(const struct system *system, struct arena *arena, const struct facts_request *request,
                           struct value *facts, struct error *err)
{
    struct selection_table table = { .count = 0 };
    struct system_memory memory = { .arena = arena, .entries = value_map(arena) };
    struct system with_memory = *system; /* two groups ask the same Python */
    struct collection collection = { .system = &with_memory, .arena = arena, .request = request, .facts = facts };

    if (with_memory.memory == NULL)
        with_memory.memory = &memory;
    with_memory.python = request->python;
    if (!subset_select(arena, request->subset, &table, err))
        return false;
    for (size_t i = 0; i < table.count; i++) {
        if (system_is_cancelled(system))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        if (table.groups[i] != SELECT_NOT && !collect_group(&collection, i, err))
            return false;
    }
    return true;
}

bool facts_collect(const struct system *system, struct arena *arena, const struct value *subset, struct value *facts,
                   struct error *err)
{
    struct facts_request request = { .subset = subset };

    return facts_collect_request(system, arena, &request, facts, err);
}
