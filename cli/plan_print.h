/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for people: where each replica goes and why, and the memory of each node as a bar. Of answers of the controller's /api/v1/plan. */
#pragma once

#include <stdio.h>

#include "common/base/arena.h"
#include "common/value/value.h"

/* Each place as a paragraph that is wrapped to `columns` (0: not). True: all of them have a place. */
bool plan_print_places(struct arena *arena, FILE *out, const struct value *places, int columns);
/* One line for each that has no place: what it waits for. */
void plan_print_waiting(struct arena *arena, FILE *out, const struct value *places);
/* Bars that fit `columns` (0: 80), and what their letters mean. */
void plan_print_nodes(struct arena *arena, FILE *out, const struct value *nodes, int columns);
