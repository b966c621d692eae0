/* SPDX-License-Identifier: Apache-2.0 */
/* URLs as RFC 3986 has them, by libcurl's own parser: what is decided here is what libcurl will do. */
#pragma once

#include "common/http/http.h"

/* `reference` as seen from `base`: relative or absolute; without fragment. */
bool http_url_join(struct arena *arena, const char *base, const char *reference, char **out, struct error *err);
/* "https://host:port" in lower case, the port always written: who a URL belongs to. */
bool http_url_origin(struct arena *arena, const char *url, char **out, struct error *err);
/* A part of a path or query with everything escaped but letters, digits and "-._~" and what `keep` names. */
char *http_url_escape(struct arena *arena, const char *text, const char *keep);
