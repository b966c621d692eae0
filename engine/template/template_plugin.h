/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters, tests and lookups that are not Roost's own: plugins in Python, of playbooks, roles, collections and ansible-core. Where
 * they are and who runs them is not known here.
 */
#pragma once

#include "engine/foreign/foreign.h"
#include "engine/template/template.h"

enum template_plugin { TEMPLATE_FILTER, TEMPLATE_TEST, TEMPLATE_LOOKUP };

struct template_plugins {
    void *context;
    /* The file that the name means; NULL: there is none, and *why_out tells why one that there is cannot be run (or NULL).
     * is_ours: Roost has one of that name, and only what stands before it counts. Cheap for names asked before. */
    const char *(*find)(void *context, enum template_plugin kind, const char *name, bool is_ours, const char **why_out);
    /* foreign_python's ask, by a process that knows where plugins lie. */
    bool (*ask)(void *context, struct arena *arena, const struct foreign_question *question, const struct value **out,
                struct error *err);
};

void template_env_plugins(struct template_env *env, const struct template_plugins *plugins);
/* Is there such a lookup, Roost's own or a plugin? Without an environment Roost's own only. *why_out (may be NULL): of one that
 * there is and that cannot be run, else NULL. */
bool template_lookup_known(struct template_env *env, const char *name, const char **why_out);
/* Roost's own lookup of a like name, or NULL. */
const char *template_lookup_nearest(const char *name);
/* Names of plugins that templates of this run mean, with their files: a map "filter NAME" -> path, or NULL. */
const struct value *template_plugins_used(const struct template_env *env);
