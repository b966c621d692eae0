/* SPDX-License-Identifier: Apache-2.0 */
/* The implicit first task of a play: "Gathering Facts" (action gather_facts), and when a host needs it. */
#include <string.h>

#include "common/base/text.h"
#include "engine/run/play_run.h"

static void put_option(struct arena *arena, struct value *args, const char *key, const struct value *value)
{
    if (value != NULL && !value_is(value, VALUE_NULL))
        value_map_put(arena, args, key, value);
}

bool gather_block(struct run *run, struct play_run *play, struct plan_block **out, struct error *err)
{
    struct arena *arena = play->arena;
    struct node *task = arena_new_of(arena, struct node);
    struct value *args = value_map(arena), *tags = value_list(arena);
    bool wanted = true;

    *task = (struct node){ .kind = NODE_TASK,
                           .at = play->play->at,
                           .play = play->play,
                           .name = "Gathering Facts",
                           .task_kind = TASK_MODULE,
                           .action = "gather_facts",
                           .action_text = "gather_facts",
                           .args = args };
    task->spec = run->options->loader == NULL ? NULL : playbook_action_spec(run->options->loader, "gather_facts");
    if (task->spec != NULL)
        task->task_kind = TASK_ACTION;
    else
        task->spec = task_catalogue_find(run->options->modules, "setup");
    task->keywords[KEYWORD_NAME] = value_string(arena, task->name);
    task->keywords[KEYWORD_RUN_ONCE] = value_bool(false); /* the play's own is not for facts */
    value_list_add(arena, tags, value_string(arena, "always"));
    if (play->play->keywords[KEYWORD_TAGS] == NULL)
        task->keywords[KEYWORD_TAGS] = tags;
    put_option(arena, args, "gather_subset", play->play->keywords[KEYWORD_GATHER_SUBSET]);
    put_option(arena, args, "gather_timeout", play->play->keywords[KEYWORD_GATHER_TIMEOUT]);
    put_option(arena, args, "fact_path", play->play->keywords[KEYWORD_FACT_PATH]);
    *out = arena_new_of(arena, struct plan_block);
    if (!plan_is_wanted(task, &play->tags, arena, &wanted, err))
        return false;
    if (wanted)
        plan_list_add(arena, &(*out)->tasks, (struct plan_item){ .task = task });
    return true;
}

bool gather_is_wanted(struct run *run, const struct value *written, const struct inventory_host *host)
{
    const char *gathering = setting_text(run, "gathering");
    bool wanted = true;

    if (value_is(written, VALUE_BOOL))
        wanted = written->as.boolean;
    else if (value_text(written) != NULL && !text_to_bool(value_text(written), &wanted))
        wanted = false;
    if (gathering != NULL && strcmp(gathering, "explicit") == 0)
        return written != NULL && wanted;
    if (gathering != NULL && strcmp(gathering, "smart") == 0)
        return wanted && !vars_host_is_gathered(run->vars, host);
    return wanted;
}
