/* SPDX-License-Identifier: Apache-2.0 */
/* What modules for package repositories and their keys share: fetching a key, and having apt read its lists again. */
#pragma once

#include "agent/task/task_context.h"

/* The bytes behind http, https, ftp or file URL. Limit: 16 MiB. */
bool repository_download(struct task_context *task, const char *url, bool validate_certs, char **data_out,
                         size_t *length_out, struct error *err);
/* apt-get update, up to `tries` times with growing pauses of at most `longest_s` seconds. *complaint_out: what apt said
 * when it never succeeded, else NULL. */
bool repository_refresh_apt(struct task_context *task, int64_t tries, int64_t longest_s, const char **complaint_out,
                            struct error *err);
