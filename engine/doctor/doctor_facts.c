/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded facts: the forms in which they are kept in files, made into one. */
#include <string.h>

#include "common/base/text.h"
#include "engine/doctor/doctor.h"

#define PREFIX "ansible_"

const struct value *doctor_facts_plain(struct arena *arena, const struct value *facts)
{
    struct value *plain;

    if (value_map_get(facts, "ansible_roost") == NULL)
        return facts;
    plain = value_map(arena);
    for (size_t i = 0; i < value_count(facts); i++) {
        const struct value_pair *pair = value_pair_at(facts, i);
        const char *name = value_text(pair->key);
        if (name != NULL)
            value_map_put(arena, plain, text_starts(name, PREFIX) ? name + strlen(PREFIX) : name, pair->item);
    }
    return plain;
}

/* A host's facts as a map with `roost`; NULL: these are none. */
static const struct value *host_facts(struct arena *arena, const struct value *map)
{
    const struct value *inner = value_map_get(map, "ansible_facts");

    if (inner != NULL)
        return host_facts(arena, inner);
    map = doctor_facts_plain(arena, map);
    if (value_is(value_map_get(map, "roost"), VALUE_MAP))
        return map;
    if (value_map_get(map, "gpus") == NULL || value_map_get(map, "parameters") == NULL)
        return NULL;
    struct value *facts = value_map(arena); /* the facts below `roost` alone */
    value_map_put(arena, facts, "roost", map);
    return facts;
}

bool doctor_facts_of(struct arena *arena, const struct value *document, const char *name, const struct value **out,
                     struct error *err)
{
    const struct value *one = value_is(document, VALUE_MAP) ? host_facts(arena, document) : NULL;
    struct value *hosts = value_map(arena);

    if (one != NULL) {
        value_map_put(arena, hosts, name, one);
        *out = hosts;
        return true;
    }
    for (size_t i = 0; i < value_count(document); i++) {
        const struct value_pair *pair = value_is(document, VALUE_MAP) ? value_pair_at(document, i) : NULL;
        one = pair != NULL && value_is(pair->item, VALUE_MAP) ? host_facts(arena, pair->item) : NULL;
        if (one == NULL || value_text(pair->key) == NULL)
            return error_set(err, "%s holds no facts of an AI box (roost)%s%s", name, pair != NULL ? " for " : "",
                             pair != NULL && value_text(pair->key) != NULL ? value_text(pair->key) : "");
        value_map_put(arena, hosts, value_text(pair->key), one);
    }
    if (value_count(hosts) == 0)
        return error_set(err, "%s holds no facts of an AI box (roost)", name);
    *out = hosts;
    return true;
}
