/* SPDX-License-Identifier: Apache-2.0 */
/* The stations of a job, in the order an item passes them. */
#pragma once

#include "engine/run/job.h"

/* job_loop.c: items and loop control of the task; false: the task fails now with err. */
bool job_loop_prepare(struct job *job, struct error *err);
void job_loop_enter(struct job *job, const struct job_item *item); /* loop variables of this item */
void job_loop_describe(struct job *job, struct job_item *item);    /* puts them into the result */
const struct value *job_loop_variables(struct job *job, const struct job_item *item, struct arena *arena);
bool job_loop_can_send_ahead(struct job *job);

/* job_item.c */
struct job_item *job_item_start(struct job *job, size_t index);
void job_item_send(struct job_item *item);    /* first or next attempt */
void job_item_go_on(struct job_item *item);   /* a reply, a loss or a time */
void job_item_give_up(struct job_item *item); /* nobody waits for it any more */
void job_item_fail(struct job_item *item, const char *message);
void job_item_abort(struct job_item *item, const struct error *err);

/* job_prepare.c: everything evaluated before an item is sent. */
bool job_item_flags(struct job_item *item, struct error *err);
bool job_item_prepare(struct job_item *item, struct error *err);

/* job_async.c: tasks that go on by themselves. */
bool job_async_prepare(struct job_item *item, struct error *err); /* item->async when the task has `async` */
void job_async_call(struct job_item *item);                       /* before the task's own call is sent */
bool job_async_answered(struct job_item *item);                   /* true: the item waits for more */
void job_async_look(struct job_item *item);                       /* the pause is over */
void job_item_submit(struct job_item *item);                      /* sends item->module */

/* job_args.c */
bool job_item_args(struct job_item *item, struct error *err);

/* job_target.c: where and as whom. */
bool job_item_delegate(struct job_item *item, struct error *err);
bool job_item_target(struct job_item *item, struct error *err);

/* job_include.c */
bool job_item_include(struct job_item *item, struct error *err);

/* job_conclude.c: a result is here. False: it is tried again. */
bool job_item_conclude(struct job_item *item);
/* job_result.c: all items are done. */
void job_finish(struct job *job);
void job_emit_item(struct job_item *item);

/* task_keyword.c: keywords, inherited and templated in the job's scope. NULL or the fallback when absent. */
bool keyword_value(struct job *job, enum keyword keyword, const struct value **out, struct error *err);
bool keyword_bool(struct job *job, enum keyword keyword, bool fallback, bool *out, struct error *err);
bool keyword_int(struct job *job, enum keyword keyword, int64_t fallback, int64_t *out, struct error *err);
bool keyword_real(struct job *job, enum keyword keyword, double fallback, double *out, struct error *err);
/* An error of templating as the keyword's. Always false. */
bool keyword_undefined(enum keyword keyword, struct error *err);
bool keyword_text(struct job *job, enum keyword keyword, const char **out, struct error *err);
bool value_as_bool(const struct value *value, bool *out);
bool value_as_int(const struct value *value, int64_t *out);

static inline struct template_call job_call(struct job *job)
{
    return vars_scope_call(&job->scope, job->arena);
}
