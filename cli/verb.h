/* SPDX-License-Identifier: Apache-2.0 */
/* One verb of `roost` = one file in cli/ that ends in one struct; the table is generated from the folder. */
#pragma once

struct verb {
    const char *name;                  /* "apply" */
    const char *summary;               /* one line for roost --help */
    const char *usage;                 /* what follows the name */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; returns the exit code */
};

#define VERB_DEFINE(name_)                                                                                             \
    extern const struct verb verb_##name_;                                                                             \
    const struct verb verb_##name_

/* For a verb that names itself in its own help. */
#define VERB_DECLARE(name_) extern const struct verb verb_##name_

extern const struct verb *const verb_table[];
