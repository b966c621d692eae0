/* SPDX-License-Identifier: Apache-2.0 */
/* URLs as text: where a redirect leads, and what a download shall be called. Pure. */
#pragma once

#include <stdbool.h>

#include "common/base/arena.h"

/* `reference` (a Location header) seen from `base`. */
const char *uri_join(struct arena *arena, const char *base, const char *reference);
/* Scheme, host and port are the same: what is secret for one may be told the other. */
bool uri_same_origin(struct arena *arena, const char *a, const char *b);
/* The host's name, without user, port and brackets. */
const char *uri_host(struct arena *arena, const char *url);
const char *uri_path(struct arena *arena, const char *url); /* "/" when there is none */
/* Ansible's absolute form of a Location header, which knows only the first URL. */
const char *uri_location(struct arena *arena, const char *url, const char *location);
/* Content-Disposition's file name (may be NULL), or the last part of the URL's path; "index.html" when both are empty.
 * Never a path. */
const char *uri_filename(struct arena *arena, const char *url, const char *disposition);
