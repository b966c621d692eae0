/* SPDX-License-Identifier: Apache-2.0 */
/* YAML inventories from hostile hands, then a host pattern (the text behind the first NUL) over what came of them. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/yaml/yaml_reader.h"
#include "engine/inventory/inventory_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct inventory *inventory = inventory_new(arena);
    const char *text = arena_copy_n(arena, (const char *)data, size), *pattern = memchr(text, '\0', size + 1);
    struct yaml_source source = { .data = text, .length = (size_t)(pattern - text), .path = "fuzz", .trusted = true };
    struct inventory_selection selection = { .limit = "all" };
    struct inventory_host_list hosts = { 0 };
    const struct value *content = NULL;
    struct error err = ERROR_INIT;

    if (size > 65536)
        return 0;
    if (yaml_read(arena, &source, &content, &err))
        inventory_read_yaml(inventory, content, NULL, &err);
    inventory_reconcile(inventory, NULL);
    selection.pattern = value_string(arena, source.length < size ? pattern + 1 : "all:!x*");
    inventory_match(inventory, arena, &selection, &hosts, &err);
    return 0;
}
