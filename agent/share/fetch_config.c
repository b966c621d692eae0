/* SPDX-License-Identifier: Apache-2.0 */
/* A small YAML file, bound by a table. */
#include "agent/share/fetch_config.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "common/base/path.h"
#include "common/spec/arg_spec.h"
#include "common/yaml/yaml_reader.h"

#define TIMEOUT_MS 30000
#define WAIT_MS ((int64_t)15 * 60 * 1000)

struct config_args {
    const char *endpoint, *token, *token_file, *rate_limit;
    int64_t connections;
};

static const struct arg_spec config_args[] = {
    ARG(config_args, endpoint, ARG_STRING, .help = "the hub, without a slash at the end"),
    ARG(config_args, token, ARG_STRING, .no_log = true, .help = "for the hub; the file is for root alone then"),
    ARG(config_args, token_file, ARG_STRING, .help = "a file with the token in its first line"),
    ARG(config_args, rate_limit, ARG_STRING, .help = "bytes per second over all connections: \"50M\""),
    ARG(config_args, connections, ARG_INT, .default_text = "4", .help = "for one file"),
    ARG_END,
};
static const struct task_spec config_spec = { .name = "models.yml",
                                              .args = config_args,
                                              .args_size = sizeof(struct config_args) };

static bool config_bind(struct arena *arena, const char *path, struct config_args *args, struct error *err)
{
    const struct value *map = NULL;
    struct stat info;

    if (path_exists(path) && !yaml_read_file(arena, path, false, &map, err))
        return false;
    if (map != NULL && map->kind != VALUE_MAP && map->kind != VALUE_NULL)
        return error_set(err, "'%s' holds a %s, not a mapping", path, value_kind_text(map));
    if (!arg_bind_plain(arena, &config_spec, value_is(map, VALUE_MAP) ? map : NULL, "setting", args, err))
        return error_prefix(err, "'%s'", path);
    if (args->token != NULL && (stat(path, &info) != 0 || (info.st_mode & 077) != 0))
        return error_set(err, "'%s' holds a token and may be read by others: chmod 600", path);
    return true;
}

bool fetch_config_read(struct arena *arena, const char *path, const char *store, struct model_settings *out,
                       struct error *err)
{
    const struct model_environment environment = { NULL, NULL };
    struct config_args args = { 0 };

    if (!config_bind(arena, path, &args, err))
        return false;
    *out = (struct model_settings){ .store = store,
                                    .endpoint = args.endpoint,
                                    .token = args.token,
                                    .connections = (int)args.connections,
                                    .timeout_ms = TIMEOUT_MS,
                                    .retries = MODEL_RETRIES_DEFAULT,
                                    .wait_ms = WAIT_MS };
    if (args.connections < 1 || args.connections > MODEL_CONNECTIONS_MAX)
        return error_set(err, "'%s': connections are from 1 to %d", path, MODEL_CONNECTIONS_MAX);
    if (args.rate_limit != NULL && !model_size_read(args.rate_limit, &out->rate_bytes))
        return error_set(err, "'%s': rate_limit is a size, as 50M", path);
    if (args.token == NULL && args.token_file != NULL && !model_token_read(arena, args.token_file, &out->token, err))
        return error_prefix(err, "'%s'", path);
    if (out->store == NULL)
        out->store = getenv("ROOST_MODELS_STORE");
    if (out->store == NULL || out->store[0] == '\0')
        out->store = MODEL_STORE_DEFAULT;
    return model_settings_complete(arena, out, &environment, err);
}
