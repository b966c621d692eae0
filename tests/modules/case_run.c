/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one case three times: in check mode (the folder must stay as it is, `changed` must be truthful), for real
 * (the result and `verify` must match), and again (nothing may change). Each fresh start has an empty folder of
 * its own.
 */
#include "tests/modules/case_run.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/system/process/process.h"
#include "agent/task/task_run.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "tests/modules/case_match.h"
#include "tests/modules/tree_snapshot.h"

struct case_world {
    struct arena *arena;
    const struct module_case *given;
    const struct case_options *options;
    struct system system;
    char folder[PATH_MAX];
};

/* --- what a case needs --- */

static bool need_is_met(const char *need, const struct case_options *options)
{
    if (strcmp(need, "root") == 0)
        return geteuid() == 0;
    if (strcmp(need, "node") == 0)
        return options->on_node;
    if (strcmp(need, "systemd") == 0)
        return path_is_folder("/run/systemd/system");
    if (strcmp(need, "debian") == 0)
        return path_exists("/etc/debian_version");
    if (strcmp(need, "network") == 0)
        return options->has_network;
    return false;
}

static const char *need_missing(const struct module_case *given, const struct case_options *options)
{
    for (size_t i = 0; i < value_count(given->needs); i++) {
        const char *need = value_text(value_item(given->needs, i));
        if (!need_is_met(need, options))
            return need;
    }
    return NULL;
}

/* --- the folder and its shell lines --- */

static const char *world_shell(struct case_world *world, const char *what, const char *script)
{
    struct error err = ERROR_INIT;
    struct process_result result;
    struct process_request request = PROCESS("/bin/sh", "-e", "-c", script);
    struct system host = { .root = "" };
    struct value *environment = value_map(world->arena);

    value_map_put_string(world->arena, environment, "T", world->folder);
    value_map_put_string(world->arena, environment, "S", world->options->shared);
    request.environment = environment;
    request.folder = world->folder;
    request.timeout_ms = 600000;
    if (!process_run(&host, world->arena, &request, &result, &err))
        return arena_printf(world->arena, "%s: %s", what, err.text);
    if (result.status != 0)
        return arena_printf(world->arena, "%s: exit status %d: %s%s", what, result.status, result.output,
                            result.errors);
    return NULL;
}

bool case_folder_make(char *out, size_t size)
{
    const char *base = getenv("TMPDIR");

    snprintf(out, size, "%s/roost-case-XXXXXX", base && base[0] == '/' ? base : "/tmp");
    return mkdtemp(out) != NULL;
}

void case_folder_remove(struct arena *arena, const char *folder)
{
    struct error err = ERROR_INIT;
    struct process_result result;
    struct process_request request = PROCESS("rm", "-rf", "--", folder);
    struct system host = { .root = "" };

    (void)process_run(&host, arena, &request, &result, &err);
}

static void world_remove(struct case_world *world)
{
    if (world->folder[0] != '\0' && !world->options->keep)
        case_folder_remove(world->arena, world->folder);
    world->folder[0] = '\0';
}

static const char *world_fresh(struct case_world *world)
{
    world_remove(world);
    if (!case_folder_make(world->folder, sizeof world->folder))
        return "cannot make a folder for the case";
    (void)chmod(world->folder, 0755);
    return world->given->given ? world_shell(world, "given", world->given->given) : NULL;
}

/* --- content, as the engine would hold it --- */

static bool content_receive(void *context, int64_t id, int fd, struct error *err)
{
    const struct case_world *world = context;

    if (id != 1 || !world->given->content)
        return error_set(err, "the case has no content %lld", (long long)id);
    return fd_write_all(fd, world->given->content, strlen(world->given->content), err);
}

static bool content_send(void *context, int fd, struct error *err)
{
    char buffer[4096];
    size_t got = sizeof buffer;

    (void)context;
    while (got == sizeof buffer)
        if (!fd_read_all(fd, buffer, sizeof buffer, &got, err))
            return false;
    return true;
}

static const struct value *world_arguments(struct case_world *world)
{
    struct arena *arena = world->arena;
    const char *content = world->given->content;
    const struct value *args = case_fill(arena, world->given->args, world->folder);
    char hex[HASH_HEX_MAX];

    if (!content)
        return args;
    struct value *over = value_map(arena);
    value_map_put_int(arena, over, "_content_id", 1);
    value_map_put_int(arena, over, "_content_size", (int64_t)strlen(content));
    value_map_put_string(arena, over, "_content_sha256", hash_hex_of(HASH_SHA256, content, strlen(content), hex));
    value_map_put_string(arena, over, "_content_sha1", hash_hex_of(HASH_SHA1, content, strlen(content), hex));
    if (!value_map_get(args, "_content_name"))
        value_map_put_string(arena, over, "_content_name", "content");
    return value_merge(arena, args, over, false);
}

/* --- one run --- */

static const struct value *world_run_task(struct case_world *world, bool check_mode)
{
    struct content_channel content = { .context = world, .receive = content_receive, .send = content_send };
    struct task_request request = {
        .module = world->given->module,
        .args = world_arguments(world),
        .check_mode = check_mode,
        .diff_mode = world->given->diff,
    };

    world->system = (struct system){ .root = "" };
    world->system.environment = case_fill(world->arena, world->given->environment, world->folder);
    const struct value *result = task_run(world->arena, &world->system, &request, &content);
    if (world->options->verbose)
        printf("      %s %s\n", check_mode ? "check:" : "run:  ", json_text(world->arena, result, JSON_PYTHON));
    return result;
}

static const char *flag_problem(struct case_world *world, const struct value *expected, const char *key, bool fallback,
                                const struct value *result)
{
    bool wanted = value_map_get(expected, key) ? value_map_true(expected, key) : fallback;

    if (wanted == value_map_true(result, key))
        return NULL;
    return arena_printf(world->arena, "%s is %s, should be %s; result: %s", key, wanted ? "false" : "true",
                        wanted ? "true" : "false", json_text(world->arena, result, JSON_PYTHON));
}

/* The names of a result's fields but invocation, with blanks between. */
static const char *result_order(struct arena *arena, const struct value *result)
{
    struct text names = text_new(arena);

    for (size_t i = 0; i < value_count(result); i++) {
        const char *key = value_text(value_pair_at(result, i)->key);

        if (!text_equal(key, "invocation"))
            text_printf(&names, "%s%s", names.length > 0 ? " " : "", key);
    }
    return names.length > 0 ? names.data : "";
}

/* `expected` may be NULL or leave flags out; then `changed` and `failed` stand for what is meant. */
static const char *result_problem(struct case_world *world, const struct value *expected, bool changed, bool failed,
                                  const struct value *result)
{
    const char *problem = flag_problem(world, expected, "failed", failed, result);

    if (!problem)
        problem = flag_problem(world, expected, "changed", changed, result);
    if (!problem && value_map_get(expected, "skipped"))
        problem = flag_problem(world, expected, "skipped", false, result);
    const struct value *fields = case_fill(world->arena, value_map_get(expected, "result"), world->folder);
    if (!problem && fields)
        problem = case_match(world->arena, "result", fields, result);
    const struct value *absent = value_map_get(expected, "absent");
    for (size_t i = 0; !problem && i < value_count(absent); i++)
        if (value_map_get(result, value_text(value_item(absent, i))))
            problem = arena_printf(world->arena, "result.%s should be absent", value_text(value_item(absent, i)));
    const char *order = value_map_text(expected, "order");
    if (!problem && order && strcmp(order, result_order(world->arena, result)) != 0)
        problem = arena_printf(world->arena, "the fields are '%s', should be '%s'", result_order(world->arena, result),
                               order);
    if (problem && !strstr(problem, "result: "))
        problem = arena_printf(world->arena, "%s; result: %s", problem, json_text(world->arena, result, JSON_PYTHON));
    return problem;
}

static bool expects(const struct module_case *given, const char *key, bool fallback)
{
    return value_map_get(given->expect, key) ? value_map_true(given->expect, key) : fallback;
}

static const char *run_check(struct case_world *world, bool changed, bool failed)
{
    const char *problem = world_fresh(world);

    if (problem)
        return problem;
    const char *before = tree_snapshot(world->arena, world->folder);
    const struct value *result = world_run_task(world, true);
    const char *difference = tree_difference(world->arena, before, tree_snapshot(world->arena, world->folder));
    if (difference)
        return arena_printf(world->arena, "check mode changed the folder: %s", difference);
    problem = result_problem(world, world->given->check, changed, failed, result);
    return problem ? arena_printf(world->arena, "check mode: %s", problem) : NULL;
}

static const char *run_real(struct case_world *world, bool changed, bool failed)
{
    const char *problem = world_fresh(world);

    if (!problem)
        problem = result_problem(world, world->given->expect, changed, failed, world_run_task(world, false));
    if (!problem && world->given->verify)
        problem = world_shell(world, "verify", world->given->verify);
    return problem;
}

static const char *run_again(struct case_world *world)
{
    const char *before = tree_snapshot(world->arena, world->folder);
    const struct value *result = world_run_task(world, false);
    const char *problem = result_problem(world, world->given->again, false, false, result);

    if (!problem && !value_map_true(world->given->again, "changed")) {
        const char *difference = tree_difference(world->arena, before, tree_snapshot(world->arena, world->folder));
        if (difference)
            problem = arena_printf(world->arena, "said unchanged, but %s", difference);
    }
    return problem ? arena_printf(world->arena, "second run: %s", problem) : NULL;
}

enum case_outcome case_run(struct arena *arena, const struct module_case *given, const struct case_options *options,
                           const char **why_out)
{
    struct case_world world = { .arena = arena, .given = given, .options = options };
    const char *missing = need_missing(given, options);
    bool failed = expects(given, "failed", false);
    bool changed = expects(given, "changed", !failed);

    if (missing) {
        *why_out = arena_printf(arena, "needs %s", missing);
        return CASE_SKIPPED;
    }
    const char *problem = run_check(&world, changed, failed);
    if (!problem)
        problem = run_real(&world, changed, failed);
    if (!problem && (!failed || given->again))
        problem = run_again(&world);
    if (options->keep)
        printf("      folder: %s\n", world.folder);
    world_remove(&world);
    *why_out = problem;
    return problem ? CASE_FAILED : CASE_OK;
}
