/* SPDX-License-Identifier: Apache-2.0 */
/* What get_url reads from texts: the file name of a URL, and checksums for it. Pure. */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"

/* Last part of a URL's path; "index.html" when that is empty. */
const char *url_filename(struct arena *arena, const char *url);
/* Does the text start with http://, https://, ftp:// or file://? */
bool url_is_complete(const char *text);
/* Finds the checksum for `filename` in a file of checksums, or in one that holds nothing else. NULL: it is not there. */
const char *url_checksum_find(struct arena *arena, const char *data, const char *filename);
/* Lower case, without anything that is no letter or digit (zero-width blanks of web pages). NULL: no hexadecimal
 * number. */
const char *url_checksum_clean(struct arena *arena, const char *text);
