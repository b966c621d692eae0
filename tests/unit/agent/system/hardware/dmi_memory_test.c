/* SPDX-License-Identifier: Apache-2.0 */
/* Installed memory out of the SMBIOS table: every form of a size, tables that end early. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/system/hardware/dmi_memory.h"
#include "tests/unit/agent/system/recorded_tree.h"

#define TABLE "/sys/firmware/dmi/tables/DMI"
#define HEADER_LENGTH 0x20

struct table {
    unsigned char data[1024];
    size_t length;
};

/* A memory device with these two size fields, then its strings. */
static void device_add(struct table *table, unsigned size, unsigned extended)
{
    unsigned char *at = table->data + table->length;

    memset(at, 0, HEADER_LENGTH + 2);
    at[0] = 17;
    at[1] = HEADER_LENGTH;
    at[0x0c] = (unsigned char)size;
    at[0x0d] = (unsigned char)(size >> 8);
    at[0x1c] = (unsigned char)extended;
    at[0x1d] = (unsigned char)(extended >> 8);
    at[0x1e] = (unsigned char)(extended >> 16);
    at[0x1f] = (unsigned char)(extended >> 24);
    table->length += HEADER_LENGTH + 2;
}

static void other_add(struct table *table, unsigned char type)
{
    static const unsigned char rest[] = { 4, 1, 0, 'D', 'I', 'M', 'M', 0, 'x', 0, 0 };

    table->data[table->length++] = type;
    memcpy(table->data + table->length, rest, sizeof rest);
    table->length += sizeof rest;
}

static int64_t installed(const struct table *table, size_t length)
{
    struct recorded_tree tree = recorded_tree_new();
    struct sysfs fs = { .system = recorded_tree_system(&tree), .arena = tree.arena };
    int64_t bytes = -1;

    recorded_tree_put(&tree, TABLE, "");
    FILE *file = fopen(arena_printf(tree.arena, "%s" TABLE, tree.root), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(table->data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    if (!dmi_memory_installed(&fs, &bytes))
        bytes = -1;
    recorded_tree_free(&tree);
    return bytes;
}

static void sizes_have_four_forms(void **state)
{
    struct table table = { .length = 0 };

    (void)state;
    other_add(&table, 0);
    device_add(&table, 16384, 0);         /* megabytes */
    device_add(&table, 0x8000 | 1024, 0); /* kilobytes */
    device_add(&table, 0x7fff, 65536);    /* the extended field, megabytes */
    device_add(&table, 0, 0);             /* an empty slot */
    device_add(&table, 0xffff, 0);        /* not known */
    other_add(&table, 127);
    device_add(&table, 1, 0); /* behind the end */
    assert_int_equal(installed(&table, table.length), (16384LL << 20) + (1024LL << 10) + (65536LL << 20));
}

static void broken_tables_say_nothing(void **state)
{
    struct table table = { .length = 0 };

    (void)state;
    device_add(&table, 16384, 0);
    for (size_t length = 0; length < HEADER_LENGTH; length++)
        assert_int_equal(installed(&table, length), -1);
    table.data[1] = 3;
    assert_int_equal(installed(&table, table.length), -1);
    table.data[1] = 0xff;
    assert_int_equal(installed(&table, table.length), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_four_forms),
        cmocka_unit_test(broken_tables_say_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
