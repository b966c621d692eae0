/* SPDX-License-Identifier: Apache-2.0 */
/* Reading entries of the Boot Loader Specification, and writing their options. Changes no file. */
#include "agent/system/boot/boot_bls.h"

#include <glob.h>
#include <string.h>

#include "agent/system/file/text_file.h"
#include "common/base/path.h"
#include "common/base/text.h"

static bool entries_glob(const struct system *system, struct arena *arena, const char *folder, glob_t *out)
{
    return glob(arena_printf(arena, "%s/*.conf", system_path(system, arena, folder)), 0, NULL, out) == 0;
}

bool bls_has_entries(const struct system *system, struct arena *arena, const char *folder)
{
    glob_t found;
    bool has_any = entries_glob(system, arena, folder, &found);

    if (has_any)
        globfree(&found);
    return has_any;
}

/* The value of `key` if the line is one of it, or NULL. */
static char *line_value(struct arena *arena, const char *line, size_t length, const char *key)
{
    size_t key_length = strlen(key);

    if (length <= key_length || strncmp(line, key, key_length) != 0 || strchr(" \t", line[key_length]) == NULL)
        return NULL;
    return text_trim(arena, line + key_length, length - key_length);
}

static struct bls_entry entry_read(struct arena *arena, const char *path, const char *text)
{
    struct bls_entry entry = { .path = path, .text = text, .version = "", .options = { .arena = arena } };
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        const char *version = line_value(arena, line, length, "version");
        const char *options = line_value(arena, line, length, "options");

        if (version != NULL)
            entry.version = version;
        entry.is_linux = entry.is_linux || line_value(arena, line, length, "linux") != NULL;
        struct kernel_words words = kernel_words_read(arena, options != NULL ? options : "");
        for (size_t i = 0; i < words.count; i++)
            kernel_words_add(&entry.options, words.items[i].text);
    }
    return entry;
}

bool bls_read(const struct system *system, struct arena *arena, const char *folder, struct bls_entries *out,
              struct error *err)
{
    glob_t found;
    bool is_ok = true;

    out->count = 0;
    if (!entries_glob(system, arena, folder, &found))
        return true;
    if (found.gl_pathc > BLS_ENTRIES_MAX)
        is_ok = error_set(err, "more than %d boot entries in '%s'", BLS_ENTRIES_MAX, folder);
    for (size_t i = 0; i < found.gl_pathc && is_ok; i++) {
        const char *path = arena_printf(arena, "%s/%s", folder, path_basename(found.gl_pathv[i]));
        char *text = NULL;

        is_ok = text_file_read(system, arena, path, &text, err);
        if (is_ok && text != NULL)
            out->items[out->count++] = entry_read(arena, path, text);
    }
    globfree(&found);
    return is_ok;
}

char *bls_entry_with(struct arena *arena, const struct bls_entry *entry, const struct kernel_words *options)
{
    const char *cursor = entry->text, *end = entry->text + strlen(entry->text), *line;
    struct text out = text_new(arena);
    bool is_written = false;
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        if (line_value(arena, line, length, "options") == NULL) {
            text_add_n(&out, line, length);
            text_add_char(&out, '\n');
        } else if (!is_written) {
            text_printf(&out, "options %s\n", kernel_words_text(options));
            is_written = true;
        }
    }
    if (!is_written)
        text_printf(&out, "options %s\n", kernel_words_text(options));
    return out.data;
}
