/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the configuration says about inventories: section [inventory] of ansible.cfg and its kin. Everything zero: Ansible's
 * defaults. Lists are NULL-terminated.
 */
#pragma once

#include <stdbool.h>

#include "common/value/value.h"

/* The entries of VARIABLE_PRECEDENCE that mean something, in their usual order. */
extern const char *const inventory_precedence[];

struct inventory_rules {
    const char *const *plugins;         /* enable_plugins; NULL: host_list, script, auto, yaml, ini, toml */
    const char *const *yaml_endings;    /* yaml_valid_extensions; NULL: .yaml .yml .json */
    const char *const *ignored_endings; /* ignore_extensions; NULL: Ansible's list */
    const char *const *ignored_names;   /* ignore_patterns: regular expressions */
    const char *group_names;            /* force_valid_group_names: never (default), ignore, always, silently */
    const char *mismatch;               /* host_pattern_mismatch: warning (default), error, ignore */
    bool any_unparsed_fails;            /* any_unparsed_is_failed */
    bool unparsed_fails;                /* unparsed_is_failed */
    bool unparsed_is_silent;            /* unparsed_warning = false */
    bool use_extra_vars;                /* constructed: use_extra_vars of [inventory_plugins] */
    const struct value *extra_vars;     /* map or NULL */
    const char *const *precedence;      /* entries of VARIABLE_PRECEDENCE; NULL: Ansible's order */
    bool merges_hashes;                 /* hash_behaviour = merge */
    bool skips_vars_files; /* vars_plugins_enabled without host_group_vars: no group_vars/, no host_vars/ */
    int script_timeout_s;  /* 0: LIMIT_INVENTORY_SCRIPT_S */
};
