/* SPDX-License-Identifier: Apache-2.0 */
/* Locales: names compared, and lines of locale.gen ("# de_DE.UTF-8 UTF-8") found and switched. Pure text. */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"

/* `locale -a` says de_DE.utf8 where people write de_DE.UTF-8. */
bool locale_same(struct arena *arena, const char *a, const char *b);
/* Is there a line for exactly that name, commented out or not (`commented` allows the former)? */
bool locale_is_offered(struct arena *arena, const char *text, const char *name, bool commented);
/* Every line of that name with or without # before it. */
char *locale_switch(struct arena *arena, const char *text, const char *name, bool on);
/* Without the lines of that name. */
char *locale_without(struct arena *arena, const char *text, const char *name);
