/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords inside URLs (https://user:password@host): what may be shown of a text that holds some. */
#pragma once

#include "common/base/arena.h"

/* The same text with "********" for the password of every URL in it, and for a lone token (https://TOKEN@host). The
 * user of ssh://git@host is no secret. Returns `text` itself if there is none. */
const char *url_secrets_hide(struct arena *arena, const char *text);
