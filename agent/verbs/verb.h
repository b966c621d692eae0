/* SPDX-License-Identifier: Apache-2.0 */
/* One verb of `roost-agent` = one file in agent/verbs that ends in one struct; the table is generated from the
 * folder. */
#pragma once

#include <stddef.h>

struct agent_verb {
    const char *name;                  /* "session" */
    const char *summary;               /* one line for roost-agent --help */
    const char *usage;                 /* what follows the name */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit code */
};

#define AGENT_VERB_DEFINE(name_)                                                                                       \
    extern const struct agent_verb agent_verb_##name_;                                                                 \
    const struct agent_verb agent_verb_##name_

extern const struct agent_verb *const agent_verb_table[]; /* generated; NULL-terminated, sorted by name */
extern const size_t agent_verb_table_count;

#define EXIT_OPTIONS 5 /* bad command line, as ansible's programs exit */
