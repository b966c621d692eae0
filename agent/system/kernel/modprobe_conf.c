/* SPDX-License-Identifier: Apache-2.0 */
/* Reading files of modprobe.d, and taking options out of their text. Changes no file. */
#include "agent/system/kernel/modprobe_conf.h"

#include <glob.h>
#include <string.h>

#include "agent/system/boot/kernel_cmdline.h"
#include "agent/system/file/text_file.h"
#include "common/base/path.h"
#include "common/base/text.h"

static const char *const folders[] = { MODPROBE_FOLDER, "/run/modprobe.d", "/usr/local/lib/modprobe.d",
                                       "/usr/lib/modprobe.d", "/lib/modprobe.d" };

/* --- files --- */

static bool is_masked(const struct modprobe_files *files, const char *name)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(path_basename(files->items[i].path), name) == 0)
            return true;
    return false;
}

static bool folder_read(const struct system *system, struct arena *arena, const char *folder,
                        struct modprobe_files *out, struct error *err)
{
    glob_t found;
    bool is_ok = true;

    if (glob(arena_printf(arena, "%s/*.conf", system_path(system, arena, folder)), 0, NULL, &found) != 0)
        return true;
    for (size_t i = 0; i < found.gl_pathc && is_ok; i++) {
        const char *name = arena_copy(arena, path_basename(found.gl_pathv[i]));
        const char *path = arena_printf(arena, "%s/%s", folder, name);
        char *text = NULL;

        if (is_masked(out, name))
            continue;
        is_ok = out->count < MODPROBE_FILES_MAX
                    ? text_file_read(system, arena, path, &text, err)
                    : error_set(err, "more than %d files in modprobe.d", MODPROBE_FILES_MAX);
        if (is_ok && text != NULL)
            out->items[out->count++] = (struct modprobe_file){ path, text, strcmp(folder, MODPROBE_FOLDER) == 0 };
    }
    globfree(&found);
    return is_ok;
}

bool modprobe_files_read(const struct system *system, struct arena *arena, struct modprobe_files *out,
                         struct error *err)
{
    out->count = 0;
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        if (!folder_read(system, arena, folders[i], out, err))
            return false;
    return true;
}

/* --- lines --- */

/* One logical line: a backslash at the end of a line goes on with the next. Its words, and its bytes in the text. */
struct conf_line {
    const char *raw;
    size_t length; /* with its line end */
    struct kernel_words words;
};

static bool conf_line_next(struct arena *arena, const char **cursor, struct conf_line *out)
{
    struct text joined = text_new(arena);
    bool goes_on = true;

    if (**cursor == '\0')
        return false;
    out->raw = *cursor;
    while (goes_on && **cursor != '\0') {
        size_t length = strcspn(*cursor, "\n");

        goes_on = length > 0 && (*cursor)[length - 1] == '\\';
        text_add_n(&joined, *cursor, length - goes_on);
        text_add_char(&joined, ' ');
        *cursor += length + ((*cursor)[length] == '\n');
    }
    out->length = (size_t)(*cursor - out->raw);
    out->words = kernel_words_read(arena, joined.data);
    return true;
}

/* options MODULE a=1 b=2: the module, or NULL. */
static const char *options_module(const struct conf_line *line)
{
    if (line->words.count < 2 || strcmp(line->words.items[0].text, "options") != 0)
        return NULL;
    return line->words.items[1].text;
}

const char *modprobe_conf_value(struct arena *arena, const char *text, const char *module, const char *name)
{
    const char *value = NULL;
    struct conf_line line;

    while (conf_line_next(arena, &text, &line)) {
        const char *of = options_module(&line);

        for (size_t i = 2; of != NULL && kernel_name_equal(of, module) && i < line.words.count; i++)
            if (kernel_name_equal(line.words.items[i].name, name))
                value = line.words.items[i].value != NULL ? line.words.items[i].value : "";
    }
    return value;
}

static bool option_goes(const char *module, const struct kernel_word *word, const struct modprobe_option *options,
                        size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (kernel_name_equal(options[i].module, module) &&
            (options[i].name == NULL || kernel_name_equal(options[i].name, word->name)))
            return true;
    return false;
}

/* Takes the words that go; how many there were. */
static size_t line_strip(struct conf_line *line, const struct modprobe_option *options, size_t count)
{
    const char *module = options_module(line);
    size_t gone = 0;

    for (size_t i = line->words.count; module != NULL && i-- > 2;) {
        if (!option_goes(module, &line->words.items[i], options, count))
            continue;
        kernel_words_remove(&line->words, i);
        gone++;
    }
    return gone;
}

bool modprobe_conf_sets(struct arena *arena, const char *text, const struct modprobe_option *options, size_t count)
{
    struct conf_line line;

    while (conf_line_next(arena, &text, &line))
        if (line_strip(&line, options, count) > 0)
            return true;
    return false;
}

const char *modprobe_conf_without(struct arena *arena, const char *text, const struct modprobe_option *options,
                                  size_t count)
{
    struct text out = text_new(arena);
    const char *cursor = text;
    struct conf_line line;

    if (!modprobe_conf_sets(arena, text, options, count))
        return text;
    while (conf_line_next(arena, &cursor, &line)) {
        if (line_strip(&line, options, count) == 0)
            text_add_n(&out, line.raw, line.length);
        else if (line.words.count > 2)
            text_printf(&out, "%s\n", kernel_words_text(&line.words));
    }
    bool is_empty = out.length == 0 || *text_trim(arena, out.data, out.length) == '\0';
    return is_empty ? NULL : out.data;
}
