/* SPDX-License-Identifier: Apache-2.0 */
/* roost logs WORKLOAD [-f]: what its pieces write, from their nodes. */
#include <string.h>

#include "cli/center_follow.h"
#include "cli/center_verb.h"
#include "common/base/text.h"
#include "common/json/json.h"

VERB_DECLARE(logs);

/* "chat.0.3.worker-1" is shown as "worker-1". */
static const char *piece_shown(const char *piece)
{
    const char *dot = piece == NULL ? NULL : strrchr(piece, '.');

    return dot != NULL ? dot + 1 : piece;
}

static void line_print(struct arena *arena, const struct value *line)
{
    struct text text = text_new(arena);
    const char *at = value_map_text(line, "at"), *piece = piece_shown(value_map_text(line, "piece"));

    if (at != NULL && strlen(at) > 19)
        text_printf(&text, "%.8s ", at + 11);
    if (piece != NULL)
        text_printf(&text, "%-9s ", piece);
    table_add_told(&text, value_map_text(line, "text"));
    puts(text.data == NULL ? "" : text.data);
}

static bool line_take(void *data, const struct center_message *message)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *line = NULL;
    struct error ignored = ERROR_INIT;

    (void)data;
    if (text_equal(message->event, "line") &&
        json_read(arena, message->data, strlen(message->data), NULL, &line, &ignored))
        line_print(arena, line);
    fflush(stdout);
    return true;
}

static void failed_print(struct center_verb *verb, const struct value *answer)
{
    const struct value *failed = value_map_get(answer, "failed");

    if (!value_is(failed, VALUE_LIST) || value_count(failed) == 0)
        return;
    printf("-- the last lines of the start that failed:\n");
    for (size_t i = 0; i < value_count(failed); i++) {
        const struct value *item = value_item(failed, i);
        struct text text = text_new(verb->arena);

        table_add_told(&text, value_text(item) != NULL ? value_text(item) : value_map_text(item, "text"));
        puts(text.data == NULL ? "" : text.data);
    }
}

static bool run(struct center_verb *verb, struct error *err)
{
    const char *name = center_verb_need(verb, 0, "the workload's name", err), *path = NULL;
    const char *replica = center_verb_option(verb, "replica");
    const struct value *answer = NULL;
    bool follows = center_verb_option(verb, "follow") != NULL;

    if (name == NULL || !center_verb_at_most(verb, 1, err))
        return false;
    path = arena_printf(verb->arena, "/api/v1/workloads/%s/log?replica=%s%s", name, replica != NULL ? replica : "0",
                        follows ? "&follow=true" : "");
    if (follows)
        return center_follow(verb->client, &(struct center_follow){ .path = path, .take = line_take }, false, err);
    if (!center_client_ask(verb->client, "GET", path, NULL, &answer, err))
        return false;
    if (verb->json) {
        center_verb_json(verb, answer);
        return true;
    }
    for (size_t i = 0; i < value_count(value_map_get(answer, "items")); i++)
        line_print(verb->arena, value_item(value_map_get(answer, "items"), i));
    failed_print(verb, answer);
    if (value_count(value_map_get(answer, "items")) == 0 && !value_is(value_map_get(answer, "failed"), VALUE_LIST))
        printf("%s is %s: %s\n", name, value_map_text(answer, "state"), value_map_text(answer, "sentence"));
    return true;
}

static const struct center_option options[] = { { "follow", true }, { "replica", false }, { NULL, false } };

static int logs_run(int argc, char **argv)
{
    static const struct center_action action = {
        &verb_logs,
        "\n  -f, --follow    go on as lines come, until Ctrl-C\n  --replica N     of which replica, from 0\n", options,
        run
    };
    static char follow[] = "--follow";

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-f") == 0)
            argv[i] = follow;
    }
    return center_verb_run(&action, argc, argv);
}

VERB_DEFINE(logs) = { .name = "logs",
                      .summary = "What a workload's pieces write",
                      .usage = "WORKLOAD [-f] [--replica N] [--json]",
                      .run = logs_run };
