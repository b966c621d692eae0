/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's command line as words: reading, comparing with a goal, changing. Pure text but for /proc/cmdline. */
#include "agent/system/boot/kernel_cmdline.h"

#include <ctype.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define CMDLINE_LIMIT (64 * 1024)

/* Documentation/admin-guide/kernel-parameters.txt, dracut.cmdline(7), kernel-command-line(7), read in 2026-11. */
static const char *const cumulative_names[] = {
    "console",
    "earlycon",
    "netconsole",
    "ip",
    "memmap",
    "hugepagesz",
    "hugepages",
    "video",
    "blacklist",
    "module_blacklist",
    "acpi_osi",
    "dyndbg",
    "pci",
    "usbcore.quirks",
    "nfsaddrs",
    "vlan",
    "bond",
    "bridge",
    "rd.luks.uuid",
    "rd.lvm.lv",
    "rd.lvm.vg",
    "rd.md.uuid",
    "rd.break",
    "rd.driver.pre",
    "luks.uuid",
    "luks.name",
    "luks.options",
    "systemd.mask",
    "systemd.wants",
    "systemd.setenv",
    "efi",
    "modprobe.blacklist",
    "rd.driver.blacklist",
    "initcall_blacklist",
    NULL,
};

static char letter_same(char c)
{
    return c == '-' ? '_' : c;
}

bool kernel_name_equal(const char *a, const char *b)
{
    while (*a != '\0' && letter_same(*a) == letter_same(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

bool kernel_param_is_cumulative(const char *name)
{
    for (const char *const *known = cumulative_names; *known != NULL; known++)
        if (kernel_name_equal(*known, name))
            return true;
    return false;
}

/* --- words --- */

static size_t word_length(const char *text)
{
    bool quoted = false;
    size_t length = 0;

    for (; text[length] != '\0' && (quoted || !isspace((unsigned char)text[length])); length++)
        quoted = quoted != (text[length] == '"');
    return length;
}

static char *unquoted(struct arena *arena, const char *text)
{
    char *copy = arena_copy(arena, text), *put = copy;

    for (const char *at = text; *at != '\0'; at++)
        if (*at != '"')
            *put++ = *at;
    *put = '\0';
    return copy;
}

static struct kernel_word word_of(struct arena *arena, const char *text)
{
    const char *plain = unquoted(arena, text);
    const char *equals = strchr(plain, '=');
    struct kernel_word word = { .text = arena_copy(arena, text), .name = plain };

    if (equals != NULL) {
        word.name = arena_copy_n(arena, plain, (size_t)(equals - plain));
        word.value = equals + 1;
    }
    return word;
}

static void words_insert(struct kernel_words *words, size_t index, const char *text)
{
    if (words->count == words->capacity) {
        size_t bigger = words->capacity * 2 + 16;
        words->items = arena_grow(words->arena, words->items, words->capacity * sizeof(*words->items),
                                  bigger * sizeof(*words->items));
        words->capacity = bigger;
    }
    memmove(words->items + index + 1, words->items + index, (words->count - index) * sizeof(*words->items));
    words->items[index] = word_of(words->arena, text);
    words->count++;
}

struct kernel_words kernel_words_read(struct arena *arena, const char *text)
{
    struct kernel_words words = { .arena = arena };

    for (;;) {
        while (isspace((unsigned char)*text))
            text++;
        size_t length = word_length(text);
        if (length == 0)
            return words;
        words_insert(&words, words.count, arena_copy_n(arena, text, length));
        text += length;
    }
}

struct kernel_words kernel_words_read_file(struct arena *arena, const char *text, const char **comments_out)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    struct text comments = text_new(arena), words = text_new(arena);
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        size_t blank = strspn(line, " \t");
        struct text *to = blank < length && line[blank] == '#' ? &comments : &words;

        text_add_n(to, line, length);
        text_add_char(to, '\n');
    }
    *comments_out = comments.length > 0 ? comments.data : "";
    return kernel_words_read(arena, words.length > 0 ? words.data : "");
}

/* How many words are the kernel's: those before a word `--`. */
static size_t words_end(const struct kernel_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        if (strcmp(words->items[i].text, "--") == 0)
            return i;
    return words->count;
}

void kernel_words_add(struct kernel_words *words, const char *text)
{
    words_insert(words, words_end(words), text);
}

void kernel_words_remove(struct kernel_words *words, size_t index)
{
    words->count--;
    memmove(words->items + index, words->items + index + 1, (words->count - index) * sizeof(*words->items));
}

char *kernel_words_text(const struct kernel_words *words)
{
    struct text text = text_new(words->arena);

    for (size_t i = 0; i < words->count; i++)
        text_printf(&text, "%s%s", i > 0 ? " " : "", words->items[i].text);
    return text.data != NULL ? text.data : arena_copy(words->arena, "");
}

const struct kernel_word *kernel_words_last(const struct kernel_words *words, const char *name)
{
    for (size_t i = words_end(words); i-- > 0;)
        if (kernel_name_equal(words->items[i].name, name))
            return &words->items[i];
    return NULL;
}

size_t kernel_words_count(const struct kernel_words *words, const char *name)
{
    size_t count = 0;

    for (size_t i = words_end(words); i-- > 0;)
        count += kernel_name_equal(words->items[i].name, name);
    return count;
}

const char *kernel_words_values(const struct kernel_words *words, const char *name)
{
    const struct kernel_word *last = kernel_words_last(words, name);
    struct text text = text_new(words->arena);
    size_t end = words_end(words);

    if (last == NULL || !kernel_param_is_cumulative(name))
        return last == NULL ? NULL : last->value == NULL ? "" : last->value;
    for (size_t i = 0; i < end; i++)
        if (kernel_name_equal(words->items[i].name, name) && words->items[i].value != NULL)
            text_printf(&text, "%s%s", text.length > 0 ? " " : "", words->items[i].value);
    return text.data != NULL ? text.data : "";
}

/* --- goals --- */

static bool value_is_wanted(const struct kernel_goal *goal, const char *value)
{
    for (size_t i = 0; i < goal->value_count; i++)
        if (text_equal(goal->values[i], value))
            return true;
    return false;
}

bool kernel_goal_names(const struct kernel_goal *goal, const struct kernel_word *word)
{
    return kernel_name_equal(goal->name, word->name) && (goal->value_count == 0 || value_is_wanted(goal, word->value));
}

bool kernel_goal_is_several(const struct kernel_goal *goal)
{
    return goal->value_count > 1 || kernel_param_is_cumulative(goal->name);
}

static bool words_hold(const struct kernel_words *words, const char *name, const char *value)
{
    for (size_t i = words_end(words); i-- > 0;)
        if (kernel_name_equal(words->items[i].name, name) && text_equal(words->items[i].value, value))
            return true;
    return false;
}

static bool absent_met(const struct kernel_goal *goal, const struct kernel_words *words)
{
    for (size_t i = words_end(words); i-- > 0;)
        if (kernel_goal_names(goal, &words->items[i]))
            return false;
    return true;
}

bool kernel_goal_met(const struct kernel_goal *goal, const struct kernel_words *words)
{
    const struct kernel_word *last;

    if (!goal->is_present)
        return absent_met(goal, words);
    if (!kernel_goal_is_several(goal)) {
        last = kernel_words_last(words, goal->name);
        return last != NULL && text_equal(last->value, goal->values[0]);
    }
    for (size_t i = 0; i < goal->value_count; i++)
        if (!words_hold(words, goal->name, goal->values[i]))
            return false;
    return true;
}

static const char *goal_word(struct arena *arena, const struct kernel_goal *goal, size_t index)
{
    const char *value = goal->values[index];

    return value == NULL ? goal->name : arena_printf(arena, "%s=%s", goal->name, value);
}

static bool apply_single(const struct kernel_goal *goal, struct kernel_words *words)
{
    size_t place = words_end(words);

    if (kernel_goal_met(goal, words) && kernel_words_count(words, goal->name) == 1)
        return false;
    for (size_t i = words_end(words); i-- > 0;) {
        if (!kernel_name_equal(words->items[i].name, goal->name))
            continue;
        kernel_words_remove(words, i);
        place = i;
    }
    words_insert(words, place < words_end(words) ? place : words_end(words), goal_word(words->arena, goal, 0));
    return true;
}

static bool apply_several(const struct kernel_goal *goal, struct kernel_words *words)
{
    bool changed = false;

    for (size_t i = 0; i < goal->value_count; i++) {
        if (words_hold(words, goal->name, goal->values[i]))
            continue;
        kernel_words_add(words, goal_word(words->arena, goal, i));
        changed = true;
    }
    return changed;
}

bool kernel_goal_apply(const struct kernel_goal *goal, struct kernel_words *words)
{
    bool changed = false;

    if (goal->is_present)
        return kernel_goal_is_several(goal) ? apply_several(goal, words) : apply_single(goal, words);
    for (size_t i = words_end(words); i-- > 0;) {
        if (!kernel_goal_names(goal, &words->items[i]))
            continue;
        kernel_words_remove(words, i);
        changed = true;
    }
    return changed;
}

const char *kernel_goal_text(struct arena *arena, const struct kernel_goal *goal)
{
    struct text text = text_new(arena);

    if (goal->value_count == 0)
        return goal->name;
    for (size_t i = 0; i < goal->value_count; i++)
        text_printf(&text, "%s%s", i > 0 ? " " : "", goal_word(arena, goal, i));
    return text.data;
}

bool kernel_cmdline_running(const struct system *system, struct arena *arena, struct kernel_words *out,
                            struct error *err)
{
    const char *path = system_path(system, arena, "/proc/cmdline");
    char *data = NULL;
    size_t length = 0;

    *out = (struct kernel_words){ .arena = arena };
    if (!path_exists(path))
        return true;
    if (!file_read(arena, path, CMDLINE_LIMIT, &data, &length, err))
        return error_prefix(err, "reading the running command line");
    *out = kernel_words_read(arena, data);
    return true;
}
