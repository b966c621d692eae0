/* SPDX-License-Identifier: Apache-2.0 */
/* What is new, what is mended, and that a look at a few tasks says nothing of the others. */
#include "agent/daemon/drift_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/roost-drift-XXXXXX";
static char mended[256];

static int setup(void **state)
{
    int fd;

    (void)state;
    snprintf(path, sizeof(path), "/tmp/roost-drift-XXXXXX");
    fd = mkstemp(path);
    close(fd);
    unlink(path);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static struct drift_memory *begin(void)
{
    struct drift_memory *memory = NULL;
    struct error err = ERROR_INIT;

    assert_true(drift_memory_open(path, &memory, &err));
    mended[0] = '\0';
    return memory;
}

static void tell_mended(void *data, const char *resource)
{
    (void)data;
    snprintf(mended + strlen(mended), sizeof(mended) - strlen(mended), "%s;", resource);
}

enum { WHOLE, PARTIAL, BROKEN };

static size_t end(struct drift_memory *memory, int how, int64_t begin_us)
{
    const struct drift_end end = {
        .begin_us = begin_us, .is_partial = how == PARTIAL, .is_complete = how != BROKEN, .mended = tell_mended
    };
    struct error err = ERROR_INIT;
    size_t count;

    assert_true(drift_memory_end(memory, &end, &err));
    count = drift_memory_count(memory);
    drift_memory_free(memory);
    return count;
}

static void test_whole(void **state)
{
    struct drift_memory *memory = begin();

    (void)state;
    assert_int_equal(drift_memory_last_ok_us(memory, "a"), 0);
    assert_true(drift_memory_drifts(memory, "a"));
    assert_true(drift_memory_drifts(memory, "b"));
    assert_int_equal(end(memory, WHOLE, 1000), 2);
    memory = begin();
    assert_true(drift_memory_is_whole(memory));
    assert_false(drift_memory_drifts(memory, "b"));
    assert_true(drift_memory_drifts(memory, "c"));
    assert_int_equal(drift_memory_last_ok_us(memory, "c"), 1000);
    assert_int_equal(end(memory, WHOLE, 2000), 2);
    assert_string_equal(mended, "a;");
}

static void test_partial(void **state)
{
    struct drift_memory *memory = begin();

    (void)state;
    drift_memory_drifts(memory, "a");
    drift_memory_drifts(memory, "b");
    assert_int_equal(end(memory, WHOLE, 1000), 2);
    memory = begin();
    drift_memory_ok(memory, "a");
    drift_memory_ok(memory, "x");
    assert_int_equal(end(memory, PARTIAL, 2000), 1);
    assert_string_equal(mended, "a;");
    /* what was looked at was in order then; the others when all was looked at */
    memory = begin();
    assert_int_equal(drift_memory_last_ok_us(memory, "x"), 2000);
    assert_int_equal(drift_memory_last_ok_us(memory, "y"), 1000);
    assert_true(drift_memory_drifts(memory, "x"));
    assert_int_equal(end(memory, PARTIAL, 3000), 2);
    assert_string_equal(mended, "");
    memory = begin();
    assert_int_equal(drift_memory_last_ok_us(memory, "x"), 2000);
    assert_int_equal(end(memory, WHOLE, 4000), 0);
    assert_string_equal(mended, "x;b;");
}

static void test_broken(void **state)
{
    struct drift_memory *memory = begin();

    (void)state;
    drift_memory_drifts(memory, "a");
    end(memory, WHOLE, 1000);
    memory = begin();
    drift_memory_drifts(memory, "b");
    drift_memory_ok(memory, "a");
    assert_int_equal(end(memory, BROKEN, 2000), 2);
    assert_string_equal(mended, "");
    memory = begin();
    assert_false(drift_memory_is_whole(memory));
    assert_int_equal(drift_memory_last_ok_us(memory, "z"), 1000);
    /* a look at a few does not make it whole */
    drift_memory_ok(memory, "a");
    assert_int_equal(end(memory, PARTIAL, 3000), 1);
    memory = begin();
    assert_false(drift_memory_is_whole(memory));
    drift_memory_free(memory);
}

static void test_damaged_file(void **state)
{
    struct drift_memory *memory = NULL;
    struct error err = ERROR_INIT;
    FILE *file = fopen(path, "w");

    (void)state;
    fputs("{\"drifting\": [", file);
    fclose(file);
    assert_false(drift_memory_open(path, &memory, &err));
    assert_true(drift_memory_drifts(memory, "a"));
    assert_int_equal(end(memory, WHOLE, 1), 1);
    drift_memory_free(begin());
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(test_whole), TEST(test_partial), TEST(test_broken),
                                        TEST(test_damaged_file) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
