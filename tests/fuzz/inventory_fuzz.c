/* SPDX-License-Identifier: Apache-2.0 */
/* INI inventories from hostile hands: reading ends in hosts or in a sentence. */
#include <stddef.h>
#include <stdint.h>

#include "engine/inventory/inventory_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct inventory *inventory = inventory_new(arena);
    const char *text = arena_copy_n(arena, (const char *)data, size);
    struct inventory_selection selection = { .pattern = value_string(arena, "all:!*1"), .limit = "*" };
    struct inventory_host_list hosts = { 0 };
    struct error err = ERROR_INIT;

    if (size > 65536 || !inventory_read_ini(inventory, "fuzz", text, size, &err))
        return 0;
    inventory_reconcile(inventory, NULL);
    inventory_match(inventory, arena, &selection, &hosts, &err);
    return 0;
}
