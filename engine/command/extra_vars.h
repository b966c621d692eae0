/* SPDX-License-Identifier: Apache-2.0 */
/* -e: "k=v k2='v 2'", "{yaml: or json}", "@file". Later ones win. */
#pragma once

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"
#include "engine/vault/vault.h"

/* `items` NULL-terminated; *out is a map (empty when there are none). `secrets` open encrypted files; NULL: there are none.
 * `merges`: hash_behaviour = merge. */
bool extra_vars_read(struct arena *arena, struct vault_secrets *secrets, const char *const *items, bool merges,
                     const struct value **out, struct error *err);
/* "k=v ..." alone, words without a value under "_raw_params", as Ansible has it: ad-hoc module arguments use it too. */
bool key_values_read(struct arena *arena, const char *text, const struct value **out, struct error *err);
