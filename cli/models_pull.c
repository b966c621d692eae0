/* SPDX-License-Identifier: Apache-2.0 */
/* roost models pull SOURCE: plans, downloads, and prints the path that an engine is given. */
#include <stdio.h>

#include "cli/models_options.h"
#include "cli/models_verbs.h"
#include "common/json/json.h"
#include "common/model/pull_value.h"

static void print_check(const struct models_command *command, const struct model_plan *plan)
{
    if (plan->is_there)
        printf("%s is in the store\n", plan->source.shown);
    else
        printf("would fetch %s of %zu files to %s\n", model_size_text(command->arena, plan->missing_bytes),
               plan->files.count, model_plan_path(plan, model_plan_main(plan)));
}

static void print_result(const struct models_command *command, const struct model_plan *plan)
{
    if (command->json)
        puts(json_text(command->arena, model_plan_value(plan), (struct json_style){ .indent = 4 }));
    else if (command->check)
        print_check(command, plan);
    else
        puts(model_plan_path(plan, model_plan_main(plan)));
}

int models_pull(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct models_command command = { .arena = arena };
    struct error err = ERROR_INIT;
    struct model_plan plan;
    int code = 0;

    if (!models_start(&command, MODELS_PULL, argc, argv, &code))
        return code;
    if (command.source_count != 1) {
        error_set_kind(&err, ERROR_OPTIONS,
                       "one source is wanted: hf://ORG/REPO/FILE@REVISION, https://... or file:///...");
        return models_fail(&command, &err);
    }
    command.request.source = command.sources[0];
    if (!model_plan_make(arena, &command.settings, &command.request, &plan, &err) ||
        (!command.check && !model_plan_execute(&plan, &err)))
        return models_fail(&command, &err);
    models_finish(&command);
    print_result(&command, &plan);
    return 0;
}
