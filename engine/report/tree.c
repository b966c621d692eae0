/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The callback tree: a folder with a file for each host that holds its last result.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/base/fd.h"
#include "engine/report/result_text.h"

struct tree {
    struct event_sink sink; /* first */
    struct arena *scratch;
    FILE *errors;
    const char *folder;
    int verbosity;
};

static void file_save(struct tree *tree, const char *host, const struct text *text)
{
    struct error err = ERROR_INIT;
    const char *path = arena_printf(tree->scratch, "%s/%s", tree->folder, host);
    FILE *file;

    if (!folder_create(tree->scratch, tree->folder, 0777, &err)) {
        fprintf(tree->errors, "[WARNING]: Unable to access or create the configured directory (%s): %s\n", tree->folder,
                err.text);
        return;
    }
    file = strchr(host, '/') == NULL ? fopen(path, "we") : NULL;
    if (file == NULL || fwrite(text->data, 1, text->length, file) != text->length)
        fprintf(tree->errors, "[WARNING]: Unable to write to %s's file: %s\n", host,
                strchr(host, '/') == NULL ? strerror(errno) : "its name is no file's name");
    if (file != NULL)
        fclose(file);
}

static void tree_emit(struct event_sink *sink, const struct event *event)
{
    struct tree *tree = (struct tree *)sink;
    struct text out = text_new(tree->scratch);

    if ((event->kind != EVENT_RESULT && event->kind != EVENT_INCLUDE_RESULT) || event->host == NULL ||
        event->outcome == OUTCOME_SKIPPED)
        return;
    result_dump(&out, result_shown(tree->scratch, event), &(struct result_style){ .verbosity = tree->verbosity });
    file_save(tree, event->host, &out);
    arena_reset(tree->scratch);
}

static void tree_close(struct event_sink *sink)
{
    arena_free(((struct tree *)sink)->scratch);
    ((struct tree *)sink)->scratch = NULL;
}

struct event_sink *sink_tree(struct arena *arena, const char *folder, int verbosity, FILE *errors)
{
    struct tree *tree = arena_new_of(arena, struct tree);

    *tree = (struct tree){ { .emit = tree_emit, .close = tree_close }, arena_new(), errors, folder, verbosity };
    return &tree->sink;
}
