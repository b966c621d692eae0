/* SPDX-License-Identifier: Apache-2.0 */
/* How far each node is. */
#include "cli/rebuild_progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/rebuild_journal.h"
#include "cli/table.h"
#include "common/base/clock.h"
#include "engine/command/output.h"

#define SHOW_MS 1000

static void sentence_put(char *out, const char *text)
{
    snprintf(out, REBUILD_SENTENCE, "%s", text);
}

/* With the lock held. */
static void line_print(const struct rebuild *rebuild, const struct rebuild_node *node, const char *step,
                       const char *words)
{
    if (rebuild->is_live)
        return;
    ARENA_SCOPED arena = arena_new();
    struct text told = text_new(arena);

    table_add_told(&told, words);
    printf("%s: %s: %s\n", node->host, step, told.data);
    fflush(stdout);
}

static struct rebuild_mark *mark_of(struct rebuild_node *node)
{
    return &node->progress.marks[node->progress.step];
}

bool rebuild_progress_begin(struct rebuild *rebuild, struct rebuild_node *node, const struct rebuild_step *step,
                            struct error *err)
{
    bool written = false;

    (void)step;
    pthread_mutex_lock(&rebuild->lock);
    node->progress.state = REBUILD_RUNNING;
    node->progress.since_ms = clock_monotonic_ms();
    sentence_put(node->progress.sentence, "");
    mark_of(node)->began_us = clock_wall_us();
    mark_of(node)->ended_us = 0;
    rebuild->is_changed = true;
    written = rebuild_journal_write(rebuild, NULL, err);
    pthread_mutex_unlock(&rebuild->lock);
    return written;
}

bool rebuild_progress_end(struct rebuild *rebuild, struct rebuild_node *node, const struct rebuild_step *step,
                          const char *sentence, struct error *err)
{
    bool written = false;
    struct rebuild_mark *mark = mark_of(node);
    char words[REBUILD_SENTENCE + 32];

    pthread_mutex_lock(&rebuild->lock);
    mark->ended_us = clock_wall_us();
    sentence_put(mark->sentence, sentence);
    sentence_put(node->progress.sentence, sentence);
    snprintf(words, sizeof(words), "%s (%.1f s)", *sentence == '\0' ? "done" : sentence,
             (double)(clock_monotonic_ms() - node->progress.since_ms) / 1000.0);
    line_print(rebuild, node, step->name, words);
    node->progress.step++;
    rebuild->is_changed = true;
    written = rebuild_journal_write(rebuild, NULL, err);
    pthread_mutex_unlock(&rebuild->lock);
    return written;
}

void rebuild_progress_fail(struct rebuild *rebuild, struct rebuild_node *node, const struct rebuild_step *step,
                           const char *sentence)
{
    struct error ignored = ERROR_INIT;

    pthread_mutex_lock(&rebuild->lock);
    node->progress.state = REBUILD_FAILED;
    sentence_put(node->progress.sentence, sentence);
    sentence_put(mark_of(node)->sentence, sentence);
    line_print(rebuild, node, step->name, sentence);
    rebuild->is_changed = true;
    (void)rebuild_journal_write(rebuild, NULL, &ignored); /* that it has failed is found out again */
    pthread_mutex_unlock(&rebuild->lock);
}

void rebuild_progress_say(struct rebuild_call *call, bool is_news, const char *format, ...)
{
    struct rebuild *rebuild = call->rebuild;
    struct rebuild_progress *progress = &call->node->progress;
    const struct rebuild_step *steps = call->node == &rebuild->cluster ? rebuild_cluster_steps : rebuild_node_steps;
    char words[REBUILD_SENTENCE];
    va_list args;

    va_start(args, format);
    vsnprintf(words, sizeof(words), format, args);
    va_end(args);
    pthread_mutex_lock(&rebuild->lock);
    if (strcmp(progress->sentence, words) != 0) {
        sentence_put(progress->sentence, words);
        rebuild->is_changed = true;
        if (is_news)
            line_print(rebuild, call->node, steps[progress->step].name, words);
    }
    pthread_mutex_unlock(&rebuild->lock);
}

void rebuild_note(struct rebuild_call *call, const char *key, const char *text)
{
    struct rebuild *rebuild = call->rebuild;
    struct rebuild_progress *progress = &call->node->progress;

    pthread_mutex_lock(&rebuild->lock);
    if (progress->notes == NULL)
        progress->notes = value_map(rebuild->journal_arena);
    value_map_put_string(rebuild->journal_arena, progress->notes, key, text);
    pthread_mutex_unlock(&rebuild->lock);
}

const char *rebuild_noted(struct rebuild_call *call, const char *key)
{
    const char *text = NULL;

    pthread_mutex_lock(&call->rebuild->lock);
    text = arena_copy(call->arena, value_map_text(call->node->progress.notes, key));
    pthread_mutex_unlock(&call->rebuild->lock);
    return text;
}

/* --- the table --- */

static void row_add(struct arena *arena, struct value *rows, const struct rebuild_node *node,
                    const struct rebuild_step *steps)
{
    const struct rebuild_progress *progress = &node->progress;
    struct value *row = value_map(arena);
    bool is_timed = progress->state == REBUILD_RUNNING;
    int64_t passed_s = (clock_monotonic_ms() - progress->since_ms) / 1000;
    const char *step = progress->state == REBUILD_DONE      ? "done"
                       : progress->state == REBUILD_WAITING ? "waits"
                                                            : steps[progress->step].name;

    value_map_put_string(arena, row, "node", node->host);
    value_map_put_string(arena, row, "step",
                         progress->state == REBUILD_FAILED ? arena_printf(arena, "%s FAILED", step) : step);
    value_map_put_string(arena, row, "since", is_timed ? arena_printf(arena, "%lld s", (long long)passed_s) : NULL);
    value_map_put_string(arena, row, "sentence", progress->sentence);
    value_list_add(arena, rows, row);
}

static size_t row_weight(const struct rebuild_node *node)
{
    return node->progress.state == REBUILD_FAILED ? 0 : node->progress.state == REBUILD_RUNNING ? 1 : 2;
}

struct value *rebuild_table_rows(struct arena *arena, struct rebuild *rebuild, size_t room)
{
    struct value *rows = value_list(arena);
    bool fits = rebuild->count + 1 <= room;
    size_t shown = 0, most = fits ? rebuild->count : room > 2 ? room - 2 : 1;

    for (size_t weight = 0; weight < (fits ? 1 : 3); weight++) {
        for (size_t i = 0; i < rebuild->count && shown < most; i++) {
            if (!fits && row_weight(&rebuild->nodes[i]) != weight)
                continue;
            row_add(arena, rows, &rebuild->nodes[i], rebuild_node_steps);
            shown++;
        }
    }
    if (shown < rebuild->count) {
        struct value *row = value_map(arena);

        value_map_put_string(arena, row, "node", arena_printf(arena, "%zu more", rebuild->count - shown));
        value_list_add(arena, rows, row);
    }
    row_add(arena, rows, &rebuild->cluster, rebuild_cluster_steps);
    return rows;
}

void rebuild_table_show(struct rebuild *rebuild, struct rebuild_table *table)
{
    static const struct table_column layout[] = {
        { "NODE", "node", false }, { "STEP", "step", false }, { "SINCE", "since", false }, { "", "sentence", false }
    };
    ARENA_SCOPED arena = arena_new();
    struct winsize size = { 0 };
    struct value *rows = NULL;
    int columns = output_columns(stdout);

    if (!rebuild->is_live)
        return;
    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    pthread_mutex_lock(&rebuild->lock);
    rebuild->is_changed = false;
    rows = rebuild_table_rows(arena, rebuild, size.ws_row > 4 ? (size_t)size.ws_row - 2 : 22);
    pthread_mutex_unlock(&rebuild->lock);
    if (table->lines > 0)
        printf("\033[%zuA\033[J", table->lines);
    table_print(arena, stdout, rows, layout, sizeof(layout) / sizeof(layout[0]), columns > 1 ? columns - 1 : 79);
    table->lines = value_count(rows) + 1;
    fflush(stdout);
}
