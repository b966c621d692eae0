/* SPDX-License-Identifier: Apache-2.0 */
/* What `roost models fit` is given: a file, or a model of the store by its source or the name of its link. */
#include <stdlib.h>
#include <string.h>

#include "cli/models_fit.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/pull.h"

#define NAMES_SHOWN 4

/* Is it what an engine is given: a GGUF file that is no projector, and of several shards the first? */
static bool is_model(struct arena *arena, const struct store_name *name)
{
    struct model_shard shard;

    if (name->size < 0 || !model_path_is_gguf(name->path) || model_path_is_projector(name->path))
        return false;
    return !model_shard_parse(arena, name->path, &shard) || shard.number == 1;
}

static bool is_twice(const struct store_name *a, const struct store_name *b)
{
    return text_equal(a->sha256, b->sha256);
}

static bool choose(struct fit_options *options, const struct model_settings *settings, const struct store_name *names,
                   size_t count, struct error *err)
{
    struct arena *arena = options->arena;
    const struct store_name *found = NULL;
    struct text others = text_new(arena);
    size_t more = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_model(arena, &names[i]) || (found && is_twice(found, &names[i])))
            continue;
        if (found && ++more < NAMES_SHOWN)
            text_printf(&others, ", %s", names[i].path);
        found = found ? found : &names[i];
    }
    if (!found)
        return error_set(err, "%s: there is no such file, and no such model in the store %s%s", options->model,
                         settings->store, strstr(options->model, "://") ? ": pull it first (roost models pull)" : "");
    if (more > 0)
        return error_set(err, "%s: means %zu models of the store, name one of them: %s%s%s", options->model, more + 1,
                         found->path, others.data, more < NAMES_SHOWN ? "" : ", ...");
    options->model = arena_printf(arena, "%s/%s/%s", settings->store, found->folder, found->path);
    return true;
}

bool fit_model_find(struct fit_options *options, struct error *err)
{
    const struct model_environment environment = { NULL, NULL };
    struct model_settings settings = { .store = options->store ? options->store : getenv("ROOST_MODELS_STORE") };
    struct store_name *names = NULL;
    size_t count = 0;

    if (path_exists(options->model))
        return true;
    if (!settings.store || settings.store[0] == '\0')
        settings.store = MODEL_STORE_DEFAULT;
    settings.store = path_absolute(options->arena, settings.store);
    if (!path_exists(settings.store) && strstr(options->model, "://"))
        return error_set(err, "%s: it is not here yet: pull it first (roost models pull); there is no store in %s",
                         options->model, settings.store);
    if (!path_exists(settings.store) || (strchr(options->model, '/') && !strstr(options->model, "://")))
        return error_set(err, "%s: there is no such file", options->model);
    return model_settings_complete(options->arena, &settings, &environment, err) &&
           model_names_of(options->arena, &settings, options->model, &names, &count, err) &&
           choose(options, &settings, names, count, err);
}
