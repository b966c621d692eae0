/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of recorded machines (tests/data/boxes), and of a small tree made here. */
#include "agent/daemon/sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/json/json.h"

static double figure(const struct value *sample, const char *key)
{
    const struct value *value = value_map_get(sample, key);

    return value_is(value, VALUE_REAL)  ? value->as.real
           : value_is(value, VALUE_INT) ? (double)value->as.integer
                                        : (double)NAN;
}

static const struct value *sample_of(struct arena *arena, const char *root, struct sample_energy *energy,
                                     int64_t now_us)
{
    struct system *system = arena_new_of(arena, struct system);
    const struct sysfs fs = { .system = system, .arena = arena };

    system->root = root;
    return sample_read(&fs, energy, now_us);
}

static void file_put(struct arena *arena, const char *root, const char *name, const char *text)
{
    const char *path = arena_printf(arena, "%s/%s", root, name);
    struct error err = ERROR_INIT;
    FILE *file;

    if (!path_is_folder(path_dirname(arena, path)))
        assert_true(folder_create(arena, path_dirname(arena, path), 0755, &err));
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_strix_halo(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct sample_energy energy = { .count = 0 };
    const struct value *sample = sample_of(arena, TEST_DATA "/boxes/strix-halo-debian13", &energy, 5000000);

    (void)state;
    assert_int_equal(figure(sample, "at_us"), 5000000);
    assert_true(figure(sample, "watts") > 1 && figure(sample, "watts") < 300);
    assert_true(figure(sample, "celsius") > 10 && figure(sample, "celsius") < 120);
    assert_true(figure(sample, "gpu_busy") >= 0 && figure(sample, "gpu_busy") <= 1);
    assert_true(figure(sample, "gtt_total") > 1e9);
    assert_true(figure(sample, "gtt_used") <= figure(sample, "gtt_total"));
    assert_true(figure(sample, "vram_total") > 1e8);
    assert_true(figure(sample, "memory_used") > 0 && figure(sample, "memory_used") < figure(sample, "memory_total"));
}

/* A server without a GPU: power is the growth of the processors' counters. */
static void test_processors(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct sample_energy energy = { .count = 0 };
    char root[] = "/tmp/roost-sample-XXXXXX";
    const struct value *sample;
    static const char *const files[] = {
        "sys/class/powercap/intel-rapl:0/name",
        "sys/class/powercap/intel-rapl:0/energy_uj",
        "sys/class/powercap/intel-rapl:1/name",
        "sys/class/powercap/intel-rapl:1/energy_uj",
        "sys/class/powercap/intel-rapl:0:0/name",
        "sys/class/powercap/intel-rapl:0:0/energy_uj",
        "sys/class/hwmon/hwmon0/name",
        "sys/class/hwmon/hwmon0/temp1_input",
        "proc/loadavg",
        "sys/class/powercap/intel-rapl:0",
        "sys/class/powercap/intel-rapl:1",
        "sys/class/powercap/intel-rapl:0:0",
        "sys/class/powercap",
        "sys/class/hwmon/hwmon0",
        "sys/class/hwmon",
        "sys/class",
        "sys",
        "proc",
        "",
    };

    (void)state;
    assert_non_null(mkdtemp(root));
    file_put(arena, root, files[0], "package-0\n");
    file_put(arena, root, files[1], "1000000\n");
    file_put(arena, root, files[2], "package-1\n");
    file_put(arena, root, files[3], "5000000\n");
    file_put(arena, root, files[4], "core\n");
    file_put(arena, root, files[5], "900000\n");
    file_put(arena, root, files[6], "k10temp\n");
    file_put(arena, root, files[7], "61250\n");
    file_put(arena, root, files[8], "0.25 0.50 0.75 1/100 4242\n");
    sample = sample_of(arena, root, &energy, 10000000);
    assert_true(isnan(figure(sample, "watts")));
    assert_true(figure(sample, "celsius") == 61.25);
    assert_true(figure(sample, "load") == 0.25);
    assert_null(value_map_get(sample, "gtt_total"));
    file_put(arena, root, files[1], "601000000\n");
    file_put(arena, root, files[3], "1205000000\n");
    sample = sample_of(arena, root, &energy, 70000000); /* 1800 J in 60 s */
    assert_true(fabs(figure(sample, "watts") - 30) < 1e-6);
    file_put(arena, root, files[1], "5\n"); /* it began anew */
    sample = sample_of(arena, root, &energy, 130000000);
    assert_true(isnan(figure(sample, "watts")));
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        remove(arena_printf(arena, "%s/%s", root, files[i]));
    assert_false(path_exists(root));
}

static void test_nothing_there(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct sample_energy energy = { .count = 0 };

    (void)state;
    assert_string_equal(json_text(arena, sample_of(arena, "/nowhere", &energy, 7), JSON_COMPACT), "{\"at_us\":7}");
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_strix_halo), cmocka_unit_test(test_processors),
                                        cmocka_unit_test(test_nothing_there) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
