/* SPDX-License-Identifier: Apache-2.0 */
/* What the lookups in files of keys and values share: terms with options in them, and the files. */
#pragma once

#include "engine/template/eval.h"

/* "key section=a file=b.ini" */
struct table_term {
    const char *key;
    const struct value *options; /* in: those of the call; out: with those of the term over them */
    bool is_inline;              /* the term had options: they are text, whatever they say */
};

/* `names` are the options that may stand in a term, NULL-terminated. A term without blanks and "=" is the key. */
bool table_term_read(struct eval *eval, const char *term, const char *const *names, struct table_term *term_io);
/* The option as text, whatever it is; numbers too. NULL: error set, or the fallback is NULL. */
const char *table_option(struct eval *eval, const struct value *options, const char *name, const char *fallback);
/* A file below files/ of the search folders. */
bool table_read(struct eval *eval, const char *name, const char *encoding, const char **data_out);
/* The words of "a b file=c 'd e=f'" that are no name=value, joined by blanks; the pairs go into `options`. */
const char *table_pairs(struct eval *eval, const char *term, struct value *options);
