/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what jobs wrote. */
#include "controller/engines/batch_output.h"

#include <ctype.h>
#include <string.h>

#include "common/base/text.h"
#include "common/json/json.h"

#define WORDS_MOST 160

const char *batch_output(const struct value *outputs, size_t index)
{
    const char *text = value_map_text(value_item(outputs, index), "output");

    return text == NULL ? "" : text;
}

const struct value *batch_json(struct arena *arena, const char *text, char open)
{
    char shut = open == '[' ? ']' : '}';
    const char *begin = text, *end = strrchr(text, shut);
    const struct value *value = NULL;

    while (end != NULL && begin != NULL && begin < end) {
        struct error ignored = ERROR_INIT;

        if (*begin == open && json_read(arena, begin, (size_t)(end + 1 - begin), NULL, &value, &ignored))
            return value;
        begin = strchr(begin, '\n');
        begin = begin == NULL ? NULL : begin + 1;
    }
    return NULL;
}

bool batch_tells(const char *line)
{
    while (*line != '\0' && !isalnum((unsigned char)*line))
        line++;
    return *line != '\0';
}

const char *batch_last_words(struct arena *arena, const char *text)
{
    const char *last = "";
    size_t count = 0;
    char **lines = text_split(arena, text, '\n', &count);

    for (size_t i = 0; i < count; i++)
        if (batch_tells(lines[i]))
            last = lines[i];
    return last[0] == '\0' ? "it said nothing" : arena_printf(arena, "it said '%.*s'", WORDS_MOST, last);
}
