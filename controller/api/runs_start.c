/* SPDX-License-Identifier: Apache-2.0 */
/* Beginning runs: checked, kept in the store, handed to controller/runs. What was typed for a run is handed on and never kept. */
#include <string.h>

#include "common/base/clock.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/api/center.h"
#include "controller/runs/run_choices.h"
#include "controller/runs/run_order.h"
#include "controller/store/store_run.h"

#define RUN_BODY ((size_t)16 * 1024 * 1024)
#define MISSING_TOLD 5

struct run_body {
    const char *kind;
    const struct value *project, *playbooks, *inventories, *options, *extra_vars, *settings, *terminal, *secrets;
};

static const struct arg_spec run_body_args[] = {
    ARG(run_body, kind, ARG_STRING, .required = true, .choices = ARG_NAMES("apply", "check"), .help = "what to do"),
    ARG(run_body, project, ARG_VALUES, .required = true,
        .help = "list of {path, sha256, mode}: the files, which have been put by PUT /api/v1/files/{sha256}"),
    ARG(run_body, playbooks, ARG_LIST, .required = true, .help = "paths in the project"),
    ARG(run_body, inventories, ARG_VALUES, .required = true,
        .help = "paths in the project, or lists of hosts: \"a,b,\""),
    ARG(run_body, options, ARG_MAP, .help = "limit, tags, check, serial and so on, as the options of roost apply"),
    ARG(run_body, extra_vars, ARG_MAP, .help = "variables that win over all others; they are kept with the run"),
    ARG(run_body, settings, ARG_MAP, .help = "the settings of ansible.cfg, texts by name"),
    ARG(run_body, terminal, ARG_MAP, .help = "where the output is shown: color, columns, interactive"),
    ARG(run_body, secrets, ARG_MAP, .no_log = true,
        .help = "connection_password, become_password, settings: never kept"),
    ARG_END,
};
static const struct task_spec run_body_spec = { .name = "run",
                                                .args = run_body_args,
                                                .args_size = sizeof(struct run_body) };

struct again_body {
    bool failed;
    const struct value *terminal, *secrets;
};

static const struct arg_spec again_body_args[] = {
    ARG(again_body, failed, ARG_BOOL, .help = "only on the hosts that had failed or were unreachable"),
    ARG(again_body, terminal, ARG_MAP, .help = "where the output is shown: color, columns, interactive"),
    ARG(again_body, secrets, ARG_MAP, .no_log = true,
        .help = "connection_password, become_password, settings: never kept"),
    ARG_END,
};
static const struct task_spec again_body_spec = { .name = "again",
                                                  .args = again_body_args,
                                                  .args_size = sizeof(struct again_body) };

/* A run on its way into the store. */
struct beginning {
    const struct value *kept; /* what the store has of it: all but terminal and secrets */
    const struct value *terminal, *secrets;
    const char **sha256;
    size_t file_count;
    struct store_run run;
    int64_t id;
};

/* --- checking --- */

static bool bind_part(struct api_call *call, const struct task_spec *spec, const struct value *given)
{
    void *target = arena_alloc(call->arena, spec->args_size);
    struct error err = ERROR_INIT;

    if (given == NULL || arg_bind(call->arena, spec, given, target, &err))
        return true;
    api_reply_error(call, 400, "bad_member", "%s: %s", spec->name, err.text);
    return false;
}

static bool file_check(struct api_call *call, const struct value *entry, struct beginning *beginning)
{
    const char *path = value_map_text(entry, "path"), *sha256 = value_map_text(entry, "sha256");

    if (path != NULL && sha256 != NULL && run_path_is_fine(path) && file_store_is_hash(sha256)) {
        beginning->sha256[beginning->file_count++] = sha256;
        return true;
    }
    api_reply_error(call, 400, "bad_member", "project: '%s' is no {path, sha256, mode} of a file below the project",
                    path == NULL ? "" : path);
    return false;
}

/* All files are here, and stay. */
static bool project_check(struct api_call *call, const struct value *project, struct beginning *beginning)
{
    struct text missing = text_new(call->arena);
    size_t count = 0;

    if (value_count(project) > RUN_PROJECT_FILES) {
        api_reply_error(call, 413, "too_many_files", "%zu files, the limit is %d", value_count(project),
                        RUN_PROJECT_FILES);
        return false;
    }
    beginning->sha256 = arena_new_array(call->arena, const char *, value_count(project) + 1);
    for (size_t i = 0; i < value_count(project); i++) {
        const struct value *entry = value_item(project, i);

        if (!file_check(call, entry, beginning))
            return false;
        if (file_store_hold(center_of(call)->files, value_map_text(entry, "sha256"), NULL))
            continue;
        if (count++ < MISSING_TOLD)
            text_printf(&missing, "%s%s", count > 1 ? ", " : "", value_map_text(entry, "path"));
    }
    if (count > 0)
        api_reply_error(call, 409, "files_missing", "%zu files of the project are not here (%s): put them first", count,
                        missing.data);
    return count == 0;
}

/* Paths that the run's program opens: below the project, nothing else of this machine. */
static bool paths_check(struct api_call *call, const char *what, const struct value *paths)
{
    for (size_t i = 0; i < value_count(paths); i++) {
        const char *path = value_text(value_item(paths, i));

        if (path != NULL && (text_equal(path, ".") || run_path_is_fine(path) ||
                             (text_equal(what, "inventories") && strchr(path, ',') != NULL)))
            continue;
        api_reply_error(call, 400, "bad_member", "%s: '%s' is no path in the project", what, path == NULL ? "" : path);
        return false;
    }
    return true;
}

static bool settings_check(struct api_call *call, const struct value *settings)
{
    for (size_t i = 0; i < value_map_count(settings); i++) {
        if (value_text(value_pair_at(settings, i)->item) != NULL)
            continue;
        api_reply_error(call, 400, "bad_member", "settings: '%s' must be a text",
                        value_text(value_pair_at(settings, i)->key));
        return false;
    }
    return true;
}

static bool kept_check(struct api_call *call, struct beginning *beginning)
{
    const struct value *kept = beginning->kept, *options = value_map_get(kept, "options");

    return bind_part(call, &run_choices_spec, options) && bind_part(call, &run_terminal_spec, beginning->terminal) &&
           bind_part(call, &run_secrets_spec, beginning->secrets) &&
           paths_check(call, "playbooks", value_map_get(kept, "playbooks")) &&
           paths_check(call, "inventories", value_map_get(kept, "inventories")) &&
           paths_check(call, "role_folders", value_map_get(options, "role_folders")) &&
           settings_check(call, value_map_get(kept, "settings")) &&
           project_check(call, value_map_get(kept, "project"), beginning);
}

/* --- the order for the run's program --- */

static const struct value *project_with_sources(struct api_call *call, const struct value *project)
{
    struct value *out = value_list(call->arena);

    for (size_t i = 0; i < value_count(project); i++) {
        const struct value *entry = value_item(project, i), *mode = value_map_get(entry, "mode");
        struct value *file = value_map(call->arena);

        value_map_put_string(call->arena, file, "path", value_map_text(entry, "path"));
        value_map_put_string(call->arena, file, "from",
                             path_absolute(call->arena, file_store_path(center_of(call)->files, call->arena,
                                                                        value_map_text(entry, "sha256"))));
        value_map_put(call->arena, file, "mode", mode == NULL ? value_null() : mode);
        value_list_add(call->arena, out, file);
    }
    return out;
}

static void put_if(struct api_call *call, struct value *map, const char *key, const struct value *value)
{
    if (value != NULL)
        value_map_put(call->arena, map, key, value);
}

static const struct value *order_of(struct api_call *call, const struct beginning *beginning)
{
    static const char *const members[] = { "kind", "playbooks", "inventories", "options", "extra_vars", "settings" };
    struct value *order = value_map(call->arena);

    value_map_put_int(call->arena, order, "run", beginning->id);
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        put_if(call, order, members[i], value_map_get(beginning->kept, members[i]));
    value_map_put(call->arena, order, "project", project_with_sources(call, value_map_get(beginning->kept, "project")));
    put_if(call, order, "terminal", beginning->terminal);
    put_if(call, order, "secrets", beginning->secrets);
    return order;
}

/* --- into the store, and on --- */

static bool begin_run(struct store_connection *writer, struct api_call *call, void *data, struct error *err)
{
    struct beginning *beginning = data;
    struct value *detail = value_map(call->arena);
    bool known = false;

    value_map_put_string(call->arena, detail, "kind", beginning->run.kind);
    value_map_put_string(call->arena, detail, "playbooks", beginning->run.title);
    put_if(call, detail, "limit", value_map_get(value_map_get(beginning->kept, "options"), "limit"));
    if (beginning->run.again_of != 0)
        value_map_put_int(call->arena, detail, "again_of", beginning->run.again_of);
    return store_run_add(writer, &beginning->run, &beginning->id, &known, err) &&
           store_run_files_set(writer, beginning->id, beginning->sha256, beginning->file_count, err) &&
           center_audit(writer, call, "run.start", arena_printf(call->arena, "%lld", (long long)beginning->id),
                        json_text(call->arena, detail, JSON_COMPACT), err);
}

static void begin_then(struct api_call *call, void *data)
{
    const struct beginning *beginning = data;
    const struct runs_start start = { .run_id = beginning->id,
                                      .kind = beginning->run.kind,
                                      .title = beginning->run.title,
                                      .order = order_of(call, beginning) };
    struct value *out = value_map(call->arena);
    struct error err = ERROR_INIT;

    if (!runs_start(center_of(call)->runs, &start, &err)) {
        api_reply_error(call, 503, "not_started", "%s", err.text);
        return;
    }
    value_map_put_int(call->arena, out, "id", beginning->id);
    value_map_put_string(call->arena, out, "state", "waiting");
    api_reply(call, 201, out);
}

static void begin(struct api_call *call, struct beginning *beginning)
{
    const struct value *playbooks = value_map_get(beginning->kept, "playbooks");
    struct text title = text_new(call->arena);

    if (center_of(call)->runs == NULL) {
        api_reply_error(call, 503, "not_started", "this controller runs nothing");
        return;
    }
    if (!kept_check(call, beginning))
        return;
    for (size_t i = 0; i < value_count(playbooks); i++)
        text_printf(&title, "%s%s", i > 0 ? " " : "", value_text(value_item(playbooks, i)));
    beginning->run.kind = value_map_text(beginning->kept, "kind");
    beginning->run.title = title.data;
    beginning->run.actor = call->identity.name;
    beginning->run.options = json_text(call->arena, beginning->kept, JSON_COMPACT);
    beginning->run.state = STORE_RUN_WAITING;
    beginning->run.created_us = clock_wall_us();
    center_write(call, &(struct center_work){ begin_run, begin_then, beginning });
}

static void runs_post(struct api_call *call)
{
    const struct run_body *body = call->body;
    struct beginning *beginning = arena_new_of(call->arena, struct beginning);
    struct value *kept = value_map(call->arena);

    value_map_put_string(call->arena, kept, "kind", body->kind);
    value_map_put(call->arena, kept, "project", body->project);
    value_map_put(call->arena, kept, "playbooks", body->playbooks);
    value_map_put(call->arena, kept, "inventories", body->inventories);
    put_if(call, kept, "options", body->options);
    put_if(call, kept, "extra_vars", body->extra_vars);
    put_if(call, kept, "settings", body->settings);
    beginning->kept = kept;
    beginning->terminal = body->terminal;
    beginning->secrets = body->secrets;
    if (value_count(body->playbooks) == 0)
        api_reply_error(call, 400, "bad_member", "playbooks: at least one");
    else
        begin(call, beginning);
}

/* --- again --- */

/* The hosts that did not do well, as a --limit; NULL: an error was answered. */
static const char *failed_hosts(struct api_call *call, int64_t run_id)
{
    struct store_run_host_filter filter = { .run_id = run_id, .states = ~(unsigned)STORE_RUN_OK };
    struct text limit = text_new(call->arena);
    struct store_run_host_page page;
    struct error err = ERROR_INIT;

    do {
        if (!store_run_host_page(center_of(call)->reader, call->arena, &filter, &page, &err)) {
            center_read_failed(call, &err);
            return NULL;
        }
        for (size_t i = 0; i < page.count; i++)
            text_printf(&limit, "%s%s", limit.length > 0 ? "," : "", page.hosts[i].host);
        filter.after = page.next;
    } while (page.next != NULL);
    if (limit.length > 0)
        return limit.data;
    api_reply_error(call, 409, "nothing_failed", "no host of run %lld had failed or was unreachable",
                    (long long)run_id);
    return NULL;
}

/* What was kept, with another limit. */
static const struct value *kept_limited(struct api_call *call, const struct value *kept, const char *limit)
{
    struct value *only = value_map(call->arena), *options = value_map(call->arena);

    value_map_put_string(call->arena, options, "limit", limit);
    value_map_put(call->arena, only, "options", options);
    return value_merge(call->arena, kept, only, true);
}

static void again_post(struct api_call *call)
{
    const struct again_body *body = call->body;
    struct beginning *beginning = arena_new_of(call->arena, struct beginning);
    struct store_run *run = NULL;
    const char *limit = NULL;

    if (!center_run_of(call, &run))
        return;
    if (run->node_id != 0 || run->options == NULL) {
        api_reply_error(call, 409, "not_from_here", "run %lld was the node's own: tell the node", (long long)run->id);
        return;
    }
    beginning->kept = center_json(call, run->options);
    if (body->failed && (limit = failed_hosts(call, run->id)) == NULL)
        return;
    if (limit != NULL)
        beginning->kept = kept_limited(call, beginning->kept, limit);
    beginning->run.again_of = run->id;
    beginning->terminal = body->terminal;
    beginning->secrets = body->secrets;
    begin(call, beginning);
}

static const struct api_route routes[] = {
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/runs", runs_post,
              .summary = "Begins a run through the agents of its hosts; follow its stream",
              .reply = "201: its id; 409: files that have to be put first", .body = &run_body_spec,
              .body_limit_bytes = RUN_BODY),
    API_ROUTE(API_OPERATOR, "POST", "/api/v1/runs/{id}/again", again_post,
              .summary = "The same project and options once more", .reply = "201: the new run's id",
              .body = &again_body_spec),
};

API_RESOURCE_DEFINE(runs_start) = { .name = "runs_start",
                                    .summary = "Runs from the centre",
                                    .routes = routes,
                                    .count = sizeof(routes) / sizeof(routes[0]) };
