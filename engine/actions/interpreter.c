/* SPDX-License-Identifier: Apache-2.0 */
/* Variables first, as in Ansible; all kinds of "auto" are one. */
#include "engine/actions/interpreter.h"

#include <string.h>

#include "common/base/text.h"
#include "common/value/value_python.h"

bool interpreter_variable(struct action_call *call, const char *name, const char **out, struct error *err)
{
    const struct value *value = NULL;

    *out = NULL;
    if (!action_target_variable(call, name, &value, err))
        return false;
    if (value != NULL && !value_is(value, VALUE_NULL)) {
        const char *text = value_to_text(call->arena, value);

        *out = text_trim(call->arena, text, strlen(text));
    }
    return true;
}

bool interpreter_python(struct action_call *call, const char **out, struct error *err)
{
    static const char *const automatic[] = { "", "auto", "auto_legacy", "auto_silent", "auto_legacy_silent", NULL };

    if (!interpreter_variable(call, "ansible_python_interpreter", out, err))
        return false;
    if (*out == NULL)
        *out = action_setting(call, "interpreter_python");
    if (*out != NULL && text_in(*out, automatic))
        *out = NULL;
    return true;
}
