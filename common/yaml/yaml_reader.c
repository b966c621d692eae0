/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading YAML: documents, files, positions, and libyaml's errors in words a user can act on. The nodes are
 * built in yaml_node.c.
 */
#include "common/yaml/yaml_reader.h"

#include <string.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/yaml/yaml_loader.h"

void yaml_event_guard(yaml_event_t *event)
{
    yaml_event_delete(event);
}

static void loader_guard(struct yaml_loader *in)
{
    yaml_parser_delete(&in->parser);
}

bool yaml_loader_is_trusted(const struct yaml_loader *in)
{
    return in->source->trusted && in->unsafe_depth == 0;
}

struct source_position yaml_loader_position(const struct yaml_loader *in, const yaml_mark_t *mark)
{
    return (struct source_position){ .path = in->source->path,
                                     .line = (int)mark->line + 1 + in->source->line_offset,
                                     .column = (int)mark->column + 1 };
}

void yaml_loader_place(const struct yaml_loader *in, struct value *value, const yaml_mark_t *mark)
{
    value->path = in->source->path;
    value->line = (uint32_t)mark->line + 1 + (uint32_t)in->source->line_offset;
    value->column = mark->column < UINT16_MAX ? (uint16_t)(mark->column + 1) : UINT16_MAX;
}

/* The character a mark points at; NUL beyond the end. */
static char character_at(const struct yaml_loader *in, const yaml_mark_t *mark)
{
    const char *cursor = in->source->data, *end = cursor + in->source->length, *line = cursor;
    size_t length = 0, offset;

    for (size_t i = 0; i <= mark->line; i++) {
        if (!text_line(&cursor, end, &line, &length))
            return '\0';
    }
    offset = text_utf8_offset(line, length, mark->column);
    return offset < length ? line[offset] : '\0';
}

static const char *problem_text(const struct yaml_loader *in)
{
    const char *problem = in->parser.problem;

    if (problem == NULL)
        return in->parser.error == YAML_MEMORY_ERROR ? "no memory" : "cannot be read";
    if (strcmp(problem, "mapping values are not allowed in this context") == 0)
        return "mapping values are not allowed in this context (a value with ': ' in it must be quoted; or the line is "
               "indented wrongly)";
    if (strcmp(problem, "found character that cannot start any token") != 0)
        return problem;
    switch (character_at(in, &in->parser.problem_mark)) {
    case '\t':
        return "a tab cannot be used for indentation here: use spaces";
    case '%':
    case '@':
    case '`':
        return "a value that starts with this character must be quoted (found character that cannot start any token)";
    default:
        return problem;
    }
}

/* Nothing but blanks and line breaks follows. */
static bool is_end(const struct yaml_loader *in, const yaml_mark_t *mark)
{
    const char *cursor = in->source->data, *end = cursor + in->source->length, *line = cursor;
    size_t length = 0;

    for (size_t i = 0; i <= mark->line; i++) {
        if (!text_line(&cursor, end, &line, &length))
            return true;
    }
    line += text_utf8_offset(line, length, mark->column);
    while (line < end && strchr(" \t\r\n", *line) != NULL)
        line++;
    return line >= end;
}

/* Bytes that are not text: libyaml knows their offset only. */
static bool fail_encoding(const struct yaml_loader *in)
{
    const char *data = in->source->data;
    size_t offset = in->parser.problem_offset < in->source->length ? in->parser.problem_offset : in->source->length;
    struct source_position at = { .path = in->source->path, .line = 1 + in->source->line_offset, .column = 1 };

    for (size_t i = 0; i < offset; i++) {
        at.line += data[i] == '\n';
        at.column = data[i] == '\n' ? 1 : at.column + 1;
    }
    if (in->parser.problem_value < 0)
        return error_set_at(in->err, &at, "%s", in->parser.problem);
    return error_set_at(in->err, &at, "%s (byte or character 0x%02X)", in->parser.problem,
                        (unsigned)in->parser.problem_value);
}

static bool loader_fail_syntax(const struct yaml_loader *in)
{
    struct source_position at = yaml_loader_position(in, &in->parser.problem_mark);
    struct source_position context = yaml_loader_position(in, &in->parser.context_mark);

    if (in->parser.error == YAML_READER_ERROR && in->parser.problem != NULL)
        return fail_encoding(in);
    /* what is not closed is at fault where it opens, not where the text ends */
    if (in->parser.context != NULL && is_end(in, &in->parser.problem_mark))
        return error_set_at(in->err, &context, "%s before the end of the text (%s that starts here)", problem_text(in),
                            in->parser.context);
    if (in->parser.context != NULL && context.line != at.line && strstr(in->parser.context, "a flow ") != NULL)
        return error_set_at(in->err, &context, "%s (%s that starts here; noticed in line %d, column %d)",
                            problem_text(in), in->parser.context, at.line, at.column);
    if (in->parser.context == NULL || context.line == at.line)
        return error_set_at(in->err, &at, "%s", problem_text(in));
    return error_set_at(in->err, &at, "%s (%s that starts in line %d, column %d)", problem_text(in), in->parser.context,
                        context.line, context.column);
}

bool yaml_loader_next(struct yaml_loader *in, yaml_event_t *out)
{
    return yaml_parser_parse(&in->parser, out) != 0 || loader_fail_syntax(in);
}

static bool loader_open(struct yaml_loader *in)
{
    struct source_position at = { .path = in->source->path };
    YAML_EVENT_SCOPED start = { 0 };

    if (in->source->length > LIMIT_YAML_FILE) {
        error_set_at(in->err, &at, "YAML of more than %d bytes", LIMIT_YAML_FILE);
        in->err->kind = ERROR_LIMIT;
        return false;
    }
    if (!yaml_parser_initialize(&in->parser))
        return error_set(in->err, "no memory to read YAML");
    yaml_parser_set_input_string(&in->parser, (const unsigned char *)in->source->data, in->source->length);
    return yaml_loader_next(in, &start);
}

/* The next document; *out is NULL when there is none. */
static bool loader_document(struct yaml_loader *in, const struct value **out, yaml_mark_t *start_out)
{
    YAML_EVENT_SCOPED start = { 0 };
    YAML_EVENT_SCOPED root = { 0 };
    YAML_EVENT_SCOPED end = { 0 };

    *out = NULL;
    if (!yaml_loader_next(in, &start))
        return false;
    if (start.type == YAML_STREAM_END_EVENT)
        return true;
    *start_out = start.start_mark;
    in->anchor_index = NULL;
    in->anchor_count = 0;
    in->nodes = 0;
    if (!yaml_loader_next(in, &root))
        return false;
    *out = yaml_node(in, &root, 0);
    return *out != NULL && yaml_loader_next(in, &end);
}

bool yaml_read(struct arena *arena, const struct yaml_source *source, const struct value **out, struct error *err)
{
    __attribute__((cleanup(loader_guard))) struct yaml_loader in = { .arena = arena, .source = source, .err = err };
    const struct value *first = NULL, *second = NULL;
    struct source_position at;
    yaml_mark_t start = { 0 };

    if (!loader_open(&in) || !loader_document(&in, &first, &start))
        return false;
    if (first != NULL && !loader_document(&in, &second, &start))
        return false;
    if (second != NULL) {
        at = yaml_loader_position(&in, &start);
        return error_set_at(err, &at, "a second document starts here, but only one is expected");
    }
    *out = first == NULL ? value_null() : first;
    return true;
}

bool yaml_read_all(struct arena *arena, const struct yaml_source *source, const struct value **out, struct error *err)
{
    __attribute__((cleanup(loader_guard))) struct yaml_loader in = { .arena = arena, .source = source, .err = err };
    struct value *documents = value_list(arena);
    yaml_mark_t start = { 0 };

    if (!loader_open(&in))
        return false;
    for (;;) {
        const struct value *document = NULL;

        if (!loader_document(&in, &document, &start))
            return false;
        if (document == NULL)
            break;
        value_list_add(arena, documents, document);
    }
    *out = documents;
    return true;
}

bool yaml_read_file(struct arena *arena, const char *path, bool trusted, const struct value **out, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct yaml_source source = { .path = arena_copy(arena, path), .trusted = trusted };
    char *data = NULL;

    if (!file_read(scratch, path, LIMIT_YAML_FILE, &data, &source.length, err))
        return false;
    source.data = data;
    return yaml_read(arena, &source, out, err);
}
