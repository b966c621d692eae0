/* SPDX-License-Identifier: Apache-2.0 */
/* One-line arguments from arbitrary bytes, read in both ways and as `action:`. */
#include "common/json/json.h"
#include "engine/playbook/args_text.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const struct value *text, *rest = NULL;
    struct value *made = NULL;
    const char *name = NULL;

    if (size > 64 * 1024)
        return 0;
    text = value_string_n(arena, (const char *)data, size);
    if (args_parse(arena, text, false, &made, &err))
        json_text(arena, made, JSON_PYTHON);
    args_parse(arena, text, true, &made, &err);
    args_split_action(arena, text, &name, &rest, &err);
    return 0;
}
