/* SPDX-License-Identifier: Apache-2.0 */
/* Bundles through the real exchange: taken whole, refused by name, and cut off at every step. */
#include "agent/daemon/bundle.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/trust/bundle_manifest.h"
#include "tests/unit/agent/daemon/controller_stub.h"

#define ABOUT                                                                                                          \
    "{\"format\":1,\"name\":\"site.yml\",\"host\":\"box-7\",\"playbook\":\"project/site.yml\",\"inventory\":"          \
    "\"inventory.yml\",\"config\":\"ansible.cfg\"}"

struct content {
    const char *path, *text;
    unsigned mode;
};

static const struct content first[] = { { "ansible.cfg", "[defaults]\n", 0600 },
                                        { "bundle.json", ABOUT, 0600 },
                                        { "inventory.yml", "all: 1\n", 0600 },
                                        { "project/roles/motd/tasks/main.yml", "tasks one\n", 0644 },
                                        { "project/site.yml", "- hosts: all\n", 0755 } };
static const struct content second[] = { { "ansible.cfg", "[defaults]\n", 0600 },
                                         { "bundle.json", ABOUT, 0600 },
                                         { "inventory.yml", "all: 2\n", 0600 },
                                         { "project/roles/motd/tasks/main.yml", "tasks two\n", 0644 },
                                         { "project/site.yml", "- hosts: all\n", 0755 } };
#define COUNT (sizeof(first) / sizeof(first[0]))

struct publication {
    const struct content *contents;
    size_t count;
    int64_t version, expires_us;
    const struct private_key *key;
    struct node_identity node;
};

static struct publication of(struct stub *stub, const struct content *contents, int64_t version)
{
    return (struct publication){ contents, COUNT, version, clock_wall_us() + DAY_US, stub->signing_key, { "ai-7", 1 } };
}

static void publish(struct stub *stub, const struct publication *publication)
{
    struct bundle_file files[16];
    struct bundle_manifest manifest = { .version = publication->version,
                                        .node = publication->node,
                                        .created_us = publication->expires_us - DAY_US,
                                        .expires_us = publication->expires_us,
                                        .minimum_agent = "0.1.0",
                                        .files = files,
                                        .files_count = publication->count };
    struct value *map = value_map(stub->arena);
    struct error err = ERROR_INIT;
    struct der text = { 0 };

    for (size_t i = 0; i < publication->count; i++) {
        const struct content *content = &publication->contents[i];
        size_t length = strlen(content->text);
        char hex[HASH_HEX_MAX];

        files[i] = (struct bundle_file){ content->path, (int64_t)length,
                                         arena_copy(stub->arena, hash_hex_of(HASH_SHA256, content->text, length, hex)),
                                         content->mode };
        value_map_put_string(stub->arena, map, files[i].sha256, content->text);
    }
    must(bundle_manifest_sign(stub->arena, &manifest, publication->key, &text, &err), &err);
    stub->files = map;
    stub->manifest_version = arena_printf(stub->arena, "%lld", (long long)publication->version);
    stub->manifest = arena_copy_n(stub->arena, (const char *)text.data, text.length);
}

static int setup(void **state)
{
    struct stub *stub = stub_new();

    stub_join_node(stub, "ai-7");
    *state = stub;
    return 0;
}

static int teardown(void **state)
{
    stub_free(*state);
    return 0;
}

/* --- what is there --- */

static enum bundle_outcome take(struct stub *stub, struct error *err)
{
    enum bundle_outcome outcome = BUNDLE_SAME;

    error_clear(err);
    must(bundle_take(stub->arena, &(struct bundle_options){ .state = stub->state }, &outcome, err), err);
    return outcome;
}

static const char *installed(struct stub *stub, const char *path)
{
    return arena_printf(stub->arena, "%s/bundle/files/%s", stub->state, path);
}

static void is_whole(struct stub *stub, const struct content *contents)
{
    for (size_t i = 0; i < COUNT; i++) {
        const char *path = installed(stub, contents[i].path);
        struct error err = ERROR_INIT;
        struct stat info;
        char *text = NULL;
        size_t length = 0;

        must(file_read(stub->arena, path, 4096, &text, &length, &err), &err);
        assert_string_equal(text, contents[i].text);
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_mode & 07777, contents[i].mode);
    }
}

static struct bundle_now now_of(struct stub *stub)
{
    struct bundle_now now = { 0 };
    struct error err = ERROR_INIT;
    bool missing = false;

    must(bundle_now_read(stub->arena, stub->state, &now, &missing, &err), &err);
    return missing ? (struct bundle_now){ 0 } : now;
}

static ino_t inode_of(const char *path)
{
    struct stat info;

    assert_int_equal(stat(path, &info), 0);
    return info.st_ino;
}

/* --- taking --- */

static void a_bundle_is_taken_and_kept(void **state)
{
    struct stub *stub = *state;
    struct publication publication = of(stub, first, 7);
    struct error err = ERROR_INIT;
    struct bundle_now now;

    assert_int_equal(take(stub, &err), BUNDLE_NONE);
    publish(stub, &publication);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    is_whole(stub, first);
    assert_int_equal(stub->fetches, COUNT);
    now = now_of(stub);
    assert_int_equal(now.version, 7);
    assert_string_equal(now.host, "box-7");
    assert_string_equal(now.name, "site.yml");
    assert_string_equal(now.playbook, installed(stub, "project/site.yml"));
    assert_null(now.vars);
    assert_int_equal(take(stub, &err), BUNDLE_SAME);
    assert_int_equal(stub->fetches, COUNT);
}

static void only_what_changed_is_fetched(void **state)
{
    struct stub *stub = *state;
    struct publication one = of(stub, first, 7), two = of(stub, second, 8);
    struct error err = ERROR_INIT;
    ino_t before;

    publish(stub, &one);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    before = inode_of(installed(stub, "project/site.yml"));
    publish(stub, &two);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    is_whole(stub, second);
    assert_int_equal(stub->fetches, COUNT + 2);
    assert_int_equal(inode_of(installed(stub, "project/site.yml")), before);
    assert_false(path_exists(arena_printf(stub->arena, "%s/bundle.next", stub->state)));
}

static void what_somebody_changed_here_is_fetched_anew(void **state)
{
    struct stub *stub = *state;
    struct publication one = of(stub, first, 7), two = of(stub, first, 8);
    struct error err = ERROR_INIT;
    int fd;

    publish(stub, &one);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    fd = open(installed(stub, "project/site.yml"), O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_int_equal(write(fd, "- hosts: bad\n", 13), 13);
    close(fd);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN); /* the same version, once more */
    is_whole(stub, first);
    assert_false(now_of(stub).has_changed);
    assert_int_equal(take(stub, &err), BUNDLE_SAME);
    assert_int_equal(unlink(installed(stub, "inventory.yml")), 0);
    publish(stub, &two);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    is_whole(stub, first);
}

static void a_withdrawn_bundle_is_gone(void **state)
{
    struct stub *stub = *state;
    struct publication one = of(stub, first, 7), none = of(stub, first, 8);
    struct error err = ERROR_INIT;

    publish(stub, &one);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    none.count = 0;
    publish(stub, &none);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    assert_true(now_of(stub).is_withdrawn);
    assert_int_equal(now_of(stub).version, 8);
    assert_false(path_exists(installed(stub, "project/site.yml")));
    publish(stub, &one); /* and what was before it does not come back */
    assert_int_equal(take(stub, &err), BUNDLE_REFUSED);
}

/* --- refusing --- */

/* What is here stays, and the sentence says why. */
static void refused(struct stub *stub, const struct publication *publication, const char *sentence)
{
    struct error err = ERROR_INIT;

    publish(stub, publication);
    assert_int_equal(take(stub, &err), BUNDLE_REFUSED);
    if (strstr(err.text, sentence) == NULL)
        fail_msg("'%s' is not in: %s", sentence, err.text);
    is_whole(stub, first);
    assert_int_equal(now_of(stub).version, 7);
}

static void what_is_not_for_this_node_now_is_refused(void **state)
{
    struct stub *stub = *state;
    struct publication good = of(stub, first, 7), bad;
    PRIVATE_KEY_SCOPED other = NULL;
    struct error err = ERROR_INIT;

    must(private_key_generate(KEY_ED25519, &other, &err), &err);
    publish(stub, &good);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    bad = of(stub, second, 5);
    refused(stub, &bad, "its version 5 is older than 7, which this node has taken");
    bad = of(stub, second, 7);
    publish(stub, &bad);
    stub->manifest_version = "other";
    assert_int_equal(take(stub, &err), BUNDLE_REFUSED);
    assert_non_null(strstr(err.text, "with another content"));
    bad = of(stub, second, 9);
    bad.expires_us = clock_wall_us() - 1;
    refused(stub, &bad, "it has expired at ");
    bad = of(stub, second, 9);
    bad.key = other;
    refused(stub, &bad, "signature");
    bad = of(stub, second, 9);
    bad.node.name = "ai-8";
    refused(stub, &bad, "it is for node 'ai-8', this is 'ai-7'");
    bad = of(stub, second, 9);
    bad.node.generation = 2;
    refused(stub, &bad, "it is for generation 2");
}

static void a_bundle_that_names_what_it_does_not_hold_is_refused(void **state)
{
    static const char *const abouts[] = {
        "{\"format\":1,\"name\":\"x\",\"host\":\"h\",\"playbook\":\"/etc/passwd\",\"inventory\":\"inventory.yml\","
        "\"config\":\"ansible.cfg\"}",
        "{\"format\":1,\"name\":\"x\",\"host\":\"-e\",\"playbook\":\"project/site.yml\",\"inventory\":\"inventory.yml\","
        "\"config\":\"ansible.cfg\"}",
        "{\"format\":9}", "[]"
    };
    struct stub *stub = *state;
    struct publication good = of(stub, first, 7);
    struct error err = ERROR_INIT;

    publish(stub, &good);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    for (size_t i = 0; i < sizeof(abouts) / sizeof(abouts[0]); i++) {
        struct content contents[COUNT];
        struct publication bad = of(stub, contents, 8);

        memcpy(contents, first, sizeof(first));
        contents[1].text = abouts[i];
        refused(stub, &bad, "its bundle.json");
    }
}

static void a_file_that_is_not_what_was_signed_is_not_taken(void **state)
{
    struct stub *stub = *state;
    struct publication one = of(stub, first, 7), two = of(stub, second, 8);
    struct error err = ERROR_INIT;
    enum bundle_outcome outcome = BUNDLE_SAME;
    const struct value *good;
    struct value *bad = value_map(stub->arena);

    publish(stub, &one);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    publish(stub, &two);
    good = stub->files;
    for (size_t i = 0; i < value_count(good); i++)
        value_map_put_string(stub->arena, bad, value_text(value_pair_at(good, i)->key), "all: 9\n");
    stub->files = bad;
    assert_false(bundle_take(stub->arena, &(struct bundle_options){ .state = stub->state }, &outcome, &err));
    assert_non_null(strstr(err.text, "file 'inventory.yml' of the bundle"));
    stub->files = value_map(stub->arena);
    error_clear(&err);
    assert_false(bundle_take(stub->arena, &(struct bundle_options){ .state = stub->state }, &outcome, &err));
    assert_non_null(strstr(err.text, "there is no such file"));
    is_whole(stub, first);
    stub->files = good;
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    is_whole(stub, second);
}

/* --- cut off --- */

static void step_cut(void *data, const char *name)
{
    int *left = data;

    (void)name;
    if ((*left)-- == 0)
        kill(getpid(), SIGKILL);
}

/* What this program is when it is started with `cut STATE STEP`. */
static int take_until(const char *state, int step)
{
    ARENA_SCOPED arena = arena_new();
    struct bundle_options options = { .state = state, .step = step_cut, .data = &step };
    enum bundle_outcome outcome = BUNDLE_SAME;
    struct error err = ERROR_INIT;

    return bundle_take(arena, &options, &outcome, &err) && outcome == BUNDLE_TAKEN ? 0 : 1;
}

/* True: the child came to its end before the step was reached. A program of its own: the stub's threads may hold locks at a fork. */
static bool cut_at(struct stub *stub, int step)
{
    char *argv[] = { (char *)"test_daemon_bundle", (char *)"cut", arena_copy(stub->arena, stub->state),
                     arena_printf(stub->arena, "%d", step), NULL };
    pid_t child = -1;
    int status = 0;

    assert_int_equal(posix_spawn(&child, "/proc/self/exe", NULL, NULL, argv, environ), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

static void a_cut_leaves_the_old_or_the_new_one_whole(void **state)
{
    struct stub *stub = *state;
    struct publication publication = of(stub, first, 1);
    struct error err = ERROR_INIT;
    bool is_done = false;
    int steps = 0;

    publish(stub, &publication);
    assert_int_equal(take(stub, &err), BUNDLE_TAKEN);
    for (int step = 0; !is_done; step++) {
        const struct content *old = step % 2 == 0 ? first : second, *fresh = step % 2 == 0 ? second : first;
        int64_t version = 2 + step;

        publication = of(stub, fresh, version);
        publish(stub, &publication);
        is_done = cut_at(stub, step);
        assert_true(now_of(stub).version == version || now_of(stub).version == version - 1);
        is_whole(stub, now_of(stub).version == version ? fresh : old);
        (void)take(stub, &err); /* what was cut off is done the next time */
        is_whole(stub, fresh);
        assert_int_equal(now_of(stub).version, version);
        steps++;
    }
    assert_true(steps > (int)COUNT + 8);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
    int64_t step = 0;
    const struct CMUnitTest tests[] = {
        CASE(a_bundle_is_taken_and_kept),
        CASE(only_what_changed_is_fetched),
        CASE(what_somebody_changed_here_is_fetched_anew),
        CASE(a_withdrawn_bundle_is_gone),
        CASE(what_is_not_for_this_node_now_is_refused),
        CASE(a_bundle_that_names_what_it_does_not_hold_is_refused),
        CASE(a_file_that_is_not_what_was_signed_is_not_taken),
        CASE(a_cut_leaves_the_old_or_the_new_one_whole),
    };

    if (argc == 4 && strcmp(argv[1], "cut") == 0)
        return text_to_int(argv[3], &step) ? take_until(argv[2], (int)step) : EXIT_FAILURE;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
