/* SPDX-License-Identifier: Apache-2.0 */
/* A folder that goes away again, foreign programs, and a clock that stands, for the tests of common/trust. */
#pragma once

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base/command.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)
#define NOW_US (INT64_C(1794000000) * SECOND_US)

struct fixture {
    struct arena *arena;
    char folder[64];
    struct error err;
};

static inline int fixture_begin(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));

    fixture->arena = arena_new();
    (void)snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/roost-trust-XXXXXX");
    if (mkdtemp(fixture->folder) == NULL)
        return -1;
    *state = fixture;
    return 0;
}

static inline int fixture_remove(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info, (void)kind, (void)walk;
    return remove(path);
}

static inline int fixture_end(void **state)
{
    struct fixture *fixture = *state;

    nftw(fixture->folder, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(fixture->arena);
    free(fixture);
    return 0;
}

#define FIXTURE_TEST(test) cmocka_unit_test_setup_teardown(test, fixture_begin, fixture_end)

static inline char *fixture_path(struct fixture *fixture, const char *name)
{
    return path_join(fixture->arena, fixture->folder, name);
}

static inline char *fixture_write(struct fixture *fixture, const char *name, const void *data, size_t length)
{
    char *path = fixture_path(fixture, name);
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
    return path;
}

static inline char *fixture_write_text(struct fixture *fixture, const char *name, const char *text)
{
    return fixture_write(fixture, name, text, strlen(text));
}

static inline char *fixture_read(struct fixture *fixture, const char *name)
{
    char *data = NULL;
    size_t length;

    if (!file_read(fixture->arena, fixture_path(fixture, name), 1 << 20, &data, &length, &fixture->err))
        fail_msg("%s", fixture->err.text);
    return data;
}

/* A shell line in the folder of the test; its exit status. What it prints is in *output (may be NULL). */
static inline int fixture_shell(struct fixture *fixture, const char *line, char **output)
{
    const char *const argv[] = { "/bin/sh", "-c", line, NULL };
    struct command_output out;

    if (!command_output(fixture->arena, argv, fixture->folder, &out, &fixture->err))
        fail_msg("%s", fixture->err.text);
    if (output != NULL)
        *output = arena_printf(fixture->arena, "%s%s", out.output, out.errors);
    return WIFEXITED(out.status) ? WEXITSTATUS(out.status) : -1;
}

static inline void fixture_shell_ok(struct fixture *fixture, const char *line)
{
    char *output;

    if (fixture_shell(fixture, line, &output) != 0)
        fail_msg("'%s' failed: %s", line, output);
}

static inline void fixture_must(struct fixture *fixture, bool ok)
{
    if (!ok)
        fail_msg("%s", fixture->err.text);
}

/* The call failed, and its error is this text. */
static inline void fixture_refused(struct fixture *fixture, bool ok, const char *text)
{
    assert_false(ok);
    assert_string_equal(fixture->err.text, text);
    error_clear(&fixture->err);
}

/* The call failed, and its error holds this text. */
static inline void fixture_refused_with(struct fixture *fixture, bool ok, const char *part)
{
    assert_false(ok);
    if (strstr(fixture->err.text, part) == NULL)
        fail_msg("'%s' does not hold '%s'", fixture->err.text, part);
    error_clear(&fixture->err);
}
