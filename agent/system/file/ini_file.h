/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sections and options of an INI file as lines of text: everything that is not meant stays as it is, comments and
 * line ends included. Pure; reading and writing the file is the caller's.
 */
#pragma once

#include "agent/system/file/file_lines.h"
#include "common/value/value.h"

struct ini_request {
    const char *section;        /* NULL or "": what stands before the first section */
    const char *option;         /* NULL: the section itself */
    const struct value *values; /* list of strings, each once; may be empty */
    bool absent;
    bool exclusive;      /* the option has these values and no others */
    bool no_spaces;      /* name=value instead of name = value */
    bool allow_no_value; /* an option may be a name alone */
};

/* Edits `lines`. *message_out: "OK", or what was done, in the words of community.general.ini_file. */
bool ini_file_edit(struct file_lines *lines, const struct ini_request *request, const char **message_out);
