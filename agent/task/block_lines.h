/* SPDX-License-Identifier: Apache-2.0 */
/* A block of lines between two marker lines in a text: where it is, where it goes. Pure. */
#pragma once

#include "agent/system/file/file_lines.h"

struct block_request {
    const char *begin, *end; /* the marker lines, without their newline */
    const char *block;       /* lines between them; NULL or "": there shall be no block and no markers */
    const char *insertafter; /* regular expression or EOF; NULL: not given */
    const char *insertbefore;
    bool prepend_newline, append_newline; /* an empty line before, behind the block */
};

/* Takes out the block that is there and puts the wanted one in its place, or where the request says. */
bool block_apply(struct file_lines *lines, const struct block_request *request, struct error *err);
