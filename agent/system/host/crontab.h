/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of a crontab as its lines, and the edits that Ansible's cron module makes: jobs are found by the comment line
 * "#Ansible: NAME" before them, variables by their name. Pure text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/arena.h"
#include "common/value/value.h"

struct crontab {
    struct arena *arena;
    const char **lines; /* without line ends */
    size_t count, capacity;
};

void crontab_parse(struct arena *arena, const char *text, struct crontab *out);
/* What some versions of `crontab -l` put before a user's own lines is not part of them. */
char *crontab_without_header(struct arena *arena, const char *text);
char *crontab_text(const struct crontab *crontab); /* blank lines at the end go; ends with a line end unless empty */
bool crontab_is_blank(const struct crontab *crontab);

/* The job of that name becomes `job` (the lines of it). A line equal to `job` without a comment of its own is adopted.
 * True if anything changed. */
bool crontab_set_job(struct crontab *crontab, const char *name, const char *job);
bool crontab_remove_job(struct crontab *crontab, const char *name);
/* The line that declares a variable, or NULL. */
const char *crontab_variable(const struct crontab *crontab, const char *name);
/* `declaration` stands in for each that is there. */
void crontab_replace_variable(struct crontab *crontab, const char *name, const char *declaration);
/* A new one: on top, or before or behind the variable `other`. False: there is no such variable. */
bool crontab_add_variable(struct crontab *crontab, const char *declaration, const char *other, bool behind);
bool crontab_remove_variable(struct crontab *crontab, const char *name);

struct value *crontab_job_names(const struct crontab *crontab);
struct value *crontab_variable_names(const struct crontab *crontab);
