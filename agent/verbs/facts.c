/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent facts: gathers facts here, or of a recorded tree, and prints them as JSON. */
#include <stdio.h>

#include "agent/facts/fact_group.h"
#include "agent/verbs/verb_options.h"
#include "common/base/path.h"
#include "common/json/json.h"

static int facts_print(const char *root, char **subset_names)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct system system = { .root = root };
    struct value *subset = value_list(arena), *facts = value_map(arena);
    struct json_style style = { .indent = 4, .sort_keys = true };

    for (char **name = subset_names; *name; name++)
        value_list_add(arena, subset, value_string(arena, *name));
    if (!facts_collect(&system, arena, subset, facts, &err)) {
        fprintf(stderr, "roost-agent: facts: %s\n", err.text);
        return 1;
    }
    puts(json_text(arena, facts, style));
    return 0;
}

static int facts_run(int argc, char **argv)
{
    static const struct option longs[] = { { "root", required_argument, NULL, 'r' }, { 0 } };
    const char *root = "";
    int option;

    while ((option = verb_option_next(argc, argv, longs)) != -1) {
        if (option != 'r')
            return EXIT_OPTIONS;
        root = optarg;
    }
    if (root[0] != '\0' && !path_is_folder(root)) {
        fprintf(stderr, "roost-agent: facts: --root: there is no folder '%s'\n", root);
        return 1;
    }
    return facts_print(root, argv + optind);
}

AGENT_VERB_DEFINE(facts) = { .name = "facts",
                             .summary = "Gather facts of this node and print them as JSON",
                             .usage = "[--root FOLDER] [SUBSET]...\n\n"
                                      "SUBSET: groups of facts as gather_subset names them: all, min, hardware, "
                                      "network, virtual ...;\n!NAME leaves one out (default all). --root: a recorded "
                                      "tree instead of this machine.\n",
                             .run = facts_run };
