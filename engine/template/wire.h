/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values on their way to a plugin in Python and back: JSON, and for what JSON does not know a map {"__roost": KIND, ...} that
 * engine/python/driver_template.py takes apart. Objects that are computed on demand (hostvars) cross as a number; Python asks
 * for what it wants of them.
 */
#pragma once

#include "engine/template/eval.h"

struct wire {
    struct eval *eval;
    struct value *objects; /* a list: the place is the number */
    bool has_kinds;        /* some value did cross in such a map */
    bool is_outside;       /* what crosses was not made by the template that asks: a loop's terms */
    bool is_secret;        /* something that crossed is secret, so what comes back is */
};

struct wire wire_new(struct eval *eval);
/* NULL: it cannot cross; error set. */
const struct value *wire_out(struct wire *wire, const struct value *value);
const struct value *wire_in(struct wire *wire, const struct value *value);
/* What Python asks of objects: false when `asked` asks something else. *out NULL: error set. */
bool wire_answers(struct wire *wire, const struct value *asked, const struct value **out);
