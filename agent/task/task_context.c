/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The running task's way to the engine: content that stays there until it is wanted, and progress. Without a channel
 * (the agent's own runs) content is refused and progress goes nowhere.
 */
#include "agent/task/task_context.h"

#include <stdarg.h>

#include "common/base/text.h"

bool task_content_receive(struct task_context *task, int64_t id, int fd, struct error *err)
{
    if (!task->content || !task->content->receive)
        return error_set(err, "content %lld cannot be had: this task runs without an engine that sends files",
                         (long long)id);
    return task->content->receive(task->content->context, id, fd, err);
}

bool task_content_send(struct task_context *task, int fd, struct error *err)
{
    if (!task->content || !task->content->send)
        return error_set(err, "content cannot be sent: this task runs without an engine that takes files");
    return task->content->send(task->content->context, fd, err);
}

void task_progress(struct task_context *task, const char *format, ...)
{
    va_list args;

    if (!task->content || !task->content->progress)
        return;
    struct text message = text_new(task->scratch);
    va_start(args, format);
    text_vprintf(&message, format, args);
    va_end(args);
    task->content->progress(task->content->context, message.data);
}
