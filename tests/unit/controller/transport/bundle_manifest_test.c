/* SPDX-License-Identifier: Apache-2.0 */
/* The note beside a bundle is believed only as long as nothing has changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "controller/transport/bundle_manifest.h"

struct place {
    struct arena *arena;
    char folder[32];
    char *agent, *library, *archive, *files[5];
    struct bundle bundle;
};

static void write_file(const char *path, const char *data)
{
    struct error err = ERROR_INIT;
    FD_SCOPED fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_true(fd_write_all(fd, data, strlen(data), &err));
}

static int place_make(void **state)
{
    struct arena *arena = arena_new();
    struct place *place = arena_new_of(arena, struct place);
    struct error err = ERROR_INIT;
    place->arena = arena;
    strncpy(place->folder, "/tmp/manifest-test-XXXXXX", sizeof(place->folder) - 1);
    if (!mkdtemp(place->folder))
        return -1;
    place->agent = arena_printf(arena, "%s/agent", place->folder);
    place->library = arena_printf(arena, "%s/lib with space.so", place->folder);
    place->archive = arena_printf(arena, "%s/agent-0123456789abcdef.tar.gz", place->folder);
    write_file(place->agent, "program");
    write_file(place->library, "library");
    write_file(place->archive, "archive");
    place->files[0] = place->agent;
    place->files[1] = place->library;
    place->files[2] = arena_copy(arena, "");
    place->bundle = (struct bundle){ .path = place->archive, .size = 7, .id = "0123456789abcdef" };
    memset(place->bundle.sha256, 'a', 64);
    *state = place;
    return bundle_manifest_write(arena, place->folder, &place->bundle, place->files, &err) ? 0 : -1;
}

static int place_remove(void **state)
{
    struct place *place = *state;
    pid_t pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", place->folder, (char *)NULL);
        _exit(126);
    }
    waitpid(pid, NULL, 0);
    arena_free(place->arena);
    return 0;
}

static bool is_believed(struct place *place)
{
    struct bundle found = { 0 };
    return bundle_manifest_read(place->arena, place->folder, place->agent, &found);
}

static void unchanged_is_found_again(void **state)
{
    struct place *place = *state;
    struct bundle found = { 0 };
    assert_true(bundle_manifest_read(place->arena, place->folder, place->agent, &found));
    assert_string_equal(found.path, place->archive);
    assert_string_equal(found.id, "0123456789abcdef");
    assert_int_equal(found.size, 7);
    assert_string_equal(found.sha256, place->bundle.sha256);
}

static void another_agent_has_none(void **state)
{
    struct place *place = *state;
    struct bundle found = { 0 };
    assert_false(bundle_manifest_read(place->arena, place->folder, "/other/agent", &found));
    assert_false(bundle_manifest_read(place->arena, "/nowhere", place->agent, &found));
}

static void a_library_of_another_size(void **state)
{
    struct place *place = *state;
    write_file(place->library, "library, newer");
    assert_false(is_believed(place));
}

static void an_agent_of_another_time(void **state)
{
    struct place *place = *state;
    const struct timespec times[2] = { { 1, 0 }, { 1, 0 } };
    assert_int_equal(utimensat(AT_FDCWD, place->agent, times, 0), 0);
    assert_false(is_believed(place));
}

static void a_library_that_is_gone(void **state)
{
    struct place *place = *state;
    unlink(place->library);
    assert_false(is_believed(place));
}

static void an_archive_that_is_gone_or_cut(void **state)
{
    struct place *place = *state;
    write_file(place->archive, "arch");
    assert_false(is_believed(place));
    unlink(place->archive);
    assert_false(is_believed(place));
}

static const char *manifest_of(struct place *place)
{
    return arena_printf(place->arena, "%s/agent-%016llx.manifest", place->folder,
                        (unsigned long long)hash_quick(place->agent, strlen(place->agent)));
}

static void nonsense_is_not_believed(void **state)
{
    struct place *place = *state;
    static const char *const texts[] = {
        "",
        "nonsense\n",
        "roost-bundle 2 0123456789abcdef aa 7\n",
        "roost-bundle 1 ../../etc/passwd aa 7\n",
        "roost-bundle 1 0123456789abcdef aa 7\n", /* names no file */
        "roost-bundle 1 0123456789abcdef aa 7\nno path here\n",
        NULL,
    };
    for (size_t i = 0; texts[i]; i++) {
        write_file(manifest_of(place), texts[i]);
        assert_false(is_believed(place));
    }
}

static void a_folder_that_cannot_be_written(void **state)
{
    struct place *place = *state;
    struct error err = ERROR_INIT;
    assert_false(bundle_manifest_write(place->arena, "/nowhere/at/all", &place->bundle, place->files, &err));
    assert_non_null(strstr(err.text, "cannot write '/nowhere/at/all/agent-"));
}

#define PLACED(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLACED(unchanged_is_found_again),  PLACED(another_agent_has_none),
        PLACED(a_library_of_another_size), PLACED(an_agent_of_another_time),
        PLACED(a_library_that_is_gone),    PLACED(an_archive_that_is_gone_or_cut),
        PLACED(nonsense_is_not_believed),  PLACED(a_folder_that_cannot_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
