/* SPDX-License-Identifier: Apache-2.0 */
/* JSON first. Only text that begins as a map or list does is tried: of all else YAML makes the same. */
#include "engine/vault/data_file.h"

#include <string.h>

#include "common/json/json.h"

static bool looks_like_json(const struct yaml_source *source)
{
    for (size_t i = 0; i < source->length; i++)
        if (strchr(" \t\r\n", source->data[i]) == NULL)
            return source->data[i] == '{' || source->data[i] == '[';
    return false;
}

bool data_read(struct arena *arena, const struct yaml_source *source, const struct value **out, struct error *err)
{
    const struct value *made = NULL;
    struct error why_not = ERROR_INIT;

    if (!looks_like_json(source) || !json_read(arena, source->data, source->length, source->path, &made, &why_not))
        return yaml_read(arena, source, out, err);
    *out = source->trusted ? value_mark(arena, made, VALUE_TRUSTED, 0) : made;
    return true;
}
