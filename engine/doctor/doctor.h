/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with an AI box: rules are data (rules.yml, built in, or a file of the same form), evaluated against the facts of a
 * host (docs/facts.md). Knows nothing about hosts, runs or connections; prints nothing. docs/doctor.md says how rules are written.
 */
#pragma once

#include "engine/template/template.h"

#define DOCTOR_RULES_MAX 1000
#define DOCTOR_ITEMS_MAX 10000 /* of one rule's `each` */

enum doctor_severity { DOCTOR_NOTHING, DOCTOR_INFO, DOCTOR_WARNING, DOCTOR_ERROR };

struct doctor_rule {
    const char *id, *since, *source;
    enum doctor_severity severity;
    const struct value *when, *each;       /* bare expressions (`when` may be a bool); each: NULL without */
    const struct value *sentence, *remedy; /* templates */
};

struct doctor_rules {
    const char *path;           /* of the file, or what the built-in one is called */
    const char *dated;          /* "2026-11-21" */
    const struct value *values; /* names that expressions share: map of bare expressions, or NULL */
    struct doctor_rule *items;
    size_t count;
};

/* Everything that can be wrong without facts is found here, with file:line:column: form, unknown keys, syntax, unknown filters and
 * tests. `path` NULL: the built-in rules. Lives in `arena`, which must live as long as the environment is used. */
bool doctor_rules_read(struct arena *arena, struct template_env *env, const char *path, struct doctor_rules *out,
                       struct error *err);
/* The built-in rule file, as it was written. */
const char *doctor_rules_builtin(void);
/* Leaves out the rules of these names (list of strings, or NULL); a name that no rule has is an error. */
bool doctor_rules_ignore(struct arena *arena, struct doctor_rules *rules, const struct value *ids, struct error *err);
/* "error", "warning", "info"; DOCTOR_NOTHING: "nothing". */
const char *doctor_severity_name(enum doctor_severity severity);
enum doctor_severity doctor_severity_of(const char *name); /* DOCTOR_NOTHING: no such name */

/* All strings and maps are JSON's: a report can be shown as it is. */
struct doctor_report {
    const struct value *findings;  /* list of {id, severity, sentence, remedy, source, since}: the worst first */
    const struct value *undecided; /* list of {id, why}: rules that ask for a fact that is not known */
    const struct value
        *problems; /* list of texts "file:line:column: rule 'x': ...": rules that could not be evaluated */
    enum doctor_severity worst;
};

/* `facts`: a host's ansible_facts, with `roost` (or, as a module gives them, `ansible_roost`). Fails only without those. */
bool doctor_examine(struct arena *arena, struct template_env *env, const struct doctor_rules *rules,
                    const struct value *facts, struct doctor_report *out, struct error *err);

/* The names without "ansible_" before them, as the variable ansible_facts has them. */
const struct value *doctor_facts_plain(struct arena *arena, const struct value *facts);

/*
 * Hosts in a JSON file of facts -> map from names to their ansible_facts. The file may hold what `roost facts` prints, one host's
 * facts (as `roost-agent facts` prints them, or below `ansible_facts`), or the facts below `roost` alone; one host without a
 * name gets `name`.
 */
bool doctor_facts_of(struct arena *arena, const struct value *document, const char *name, const struct value **out,
                     struct error *err);
