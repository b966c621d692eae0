/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and editing apt's one-line sources. */
#include "agent/system/package/apt_sources.h"

#include <ctype.h>
#include <string.h>

#include "agent/system/file/file_tree.h"
#include "agent/system/process/process.h"
#include "agent/system/file/text_file.h"
#include "agent/system/file/word_list.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define FIRST_CAPACITY 8

/* --- one line --- */

static bool is_type(const char *word)
{
    return strcmp(word, "deb") == 0 || strcmp(word, "deb-src") == 0;
}

struct apt_source apt_source_parse(struct arena *arena, const char *line, size_t length)
{
    struct apt_source source = { .is_enabled = true, .remark = "", .raw = arena_copy_n(arena, line, length) };
    char *text = text_trim(arena, line, length);

    if (text[0] == '#') {
        source.is_enabled = false;
        text++;
    }
    char *hash = strchr(text, '#');
    if (hash != NULL && hash > text) {
        source.remark = text_trim(arena, hash + 1, strlen(hash + 1));
        *hash = '\0';
    }
    source.text = text_trim(arena, text, strlen(text));
    struct word_list words = word_list_split(arena, source.text, strlen(source.text));
    if (words.count > 0 && is_type(words.items[0])) {
        source.is_valid = true;
        source.text = word_list_join(&words, " ");
    }
    return source;
}

/* Without what is in brackets, and without "http://" and the like. */
static const char *without_options(struct arena *arena, const char *source)
{
    struct text out = text_new(arena);

    while (*source != '\0') {
        const char *close = *source == '[' ? strchr(source, ']') : NULL;
        const char *word = source;

        while (isalnum((unsigned char)*word) || *word == '_')
            word++;
        if (close != NULL && close > source + 1)
            source = close + 1;
        else if (word > source && strncmp(word, "://", 3) == 0)
            source = word + 3;
        else if (word > source) {
            text_add_n(&out, source, (size_t)(word - source));
            source = word;
        } else {
            text_add_char(&out, *source++);
        }
    }
    return out.data;
}

char *apt_source_file_name(struct arena *arena, const char *source)
{
    const char *plain = without_options(arena, source), *place = "";
    struct word_list words = word_list_split(arena, plain, strlen(plain));
    struct text out = text_new(arena);

    for (size_t i = words.count; i > 0; i--) {
        if (!is_type(words.items[i - 1]))
            place = words.items[i - 1];
    }
    const char *at = strchr(place, '@');
    for (place = at != NULL ? at + 1 : place; *place != '\0'; place++) {
        if (isalnum((unsigned char)*place))
            text_add_char(&out, *place);
        else if (out.length > 0 && out.data[out.length - 1] != '_')
            text_add_char(&out, '_');
    }
    if (out.length > 0 && out.data[out.length - 1] == '_')
        text_truncate(&out, out.length - 1);
    return out.data;
}

/* --- files --- */

static void add_item(struct arena *arena, struct apt_source_file *file, struct apt_source source)
{
    size_t size = file->capacity * sizeof(struct apt_source);

    if (file->count == file->capacity) {
        size_t more = file->capacity > 0 ? size * 2 : FIRST_CAPACITY * sizeof(struct apt_source);
        file->items = arena_grow(arena, file->items, size, more);
        file->capacity = more / sizeof(struct apt_source);
    }
    file->items[file->count++] = source;
}

void apt_sources_init(struct arena *arena, const char *main_file, const char *parts_folder, struct apt_sources *out)
{
    *out = (struct apt_sources){ .arena = arena, .main_file = main_file, .parts_folder = parts_folder };
}

void apt_sources_add_file(struct apt_sources *sources, const char *path, const char *text)
{
    size_t size = sources->capacity * sizeof(struct apt_source_file), length;
    struct apt_source_file file = { .path = path, .before = text };
    const char *cursor = text != NULL ? text : "", *end = cursor + strlen(cursor), *line;

    while (text_line(&cursor, end, &line, &length))
        add_item(sources->arena, &file, apt_source_parse(sources->arena, line, length));
    if (sources->count == sources->capacity) {
        size_t more = sources->capacity > 0 ? size * 2 : FIRST_CAPACITY * sizeof(struct apt_source_file);
        sources->files = arena_grow(sources->arena, sources->files, size, more);
        sources->capacity = more / sizeof(struct apt_source_file);
    }
    sources->files[sources->count++] = file;
}

static bool read_file(const struct system *system, struct apt_sources *sources, const char *path, struct error *err)
{
    char *text = NULL;

    if (!text_file_read(system, sources->arena, path, &text, err))
        return false;
    if (text != NULL)
        apt_sources_add_file(sources, path, text);
    return true;
}

/* The value of NAME='value' in what `apt-config shell` prints. */
static const char *config_value(struct arena *arena, const char *output, const char *name, const char *otherwise)
{
    const char *found = strstr(output, name);
    const char *from = found != NULL ? found + strlen(name) : NULL;

    if (from == NULL || from[0] != '\'')
        return otherwise;
    char *value = arena_copy_n(arena, from + 1, strcspn(from + 1, "'"));
    size_t length = strlen(value);
    if (length > 1 && value[length - 1] == '/')
        value[length - 1] = '\0';
    return value;
}

bool apt_sources_read(const struct system *system, struct arena *arena, struct apt_sources *out, struct error *err)
{
    struct process_request request =
        PROCESS("apt-config", "shell", "MAIN", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d");
    struct process_result result;
    char **names = NULL;
    size_t count = 0;

    if (process_find(system, arena, "apt-config") == NULL)
        return error_set(err, "there is no apt on this node");
    if (!process_run_ok(system, arena, &request, &result, err))
        return false;
    apt_sources_init(arena, config_value(arena, result.output, "MAIN=", "/etc/apt/sources.list"),
                     config_value(arena, result.output, "PARTS=", "/etc/apt/sources.list.d"), out);
    if (!read_file(system, out, out->main_file, err))
        return false;
    const char *folder = system_path(system, arena, out->parts_folder);
    if (path_is_folder(folder) && !file_tree_names(arena, folder, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        bool is_source = names[i][0] != '.' && text_ends(names[i], ".list");
        if (is_source && !read_file(system, out, path_join(arena, out->parts_folder, names[i]), err))
            return false;
    }
    return true;
}

/* --- edits --- */

bool apt_sources_has(const struct apt_sources *sources, const char *source)
{
    for (size_t i = 0; i < sources->count; i++) {
        for (size_t j = 0; j < sources->files[i].count; j++) {
            const struct apt_source *item = &sources->files[i].items[j];
            if (item->is_valid && item->is_enabled && strcmp(item->text, source) == 0)
                return true;
        }
    }
    return false;
}

/* Enables every line for the source; false: there is none. */
static bool enable_known(struct apt_sources *sources, const char *source)
{
    bool found = false;

    for (size_t i = 0; i < sources->count; i++) {
        struct apt_source_file *file = &sources->files[i];

        for (size_t j = 0; j < file->count; j++) {
            struct apt_source *item = &file->items[j];

            if (!item->is_valid || strcmp(item->text, source) != 0)
                continue;
            found = true;
            if (item->is_enabled)
                continue;
            item->is_enabled = file->is_changed = true;
            item->raw = NULL;
        }
    }
    return found;
}

static struct apt_source_file *file_find(struct apt_sources *sources, const char *path)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (strcmp(sources->files[i].path, path) == 0)
            return &sources->files[i];
    }
    apt_sources_add_file(sources, path, NULL);
    return &sources->files[sources->count - 1];
}

void apt_sources_enable(struct apt_sources *sources, const char *source, const char *file)
{
    if (enable_known(sources, source))
        return;
    const char *path = strchr(file, '/') != NULL ? file : path_join(sources->arena, sources->parts_folder, file);
    struct apt_source_file *target = file_find(sources, path);
    add_item(sources->arena, target,
             (struct apt_source){ .is_valid = true, .is_enabled = true, .text = source, .remark = "" });
    target->is_changed = target->has_new = true;
}

void apt_sources_remove(struct apt_sources *sources, const char *source)
{
    for (size_t i = 0; i < sources->count; i++) {
        struct apt_source_file *file = &sources->files[i];
        size_t kept = 0;

        for (size_t j = 0; j < file->count; j++) {
            const struct apt_source *item = &file->items[j];
            if (!item->is_valid || !item->is_enabled || strcmp(item->text, source) != 0)
                file->items[kept++] = *item;
        }
        file->is_changed = file->is_changed || kept != file->count;
        file->count = kept;
    }
}

bool apt_sources_changed(const struct apt_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->files[i].is_changed)
            return true;
    }
    return false;
}

char *apt_source_file_text(struct arena *arena, const struct apt_source_file *file)
{
    struct text out = text_new(arena);

    if (file->count == 0)
        return NULL;
    for (size_t i = 0; i < file->count; i++) {
        const struct apt_source *item = &file->items[i];

        if (item->raw != NULL)
            text_printf(&out, "%s\n", item->raw);
        else
            text_printf(&out, "%s%s%s%s\n", item->is_enabled ? "" : "# ", item->text,
                        item->remark[0] != '\0' ? " # " : "", item->remark);
    }
    return out.data;
}
