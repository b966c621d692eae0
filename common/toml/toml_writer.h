/* SPDX-License-Identifier: Apache-2.0 */
/* A map as TOML text, laid out as the Python package toml (0.10) does it: plain keys of a table, then its tables. */
#pragma once

#include "common/base/text.h"
#include "common/value/value.h"

/* Nulls in tables are left out. Keys must be texts. */
bool toml_write(struct text *out, const struct value *map, struct error *err);
