/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs that ask the controller share: options, a list as a table or as JSON, an action, the exit code. */
#pragma once

#include "cli/center_client.h"
#include "cli/table.h"
#include "cli/verb.h"

struct center_verb {
    struct arena *arena;
    struct center_client *client;
    const char *words[256]; /* what is not an option, in order */
    size_t word_count;
    bool json;
    int exit_code;               /* of a verb that went well; 0 unless it says otherwise */
    const struct value *options; /* map: name without dashes -> text, or true for a flag */
};

/* An option of a verb; a flag takes no value. */
struct center_option {
    const char *name; /* "role" for --role */
    bool is_flag;
};

/* The whole verb: reads the command line (--json and --help are everybody's), opens the account, runs, prints an error. */
struct center_action {
    const struct verb *verb;
    const char *help;                    /* behind the usage line */
    const struct center_option *options; /* ends with a NULL name */
    bool (*run)(struct center_verb *verb, struct error *err);
};
int center_verb_run(const struct center_action *action, int argc, char **argv);
/* The same of a verb that can do something without a controller: `client` is NULL when no account is there. */
int center_verb_run_free(const struct center_action *action, int argc, char **argv);

const char *center_verb_option(const struct center_verb *verb, const char *name); /* NULL: not given */
/* Prints a list: JSON when asked for, else a table; `none` is the sentence for an empty one. */
void center_verb_print(struct center_verb *verb, const struct value *rows, const struct table_column *layout,
                       size_t count, const char *none);
/* The terminal has fewer columns than that: no room for what is only good to know. */
bool center_verb_narrow(int columns);
void center_verb_json(struct center_verb *verb, const struct value *value);
/* The word at `index` must be one of `actions` (NULL-terminated); absent: the first. NULL: err is set. */
const char *center_verb_word(struct center_verb *verb, size_t index, const char *const *actions, struct error *err);
/* Not more words than these. */
bool center_verb_at_most(struct center_verb *verb, size_t count, struct error *err);
/* The word at `index` must be there; `what` says what it is. NULL: err is set. */
const char *center_verb_need(struct center_verb *verb, size_t index, const char *what, struct error *err);
