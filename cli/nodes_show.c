/* SPDX-License-Identifier: Apache-2.0 */
/* One node: what the controller knows of it, its open drift and its last runs. */
#include "cli/nodes_show.h"

#include <stdio.h>

#include "cli/runs_rows.h"
#include "common/base/text.h"
#include "common/value/value_python.h"

#define RUNS_SHOWN 5

static const struct table_column runs_layout[] = {
    { "RUN", "id", false },         { "KIND", "kind", false },     { "STATE", "state", false },
    { "STARTED", "started", true }, { "REASON", "reason", false },
};

static void line(struct center_verb *verb, const char *label, const char *text)
{
    struct text out = text_new(verb->arena);

    table_add_told(&out, text == NULL ? "-" : text);
    printf("  %-11s %s\n", label, out.data);
}

static const char *text_of(struct arena *arena, const struct value *map, const char *key)
{
    const struct value *value = value_map_get(map, key);

    return value == NULL || value_is(value, VALUE_NULL) ? NULL : value_to_text(arena, value);
}

static void verdict_line(struct center_verb *verb, const struct value *node)
{
    const char *reason = value_map_text(node, "reason"), *verdict = value_map_text(node, "verdict");

    line(verb, "verdict",
         arena_printf(verb->arena, "%s%s%s", verdict == NULL ? "unknown" : verdict, reason == NULL ? "" : ": ",
                      reason == NULL ? "" : reason));
}

static const char *age(struct arena *arena, const char *iso)
{
    return iso == NULL ? "never" : table_age_of(arena, iso);
}

static void bundle_line(struct center_verb *verb, const struct value *bundle)
{
    const char *state = value_map_text(bundle, "state"), *playbook = value_map_text(bundle, "playbook");

    if (state == NULL)
        line(verb, "bundle", "nothing is declared for it yet: roost publish");
    else if (text_equal(state, "withdrawn"))
        line(verb, "bundle", "withdrawn: nothing is declared for it any more");
    else
        line(verb, "bundle",
             arena_printf(verb->arena, "version %s, %s, %s", text_of(verb->arena, bundle, "version"),
                          playbook == NULL ? "-" : playbook, text_equal(state, "waiting") ? "not taken yet" : state));
}

/* Of the last runs: a node's own, which it tells as node:NAME. */
static const struct value *runs_of(struct arena *arena, const struct value *runs, const char *name)
{
    const char *actor = arena_printf(arena, "node:%s", name);
    struct value *out = value_list(arena);

    for (size_t i = 0; i < value_count(runs) && value_count(out) < RUNS_SHOWN; i++) {
        if (text_equal(value_map_text(value_item(runs, i), "actor"), actor))
            value_list_add(arena, out, value_item(runs, i));
    }
    return runs_rows(arena, out);
}

static void node_print(struct center_verb *verb, const struct value *node, size_t drift)
{
    struct arena *arena = verb->arena;
    const char *policy = text_of(arena, node, "policy");

    printf("%s\n", value_map_text(node, "name"));
    verdict_line(verb, node);
    line(verb, "seen", age(arena, value_map_text(node, "seen")));
    line(verb, "state", value_map_text(node, "state"));
    if (policy != NULL)
        line(verb, "policy", policy);
    line(verb, "agent", value_map_text(node, "agent"));
    line(verb, "generation", text_of(arena, node, "generation"));
    line(verb, "key", value_map_text(node, "key"));
    bundle_line(verb, value_map_get(node, "bundle"));
    if (drift == 0)
        line(verb, "drift", "none is known");
    else
        line(verb, "drift", arena_printf(arena, "%zu open: roost drift %s", drift, value_map_text(node, "name")));
    printf("\n");
}

bool nodes_show(struct center_verb *verb, const char *name, struct error *err)
{
    struct arena *arena = verb->arena;
    const struct value *node = NULL, *drift = NULL, *page = NULL;

    if (!center_client_ask(verb->client, NULL, arena_printf(arena, "/api/v1/nodes/%s", name), NULL, &node, err))
        return false;
    if (verb->json) {
        center_verb_json(verb, node);
        return true;
    }
    if (!center_client_list(verb->client, arena_printf(arena, "/api/v1/drift?resolved=false&node=%s", name), "before",
                            &drift, err) ||
        !center_client_ask(verb->client, NULL, "/api/v1/runs?limit=1000", NULL, &page, err))
        return false;
    node_print(verb, node, value_count(drift));
    center_verb_print(verb, runs_of(arena, value_map_get(page, "items"), name), runs_layout,
                      sizeof(runs_layout) / sizeof(runs_layout[0]), "None of the last runs was its own");
    return true;
}
