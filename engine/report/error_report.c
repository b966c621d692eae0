/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An error as the programs show it before they exit: the sentence, the place, the line of the file and a caret.
 */
#include <string.h>

#include "common/base/fd.h"
#include "engine/report/log_file.h"
#include "engine/report/paint.h"
#include "engine/report/sinks.h"

#define SHOWN_COLUMNS 160

static bool line_find(struct arena *arena, const char *path, int number, const char **line, size_t *length)
{
    struct error ignored = ERROR_INIT;
    const char *cursor;
    char *data = NULL;
    size_t size = 0;

    if (number < 1 || !file_read(arena, path, LIMIT_SOURCE_FILE, &data, &size, &ignored))
        return false;
    cursor = data;
    /* what is encrypted is not shown */
    if (text_starts(data, "$ANSIBLE_VAULT;"))
        return false;
    while (text_line(&cursor, data + size, line, length)) {
        if (--number == 0)
            return true;
    }
    return false;
}

/* Line and caret; control characters become blanks so that a file cannot drive the terminal. */
static void source_add(struct text *out, const struct error *err)
{
    const char *line = NULL;
    size_t length = 0;
    int indent = 0;

    if (!line_find(out->arena, err->path, err->line, &line, &length))
        return;
    length = length > SHOWN_COLUMNS ? SHOWN_COLUMNS : length;
    text_printf(out, "%6d | ", err->line);
    for (size_t i = 0; i < length; i++)
        text_add_char(out, (unsigned char)line[i] < ' ' || line[i] == 127 ? ' ' : line[i]);
    text_add_char(out, '\n');
    if (err->column > 0 && (size_t)err->column <= length + 1)
        indent = err->column - 1;
    text_printf(out, "       | %*s^\n", indent, "");
}

/* Python's errors about JSON end in the place, which comes below anyway. */
static char *sentence_of(struct arena *arena, const struct error *err)
{
    char *sentence = arena_printf(arena, "ERROR! %s", err->text);
    char *place = strstr(sentence, arena_printf(arena, ": line %d column %d (char ", err->line, err->column));

    if (err->path[0] != '\0' && place != NULL && strchr(place, ')') == place + strlen(place) - 1)
        *place = '\0';
    return sentence;
}

void report_error(FILE *out, const struct error *err, bool color)
{
    ARENA_SCOPED arena = arena_new();
    struct text text = text_new(arena);
    char *sentence = sentence_of(arena, err);

    paint_add(&text, sentence, strlen(sentence), PAINT_ERROR, color ? &palette_default : NULL);
    text_add_char(&text, '\n');
    if (err->path[0] != '\0') {
        text_printf(&text, "\n%s", err->path);
        if (err->line > 0)
            text_printf(&text, ":%d", err->line);
        if (err->line > 0 && err->column > 0)
            text_printf(&text, ":%d", err->column);
        text_add_char(&text, '\n');
        source_add(&text, err);
    }
    fwrite(text.data, 1, text.length, out);
    fflush(out);
}

void report_error_log(struct log_file *log, const struct error *err)
{
    ARENA_SCOPED arena = arena_new();
    struct text text = text_new(arena);

    text_add(&text, sentence_of(arena, err));
    if (err->path[0] != '\0' && err->line > 0)
        text_printf(&text, "\n\n%s:%d:%d", err->path, err->line, err->column);
    log_file_add(log, text.data, text.length);
}
