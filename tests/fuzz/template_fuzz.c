/* SPDX-License-Identifier: Apache-2.0 */
/* Templates from hostile hands end in a value or in a sentence. Lookups run programs: their names are shadowed. */
#include "engine/template/template.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
static bool shadow(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                   struct error *err)
{
    (void)arena, (void)err;
    *out = value_map_get_n(context, name, length);
    return true;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct value *source = value_string_n(arena, (const char *)data, size > 4096 ? 0 : size), *map = value_map(arena);
    struct template_config config = {
        .strict_undefined = size % 2 == 0, .extension_do = true, .native = size % 3 == 0, .level_2_19 = size % 7 == 0
    };
    struct template_vars vars = { .context = map, .get = shadow };
    struct template_call call = { .env = template_env_new(arena, &config), .arena = arena, .vars = &vars };
    const struct value *out = NULL;
    bool truth = false;

    for (size_t i = 0; i < 3; i++)
        value_map_put(arena, map, (const char *const[]){ "lookup", "query", "q" }[i], value_null());
    source->marks |= VALUE_TRUSTED;
    template_value(&call, source, &out, NULL);
    template_condition(&call, source, &truth, NULL, NULL);
    return 0;
}
