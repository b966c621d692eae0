/* SPDX-License-Identifier: Apache-2.0 */
/* Inside controller/gateway: members of maps by tables. */
#pragma once

#include "common/value/value.h"
#include "controller/gateway/ask.h"

struct ask_reading {
    struct arena *arena;   /* for what stays */
    struct arena *scratch; /* for paths and trees */
    struct ask *out;
    struct ask_refusal *why;
};

enum ask_type {
    ASK_BOOL,
    ASK_INT,   /* least to most */
    ASK_REAL,  /* the same; whole numbers too */
    ASK_WORDS, /* a text of least to most bytes, one of `choices` if there are any */
    ASK_OWN,   /* `check` knows */
    ASK_NEVER, /* known, but not taken: `hint` says why or what instead */
};

struct ask_rule {
    const char *name;
    enum ask_type type;
    unsigned kinds; /* of requests; 0: all */
    double least, most;
    const char *const *choices;
    /* `where`: the member's path. */
    bool (*check)(struct ask_reading *reading, const struct value *value, const char *where);
    const char *hint;
    bool required;
    bool is_kept; /* not sent to engines */
};

/* Every member must have a rule and be as it says; null is as if it were absent. `where`: path of the map, "" for the body. */
bool ask_members(struct ask_reading *reading, const struct value *map, const struct ask_rule *rules, const char *where);
/* False, with the sentence. */
bool ask_refuse(struct ask_reading *reading, const char *param, const char *code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
const char *ask_item(struct ask_reading *reading, const char *where, size_t index); /* "messages[2]" */
/* A list of least to most items. */
bool ask_list(struct ask_reading *reading, const struct value *value, const char *where, size_t least, size_t most);

/* --- ask_chat.c --- */
bool ask_messages(struct ask_reading *reading, const struct value *value, const char *where);
/* Those that were looked at, without what engines are not sent of them. In the scratch arena. */
const struct value *ask_messages_sent(struct ask_reading *reading, const struct value *messages);
/* --- ask_tools.c --- */
bool ask_tools(struct ask_reading *reading, const struct value *value, const char *where);
bool ask_tool_choice(struct ask_reading *reading, const struct value *value, const char *where);
bool ask_tool_calls(struct ask_reading *reading, const struct value *value, const char *where);
bool ask_response_format(struct ask_reading *reading, const struct value *value, const char *where);
