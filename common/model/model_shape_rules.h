/* SPDX-License-Identifier: Apache-2.0 */
/* What llama.cpp knows of an architecture and a GGUF file does not say. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum model_rule_flag {
    RULE_ENCODER = 1 << 0,         /* no cache at all */
    RULE_RECURRENT = 1 << 1,       /* every layer */
    RULE_RECURRENT_HEADS = 1 << 2, /* the layers whose head_count_kv is 0 */
    RULE_RECURRENT_EVERY = 1 << 3, /* all but every `interval`th */
    RULE_RECURRENT_BOTH = 1 << 4,  /* every layer, attention beside it */
    RULE_RECURRENT_BARE =
        1 << 5,                /* no head_count_kv and no feed_forward_length; with the latter a layer keeps nothing */
    RULE_DENSE_FIRST = 1 << 6, /* the period begins with the layer that attends to everything */
    RULE_WINDOW_LIST = 1 << 7, /* sliding_window_pattern may be a list for each layer */
    RULE_WINDOW_ALWAYS = 1 << 8, /* a window even if the file does not name one */
    RULE_WINDOW_REST = 1 << 9,   /* every layer that is not recurrent */
    RULE_WINDOW_64 = 1 << 10,    /* a window only when there are 64 layers (EXAONE 4 32B) */
    RULE_NO_EXTRA = 1 << 11,     /* MTP layers keep nothing while they are not used */
    RULE_SHARED_20 = 1 << 12,    /* layers from the 20th on use the cache of earlier ones (Gemma 3n) */
    RULE_INDEX = 1 << 13,        /* sparse attention with an index of its own */
    RULE_UNSURE = 1 << 14,       /* its cache is more than is counted here */
    RULE_DELTA = 1 << 15,        /* recurrent layers are delta nets: they work more than they keep */
};

struct model_rule {
    const char *architecture;
    unsigned flags;
    uint32_t period; /* of window layers; 0: no windows, or a list */
    uint32_t window; /* when the file names none; with `is_fixed` always */
    bool is_fixed;
    uint32_t interval;
};

const struct model_rule *model_rule_find(const char *architecture); /* NULL: not known */
