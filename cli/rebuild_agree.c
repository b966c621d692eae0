/* SPDX-License-Identifier: Apache-2.0 */
/* Shown, compared, asked. */
#include "cli/rebuild_agree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "engine/command/ask.h"

#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+-"

static size_t wipe_step(void)
{
    size_t step = 0;

    while (step < rebuild_node_steps_count && strcmp(rebuild_node_steps[step].name, "wipe") != 0)
        step++;
    return step;
}

bool rebuild_will_wipe(const struct rebuild_node *node)
{
    return node->wipe != NULL && node->progress.step <= wipe_step();
}

const char *rebuild_wipe_digest(struct arena *arena, const struct rebuild_node *node)
{
    char hex[HASH_HEX_MAX];

    return node->wipe == NULL ? NULL : arena_copy(arena, hash_hex_of(HASH_SHA256, node->wipe, strlen(node->wipe), hex));
}

const char *rebuild_wipe_shown(struct arena *arena, const struct rebuild *rebuild, const struct rebuild_node *node)
{
    const char *from = rebuild->options.wipe != NULL ? "--wipe" : "roost_wipe_command of the inventory";
    const char *word = node->wipe + strspn(node->wipe, " \t\r\n");
    size_t length = strcspn(word, " \t\r\n");

    if (length == 0 || strspn(word, PLAIN) < length) /* an assignment, quotes: no telling where a secret begins */
        return arena_printf(arena, "a shell command (%s)", from);
    return arena_printf(arena, "%.*s%s (%s)", (int)length, word, word[length] == '\0' ? "" : " ...", from);
}

static const struct value *kept_of(const struct value *journal, const struct rebuild_node *node)
{
    return value_map_get(value_map_get(journal, "nodes"), node->host);
}

/* In what the node is not as it was agreed to, or NULL. */
static const char *changed(struct arena *arena, const struct value *journal, const struct rebuild_node *node)
{
    const struct value *kept = kept_of(journal, node);

    if (!text_equal(value_map_text(kept, "wipe"), rebuild_wipe_digest(arena, node)))
        return "its wipe command is another than was agreed to";
    if (!text_equal(value_map_text(kept, "address"), node->address))
        return "its address is another than was agreed to";
    return NULL;
}

bool rebuild_agree_leave_out(struct rebuild *rebuild, const struct value *journal, struct error *err)
{
    size_t count = 0;

    for (size_t i = 0; i < rebuild->count; i++) {
        if (value_is(kept_of(journal, &rebuild->nodes[i]), VALUE_MAP))
            rebuild->nodes[count++] = rebuild->nodes[i];
        else
            printf("%s (%s): left alone, it was no part of this rebuild when it was begun\n", rebuild->nodes[i].name,
                   rebuild->nodes[i].address);
    }
    rebuild->count = count;
    return count > 0 || error_set(err, "none of the inventory's hosts was part of the rebuild %s", rebuild->name);
}

static void node_show(struct rebuild *rebuild, const struct rebuild_node *node, const char *difference)
{
    struct arena *arena = rebuild->arena;
    const char *batch = rebuild->batches > 1 ? arena_printf(arena, ", batch %zu", node->batch + 1) : "";

    printf("%s (%s)%s: ", node->name, node->address, batch);
    if (node->progress.step == rebuild_node_steps_count)
        printf("built already\n");
    else if (rebuild_will_wipe(node))
        printf("all that is on it goes, by: %s%s%s\n", rebuild_wipe_shown(arena, rebuild, node),
               difference == NULL ? "" : "; ", difference == NULL ? "" : difference);
    else if (node->progress.step > wipe_step())
        printf("goes on at %s, it is not wiped again\n", rebuild_node_steps[node->progress.step].name);
    else
        printf("taken as it is\n");
}

bool rebuild_agree(struct rebuild *rebuild, const struct value *journal, struct error *err)
{
    const char *answer = NULL, *surprise = NULL, *host = NULL;

    if (journal != NULL)
        printf("Rebuild %s was begun %s, %" PRId64 " minutes ago\n", rebuild->name,
               clock_text_utc(rebuild->arena, rebuild->began_us), (clock_wall_us() - rebuild->began_us) / 60000000);
    for (size_t i = 0; i < rebuild->count; i++) {
        const struct rebuild_node *node = &rebuild->nodes[i];
        const char *difference =
            journal != NULL && rebuild_will_wipe(node) ? changed(rebuild->arena, journal, node) : NULL;

        if (difference != NULL && surprise == NULL) {
            surprise = difference;
            host = node->host;
        }
        node_show(rebuild, node, difference);
    }
    if (rebuild->others != NULL)
        printf("left alone, as --limit does not take them: %s\n", rebuild->others);
    fflush(stdout);
    if (rebuild->options.yes && surprise == NULL)
        return true;
    if (rebuild->options.yes)
        return error_set_kind(err, ERROR_OPTIONS, "host '%s': %s; --yes does not mean that: without it you are asked",
                              host, surprise);
    if (!ask_terminal(NULL, journal == NULL ? "Rebuild them? Type yes: " : "Go on with it? Type yes: ", false,
                      rebuild->arena, &answer))
        return error_set_kind(err, ERROR_OPTIONS, "there is no terminal to ask on: --yes says that it is meant");
    return text_equal(answer, "yes") || error_set_kind(err, ERROR_CANCELLED, "nothing was done");
}
