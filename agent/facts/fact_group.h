/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One file in agent/facts = one group of facts with Ansible's names (without the ansible_ prefix inside
 * ansible_facts; the engine adds the prefixed names where configured). Readers take everything from system->root,
 * so they are tested on recorded trees. A fact that cannot be read is left out; a group fails only if the machine
 * is broken.
 */
#pragma once

#include "agent/system/host/system.h"

struct fact_group {
    const char *name;         /* gather_subset name: "network", "hardware", "distribution" ... */
    const char *const *names; /* subsets it belongs to besides "all"; "min" = always, NULL-terminated */
    bool (*collect)(const struct system *system, struct arena *arena, struct value *facts, struct error *err);
    const char *const *requires; /* groups that must have been collected before; NULL: none */
};

#define FACT_GROUP_DEFINE(name_)                                                                                       \
    extern const struct fact_group fact_group_##name_;                                                                 \
    const struct fact_group fact_group_##name_

extern const struct fact_group *const fact_group_table[]; /* generated */
extern const size_t fact_group_table_count;
/* Collects the groups that `subset` (list of strings, Ansible's grammar with ! and min; NULL: all) selects. */
bool facts_collect(const struct system *system, struct arena *arena, const struct value *subset, struct value *facts,
                   struct error *err);

struct facts_request {
    const struct value *subset; /* as above */
    const char *fact_path;      /* folder of local facts; NULL: /etc/ansible/facts.d */
    struct value *warnings;     /* list that receives sentences, or NULL */
    const char *python;         /* see struct system; NULL: the node's own */
};
bool facts_collect_request(const struct system *system, struct arena *arena, const struct facts_request *request,
                           struct value *facts, struct error *err);
