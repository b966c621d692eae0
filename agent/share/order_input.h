/* SPDX-License-Identifier: Apache-2.0 */
/* Orders as lines on a descriptor: the newest whole one counts. Its end means that nobody wants anything any more. */
#pragma once

#include "agent/share/share_order.h"

struct order_input {
    int fd;
    char *buffer; /* ORDER_LINE_MAX + 1, of malloc */
    size_t length;
    bool has_ended;
};

bool order_input_open(int fd, struct order_input *out, struct error *err);
void order_input_close(struct order_input *input); /* the descriptor stays open */
/* Reads what is there, without waiting. *out: the newest order in `arena`, or NULL: there is none. Lines that are no JSON are passed over. */
void order_input_take(struct order_input *input, struct arena *arena, const struct value **out);
