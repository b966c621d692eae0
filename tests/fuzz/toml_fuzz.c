/* SPDX-License-Identifier: Apache-2.0 */
/* TOML from hostile hands: reading ends in a map or in a sentence; what was read is written and read again without trouble. */
#include <stddef.h>
#include <stdint.h>

#include "common/toml/toml_reader.h"
#include "common/toml/toml_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct toml_source source = { .data = arena_copy_n(arena, (const char *)data, size),
                                  .length = size,
                                  .path = "fuzz" };
    struct text out = text_new(arena);
    const struct value *map = NULL;
    struct error err = ERROR_INIT;

    if (size > 65536 || !toml_read(arena, &source, &map, &err))
        return 0;
    if (!toml_write(&out, map, &err))
        return 0;
    source.data = out.length == 0 ? "" : out.data;
    source.length = out.length;
    toml_read(arena, &source, &map, &err);
    return 0;
}
