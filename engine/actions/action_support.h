/* SPDX-License-Identifier: Apache-2.0 */
/* What actions share: putting results, finding files at the centre, argument shortcuts. */
#pragma once

#include "common/base/text.h"
#include "engine/run/action.h"

/* Fields of the result. */
void action_put(struct action_call *call, const char *key, const struct value *value);
void action_put_text(struct action_call *call, const char *key, const char *text);
void action_put_bool(struct action_call *call, const char *key, bool boolean);
void action_put_int(struct action_call *call, const char *key, int64_t integer);
/* failed + msg; always true: `return call_fail(call, next, ...)`. */
bool call_fail(struct action_call *call, enum action_next *next, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* failed + what the error says and where: "... (/path/file.j2:3:8)". Always true. */
bool call_fail_error(struct action_call *call, enum action_next *next, const char *prefix, const struct error *err);
bool call_skip(struct action_call *call, enum action_next *next, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The module's reply becomes the result, over what is already there. */
void action_take_reply(struct action_call *call);
/* The same after content was sent: a difference in text is a list, as copy and template of Ansible return it. */
void action_take_copy(struct action_call *call);
/* What a module that is not Roost's own has printed becomes the result; what is told of a job stays with it. */
struct foreign_output;
void action_take_foreign(struct action_call *call, const struct foreign_output *output);
/* Sends `module` with `args` (borrowed). */
bool action_submit(struct action_call *call, enum action_next *next, const char *module, const struct value *args);
/* A file at the centre: absolute, or searched in `subfolder` of role, task file and play. NULL: not found; err says what. */
const char *action_find_file(struct action_call *call, const char *subfolder, const char *name, struct error *err);
/* A name in a map is no template, but for variables that set_fact and set_stats make. NULL: error set. */
const char *action_variable_name(struct action_call *call, const struct value *key, struct error *err);
/* Python's identifier: what may be a variable's name. */
bool action_is_identifier(const char *name);
/* One of the templated arguments, for an action without a table of its own: what is given under the name or an alias, else
 * the module's default; NULL: neither. A path is not expanded. */
const struct value *action_arg(const struct action_call *call, const char *name);
const char *action_arg_text(const struct action_call *call, const char *name); /* NULL: absent */
bool action_arg_true(const struct action_call *call, const char *name);
/* The task's argument as written, before templating; NULL: absent. */
const struct value *action_raw_arg(const struct action_call *call, const char *name);
