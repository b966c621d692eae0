/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that a piece finds where it starts: input of a benchmark, a script of a batch job. */
#include <string.h>

#include "common/placement/piece_check.h"

#define FILE_NAME_MAX 64

static bool file_name_check(const struct value *key, struct error *err)
{
    const char *name = value_text(key);

    if (name == NULL)
        return error_set(err, "'files' has a name that is a %s, not a text", value_kind_text(key));
    for (size_t i = 0; i < key->as.string.length; i++) {
        bool is_letter = (name[i] >= 'a' && name[i] <= 'z') || (name[i] >= 'A' && name[i] <= 'Z');
        bool is_digit = name[i] >= '0' && name[i] <= '9';

        if (!is_letter && !is_digit && (i == 0 || name[i] == '\0' || strchr("._-", name[i]) == NULL))
            return error_set(
                err, "'files' names '%.60s'; letters, digits, and '.', '_' or '-' behind the first are taken", name);
    }
    if (key->as.string.length == 0 || key->as.string.length > FILE_NAME_MAX)
        return error_set(err, "'files' names '%.60s', which has %zu characters; 1 to %d are taken", name,
                         key->as.string.length, FILE_NAME_MAX);
    return true;
}

bool piece_files_check(const struct value *files, struct error *err)
{
    size_t bytes = 0;

    if (files == NULL)
        return true;
    if (!value_is(files, VALUE_MAP))
        return error_set(err, "'files' must be a map of texts, but it is a %s", value_kind_text(files));
    if (value_count(files) > PIECE_FILES_MAX)
        return error_set(err, "'files' has %zu files; %d are the most", value_count(files), PIECE_FILES_MAX);
    for (size_t i = 0; i < value_count(files); i++) {
        const struct value_pair *pair = value_pair_at(files, i);
        const char *text = value_text(pair->item);

        if (!file_name_check(pair->key, err))
            return false;
        if (text == NULL || strlen(text) != pair->item->as.string.length)
            return error_set(err, "'files': '%s' must be a text without NUL characters", value_text(pair->key));
        bytes += pair->item->as.string.length;
    }
    return bytes <= PIECE_TEXTS_MAX ||
           error_set(err, "'files' has %zu bytes; %zu are the most", bytes, PIECE_TEXTS_MAX);
}
