/* SPDX-License-Identifier: Apache-2.0 */
/* Why a URL gave nothing, in the words of Python's urlopen: playbooks test the messages of get_url and uri. */
#pragma once

#include "common/base/arena.h"

/* "<urlopen error [Errno 111] Connection refused>" for what common/http said of `url`; its own sentence where Python has
 * none that is better. */
const char *url_failure_text(struct arena *arena, const char *url, const char *said);
/* The same for a file:// URL that names a folder, which http would take for an empty file; else NULL. */
const char *url_folder_failure(struct arena *arena, const char *url);
