/* SPDX-License-Identifier: Apache-2.0 */
/* The state of one reading, shared by the files that turn TOML into values. */
#pragma once

#include "common/base/text.h"
#include "common/toml/toml_reader.h"

enum toml_table_state {
    TOML_IMPLIED, /* came up in the header of a table beneath it: may still be defined */
    TOML_DEFINED, /* by a header of its own */
    TOML_DOTTED,  /* by dotted keys: only those may add to it */
    TOML_CLOSED,  /* inline tables and arrays: whole as they stand */
    TOML_TABLES,  /* an array of tables */
};

/* What is known of a table besides its content. */
struct toml_table {
    struct value *value;
    enum toml_table_state state;
};

struct toml_loader {
    struct arena *arena;
    const struct toml_source *source;
    const char *at, *end;
    const char *line_start;
    int line;
    struct toml_table *tables; /* open addressing by the value's address */
    size_t table_size, table_count;
    struct error *err;
};

/* At a place of the text; always false. */
bool toml_error(struct toml_loader *in, const char *at, const char *text);
/* Over blanks; over blanks, comments and line ends. */
void toml_blanks(struct toml_loader *in);
bool toml_lines(struct toml_loader *in);
/* What stands there, for messages: a character, or "the end of the line". */
const char *toml_found(struct toml_loader *in, const char *at);

void toml_place(struct toml_loader *in, struct value *value, const char *at);
struct toml_table *toml_table_of(struct toml_loader *in, const struct value *value);
struct value *toml_table_new(struct toml_loader *in, enum toml_table_state state, bool is_list);
/* A key and its value go into `table`; dotted keys make the tables on the way. */
bool toml_pair(struct toml_loader *in, struct value *table, int depth);
/* Parts of a dotted key, as a list of texts. */
bool toml_key(struct toml_loader *in, struct value **out);

/* --- toml_value.c, toml_scalar.c --- */
bool toml_value(struct toml_loader *in, struct value **out, int depth);
bool toml_string(struct toml_loader *in, struct value **out, bool may_be_long);
bool toml_scalar(struct toml_loader *in, struct value **out);
