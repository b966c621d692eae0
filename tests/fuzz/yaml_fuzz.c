/* SPDX-License-Identifier: Apache-2.0 */
/* YAML from arbitrary bytes; what was read is written in every form. */
#include "common/json/json.h"
#include "common/value/value_python.h"
#include "common/yaml/yaml_reader.h"
#include "common/yaml/yaml_writer.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct yaml_source source = {
        .data = (const char *)data, .length = size, .path = "fuzz.yml", .trusted = true, .warnings = value_list(arena)
    };
    struct text out = text_new(arena);
    const struct value *value = NULL;

    if (size > 100 * 1000 || !yaml_read_all(arena, &source, &value, &err))
        return 0;
    if (arena_used(arena) > 10 * 1000 * 1000)
        return 0;
    value_repr(&out, value);
    json_text(arena, value, JSON_PYTHON);
    yaml_write(&out, value, &(struct yaml_style){ .indent = 4, .block = true, .literal_multiline = true }, &err);
    value_equal(value, value_copy(arena, value));
    return 0;
}
