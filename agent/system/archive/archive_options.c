/* SPDX-License-Identifier: Apache-2.0 */
/* One table of options; what is not in it is refused, never passed over. */
#include "agent/system/archive/archive_options.h"

#include <stddef.h>
#include <string.h>

#include "common/base/text.h"

#define NO_FIELD SIZE_MAX /* says what is the case here anyway */

struct option {
    const char *word;
    size_t field; /* a bool of struct archive_options that becomes `value` */
    bool value;
};

#define FIELD(name_) offsetof(struct archive_options, name_)

static const struct option option_table[] = {
    { "--no-same-owner", FIELD(no_same_owner), true },
    { "--same-owner", FIELD(no_same_owner), false },
    { "--no-same-permissions", FIELD(no_same_permissions), true },
    { "--same-permissions", FIELD(no_same_permissions), false },
    { "--preserve-permissions", FIELD(no_same_permissions), false },
    { "-p", FIELD(no_same_permissions), false },
    { "--numeric-owner", FIELD(numeric_owner), true },
    { "--touch", FIELD(touch), true },
    { "-m", FIELD(touch), true },
    { "--keep-newer-files", FIELD(keep_newer), true },
    { "--skip-old-files", FIELD(skip_old), true },
    { "-n", FIELD(skip_old), true },
    { "--overwrite", NO_FIELD, false },
    { "--unlink-first", NO_FIELD, false },
    { "--no-acls", NO_FIELD, false },
    { "--no-selinux", NO_FIELD, false },
    { "--no-xattrs", NO_FIELD, false },
    { "--show-transformed-names", NO_FIELD, false },
    { "-o", NO_FIELD, false },
    { "-q", NO_FIELD, false },
    { "-qq", NO_FIELD, false },
};

/* "--name=value", or "--name" with the value in the next word. */
static const char *option_value(const struct value *words, size_t *index, const char *name)
{
    const char *word = value_text(value_item(words, *index));
    size_t length = strlen(name);

    if (strncmp(word, name, length) != 0)
        return NULL;
    if (word[length] == '=')
        return word + length + 1;
    if (word[length] != '\0' || *index + 1 >= value_count(words))
        return NULL;
    (*index)++;
    return value_text(value_item(words, *index));
}

static bool parse_valued(struct arena *arena, const struct value *words, size_t *index, struct archive_options *options,
                         bool *known_out, struct error *err)
{
    int64_t number = 0;
    const char *strip = option_value(words, index, "--strip-components");
    if (!strip)
        strip = option_value(words, index, "--strip");
    if (strip) {
        if (!text_to_int(strip, &number) || number < 0 || number > 1000)
            return error_set(err, "extra_opts: '%s' is no number of components", strip);
        options->strip = (unsigned)number;
        *known_out = true;
        return true;
    }
    const char *pattern = option_value(words, index, "--exclude");
    if (pattern)
        value_list_add(arena, options->exclude, value_string(arena, pattern));
    *known_out = pattern != NULL;
    return true;
}

static bool parse_flag(const char *word, struct archive_options *options)
{
    if (text_starts(word, "--warning="))
        return true;
    for (size_t i = 0; i < sizeof(option_table) / sizeof(option_table[0]); i++) {
        if (strcmp(option_table[i].word, word) != 0)
            continue;
        if (option_table[i].field != NO_FIELD)
            *(bool *)((char *)options + option_table[i].field) = option_table[i].value;
        return true;
    }
    return false;
}

bool archive_options_parse(struct arena *arena, const struct value *words, struct archive_options *out,
                           struct error *err)
{
    struct archive_options options = { .exclude = value_list(arena) };

    for (size_t i = 0; i < value_count(words); i++) {
        const char *word = value_text(value_item(words, i));
        bool known = false;
        if (!word)
            return error_set(err, "extra_opts must be a list of strings");
        if (word[0] == '\0')
            continue;
        if (!parse_valued(arena, words, &i, &options, &known, err))
            return false;
        if (!known && !parse_flag(word, &options))
            return error_set(err, "extra_opts: '%s' is not supported", word);
    }
    *out = options;
    return true;
}
