/* SPDX-License-Identifier: Apache-2.0 */
/* roost-agent: picks the verb. Each verb is a file in agent/verbs. */
#include <stdio.h>
#include <string.h>

#include "agent/verbs/verb.h"
#include "common/base/text.h"

#define VERBS_MAX 64

static int print_help(FILE *out)
{
    fprintf(out, "usage: roost-agent VERB ...\n\nverbs:\n");
    for (size_t i = 0; i < agent_verb_table_count; i++)
        fprintf(out, "  %-10s %s\n", agent_verb_table[i]->name, agent_verb_table[i]->summary);
    return out == stdout ? 0 : EXIT_OPTIONS;
}

static int print_unknown(const char *name)
{
    const char *names[VERBS_MAX];
    size_t count = agent_verb_table_count < VERBS_MAX ? agent_verb_table_count : VERBS_MAX;

    for (size_t i = 0; i < count; i++)
        names[i] = agent_verb_table[i]->name;
    const char *nearest = text_nearest(name, names, count);
    if (nearest)
        fprintf(stderr, "roost-agent: unknown verb '%s'; did you mean '%s'?\n", name, nearest);
    else
        fprintf(stderr, "roost-agent: unknown verb '%s'; roost-agent --help lists them\n", name);
    return EXIT_OPTIONS;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return print_help(stderr);
    const char *name = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    if (is_help(name))
        return print_help(stdout);
    for (size_t i = 0; i < agent_verb_table_count; i++) {
        const struct agent_verb *verb = agent_verb_table[i];
        if (strcmp(verb->name, name) != 0)
            continue;
        if (argc > 2 && is_help(argv[2])) {
            printf("usage: roost-agent %s %s\n%s\n", verb->name, verb->usage, verb->summary);
            return 0;
        }
        return verb->run(argc - 1, argv + 1);
    }
    return print_unknown(name);
}
