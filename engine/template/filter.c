/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registry of filters: families searched in order, and what every call of a filter has in common
 * (binding arguments, undefined inputs, secrets).
 */
#include "engine/template/filter.h"

#include <string.h>

#include "common/base/text.h"
#include "engine/template/plugin.h"

static const struct filter *const families[] = {
    filters_default, filters_text,     filters_escape, filters_number,       filters_size,    filters_list,
    filters_sort,    filters_select,   filters_set,    filters_combinatoric, filters_dict,    filters_data,
    filters_path,    filters_hash,     filters_regex,  filters_random,       filters_time,    filters_url,
    filters_layout,  filters_password, filters_vault,  filters_ipaddr,       filters_network, filters_hwaddr,
    filters_general, filters_units,    filters_utils,  filters_base64,
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

const char *builtin_short_name(const char *name)
{
    if (text_starts(name, "ansible.builtin."))
        return name + strlen("ansible.builtin.");
    return text_starts(name, "ansible.legacy.") ? name + strlen("ansible.legacy.") : name;
}

/* Short names that Ansible redirects to a collection; ansible.netcommon's names are those of ansible.utils too. */
static const char *redirected(const char *name)
{
    static const char *const full_names[] = {
        "ansible.utils.cidr_merge",
        "ansible.utils.hwaddr",
        "ansible.utils.ip4_hex",
        "ansible.utils.ipaddr",
        "ansible.utils.ipmath",
        "ansible.utils.ipsubnet",
        "ansible.utils.ipv4",
        "ansible.utils.ipv6",
        "ansible.utils.ipwrap",
        "ansible.utils.network_in_network",
        "ansible.utils.network_in_usable",
        "ansible.utils.next_nth_usable",
        "ansible.utils.nthhost",
        "ansible.utils.previous_nth_usable",
        "ansible.utils.reduce_on_network",
        "ansible.utils.slaac",
        "community.general.json_query",
        "community.general.random_mac",
    };
    const char *short_name = text_starts(name, "ansible.netcommon.") ? strrchr(name, '.') + 1 : name;

    if (strcmp(name, "ansible.netcommon.macaddr") == 0)
        return "ansible.utils.macaddr";
    for (size_t i = 0; i < sizeof(full_names) / sizeof(full_names[0]); i++)
        if (strcmp(strrchr(full_names[i], '.') + 1, short_name) == 0)
            return full_names[i];
    return name;
}

static const struct filter *find_exactly(const char *name)
{
    for (size_t i = 0; i < FAMILIES; i++)
        for (const struct filter *filter = families[i]; filter->name != NULL; filter++)
            if (eval_name_is(filter->name, name))
                return filter;
    return NULL;
}

const struct filter *filter_find(const char *name)
{
    const struct filter *found;

    name = builtin_short_name(name);
    found = find_exactly(name);
    return found == NULL ? find_exactly(redirected(name)) : found;
}

#define CANDIDATES_MAX 512

const char *plugin_unknown(struct arena *arena, const char *name, const char *nearest)
{
    bool is_name = name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")] == '\0';
    const char *text = arena_printf(arena, "Could not load \"%s\": '%s%s'", name,
                                    is_name ? "" : "invalid plugin name: ansible.builtin.", name);

    return nearest == NULL ? text : arena_printf(arena, "%s (did you mean '%s'?)", text, nearest);
}

static const char *last_part(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot == NULL ? name : dot + 1;
}

const char *plugin_nearest(const char *name, const char *const *names, size_t count)
{
    const char *last[CANDIDATES_MAX] = { 0 }, *near;

    for (size_t i = 0; i < count && i < CANDIDATES_MAX; i++)
        last[i] = strchr(name, '.') == NULL ? last_part(names[i]) : names[i];
    near = text_nearest(name, last, count < CANDIDATES_MAX ? count : CANDIDATES_MAX);
    for (size_t i = 0; near != NULL && i < count; i++)
        if (last[i] == near)
            return names[i];
    return NULL;
}

const char *filter_unknown(struct arena *arena, const char *name)
{
    const char *candidates[CANDIDATES_MAX], *nearest;
    size_t count = 0;

    for (size_t i = 0; i < FAMILIES; i++)
        for (const struct filter *filter = families[i]; filter->name != NULL && count < CANDIDATES_MAX; filter++)
            candidates[count++] = filter->name;
    nearest = plugin_nearest(builtin_short_name(name), candidates, count);
    if (nearest != NULL && strchr(name, '.') == NULL && filter_find(last_part(nearest)) != NULL)
        nearest = last_part(nearest);
    return plugin_unknown(arena, name, nearest);
}

static const struct value *taint_from_args(struct eval *eval, const struct value *made, const struct call_args *args)
{
    for (uint32_t i = 0; i < args->count; i++)
        made = eval_taint(eval, made, args->items[i]);
    for (uint32_t i = 0; i < args->named_count; i++)
        made = eval_taint(eval, made, args->named[i]);
    return made;
}

const struct value *filter_run(struct eval *eval, const struct filter *filter, const struct value *input,
                               struct call_args *args)
{
    const struct value *made;

    if (filter->run == NULL)
        return plugin_run(eval, TEMPLATE_FILTER, filter->name, input, args);
    made = (filter->flags & FILTER_TAKES_UNDEFINED) == 0 ? args_undefined(eval, input, args) : NULL;
    if (made != NULL)
        return made;
    if (eval_is_strict(eval, input) && (filter->flags & FILTER_TAKES_UNDEFINED) == 0)
        return eval_fail_undefined(eval, input);
    if (!args_bind(eval, args, filter->name, filter->params) ||
        (eval->env->has_unopened && (filter->flags & FILTER_TAKES_VAULT) == 0 && !eval_opened_deep(eval, input)))
        return NULL;
    if ((filter->flags & FILTER_TEXT) != 0 && !eval_printable(eval, input))
        return NULL;
    made = filter->run(eval, input, args);
    if (made == NULL)
        return NULL;
    if ((filter->flags & FILTER_KEEPS) == 0)
        made = taint_from_args(eval, eval_taint(eval, made, input), args);
    if ((filter->flags & FILTER_TEXT) != 0 && made->kind == VALUE_STRING)
        made = value_mark(eval->arena, made, VALUE_PRIVATE, 0);
    return eval->tree != NULL && eval->tree->mutates ? eval_own(eval, made) : made;
}
