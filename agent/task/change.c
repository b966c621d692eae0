/* SPDX-License-Identifier: Apache-2.0 */
/* The gate before every mutation: records what would change, and says whether it may. Decides nothing else. */
#include "agent/task/change.h"

#include <stdarg.h>

#include "agent/task/result.h"
#include "common/base/text.h"

bool change_wanted(struct task_context *task, const char *format, ...)
{
    va_list args;
    struct text sentence = text_new(task->scratch);

    va_start(args, format);
    text_vprintf(&sentence, format, args);
    va_end(args);
    value_list_add(task->scratch, task->result->changes,
                   value_string_borrow(task->scratch, sentence.data, sentence.length));
    task->result->changed = true;
    return !task->check_mode;
}
