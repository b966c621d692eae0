/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A run of chosen tasks only: those that stand at given places ("PATH:LINE", as events tell them). All others are passed over
 * without a word, save those that only bring variables (gathering facts, include_vars, includes, metas); no handlers. What a
 * task that is passed over would have set may not be looked at: the run then ends with ERROR_PARTIAL and says which it was.
 */
#pragma once

#include "engine/playbook/model.h"
#include "engine/vars/vars.h"

struct run_places;

/* `places`: a list of strings. */
struct run_places *run_places_new(struct arena *arena, const struct value *places, struct vars_world *vars);
/* Is this task to be run? What one that is not would have set is withheld from now on. */
bool run_places_take(struct run_places *places, const struct node *task);
/* The task is being run. */
void run_places_reach(struct run_places *places, const struct node *task);
/* ERROR_PARTIAL when something was missed, or a place was not come to. */
bool run_places_check(struct run_places *places, struct error *err);
