/* SPDX-License-Identifier: Apache-2.0 */
/* Setting a run up from its options, and taking it down. */
#include "engine/run/run_setup.h"

#include <string.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/run/job.h"
#include "engine/run/options_vars.h"
#include "engine/run/places.h"

#define CACHE_TIMEOUT_S 86400

static const char *caching_of(struct run *run)
{
    const char *name = setting_text(run, "fact_caching");

    return name != NULL && text_starts(name, "ansible.builtin.") ? name + strlen("ansible.builtin.") : name;
}

bool run_caching_check(struct run *run, struct error *err)
{
    const char *name = caching_of(run);

    if (name == NULL || strcmp(name, "memory") == 0)
        return true;
    if (strcmp(name, "jsonfile") != 0)
        return error_set(err, "fact_caching '%s' is not supported: there are memory and jsonfile", name);
    if (setting_text(run, "fact_caching_connection") == NULL)
        return error_set(err, "fact_caching 'jsonfile' needs a folder: set fact_caching_connection");
    return true;
}

void run_open(struct run *run, struct arena *arena, const struct run_options *options)
{
    struct vars_config config;

    *run = (struct run){ .arena = arena,
                         .options = options,
                         .step_arena = arena_new(),
                         .step_mode = options->step,
                         .start_at_task = options->start_at_task };
    run->warnings = options->warnings != NULL ? options->warnings : value_list(arena);
    run->notes = options->verbosity < 2 ? NULL : options->notes != NULL ? options->notes : value_list(arena);
    run->forks = options->forks > 0 ? options->forks : setting_int(run, "forks", 5);
    if (run->forks < 1)
        run->forks = 1;
    config = (struct vars_config){
        .inventory = options->inventory,
        .inventory_config = options->inventory_config,
        .templates = options->templates,
        .loader = options->loader,
        .extra_vars = options->extra_vars,
        .options = options_variables(arena, options, run->forks),
        .config_file = options->config_file,
        .merge_hashes = text_equal(setting_text(run, "hash_behaviour"), "merge"),
        .inject_facts = setting_bool(run, "inject_facts_as_vars", true),
        .private_role_vars = setting_bool(run, "private_role_vars", false),
        .warnings = run->warnings,
        .notes = options->verbosity > 2 ? run->notes : NULL,
    };
    if (text_equal(caching_of(run), "jsonfile")) {
        config.cache_folder = path_expand_user(arena, setting_text(run, "fact_caching_connection"));
        config.cache_prefix = setting_text(run, "fact_caching_prefix");
        config.cache_timeout_s = setting_int(run, "fact_caching_timeout", CACHE_TIMEOUT_S);
        config.cache_is_flushed = setting_bool(run, "flush_cache", false);
    }
    run->vars = vars_world_new(arena, &config);
    run->omit = RUN_OMIT_TEXT;
    if (options->places != NULL)
        run->places = run_places_new(arena, options->places, run->vars);
}

void run_close(struct run *run)
{
    link_close_all(run);
    while (run->active != NULL)
        job_release(run->active);
    for (struct job *job = run->idle; job != NULL; job = job->next)
        arena_free(job->arena);
    for (struct buried *grave = run->buried; grave != NULL; grave = grave->next)
        arena_free(grave->arena);
    arena_free(run->step_arena);
    vars_world_free(run->vars);
}
