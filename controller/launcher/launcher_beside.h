/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/launcher: a second instance of a replica that has to leave its node (docs/design/workloads.md). */
#pragma once

#include "controller/store/store_instance.h"

struct launcher;
struct turn;

bool beside_is(const struct store_instance *row);
bool beside_is_wanted(struct launcher *launcher, const struct store_instance *row); /* of one that is beside */
/* leaves, has_successor, no_successor, finishes, is_beside. */
void beside_fill(struct launcher *launcher, struct turn *turn);
/* New ones, and those that serve put in their places; *changed_out: all is to be read again. */
bool beside_make(struct launcher *launcher, bool *changed_out, struct error *err);
/* The instance whose place is wanted for it too; 0: none. */
int64_t beside_other(const struct launcher *launcher, const struct store_instance *row);
