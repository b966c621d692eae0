/* SPDX-License-Identifier: Apache-2.0 */
/* What kind of module a file is. */
#include <string.h>

#include "common/base/text.h"
#include "common/regex/regex.h"
#include "engine/foreign/foreign.h"

#define BINARY_LOOK 1024

/* What imports ansible's or a collection's module_utils. */
#define PYTHON_PATTERN                                                                                                 \
    "(?:from +\\.{2,} *module_utils.* +import |"                                                                       \
    "from +ansible_collections\\.[^.]+\\.[^.]+\\.plugins\\.module_utils.* +import |"                                   \
    "import +ansible_collections\\.[^.]+\\.[^.]+\\.plugins\\.module_utils.*|"                                          \
    "from +ansible\\.module_utils.* +import |"                                                                         \
    "import +ansible\\.module_utils\\.)"
#define WINDOWS_PATTERN "#Requires -Module|#Requires -Version|#AnsibleRequires -(OSVersion|Powershell|CSharpUtil)"

static bool holds(const char *data, size_t length, const char *what)
{
    return memmem(data, length, what, strlen(what)) != NULL;
}

static bool is_binary(const char *data, size_t length)
{
    static const char allowed[] = { 7, 8, 9, 10, 12, 13, 27 };

    for (size_t i = 0; i < length && i < BINARY_LOOK; i++) {
        unsigned char c = (unsigned char)data[i];

        if (c == 0x7f || (c < 0x20 && memchr(allowed, c, sizeof(allowed)) == NULL))
            return true;
    }
    return false;
}

struct pattern {
    const char *text;
    unsigned options;
};

static bool matches(struct arena *arena, const struct pattern *pattern, const char *data, size_t length, bool *out,
                    struct error *err)
{
    struct regex *regex = NULL;

    return regex_compile(arena, pattern->text, strlen(pattern->text), pattern->options, &regex, err) &&
           regex_search(regex, data, length, NULL, out, err);
}

bool foreign_kind_of(struct arena *arena, const char *data, size_t length, enum foreign_kind *out, struct error *err)
{
    static const struct pattern python = { PYTHON_PATTERN, 0 }, windows = { WINDOWS_PATTERN, REGEX_IGNORECASE };
    bool is_python = false, is_windows = false;

    if (is_binary(data, length)) {
        *out = FOREIGN_BINARY;
        return true;
    }
    if (!matches(arena, &python, data, length, &is_python, err) ||
        !matches(arena, &windows, data, length, &is_windows, err))
        return false;
    if (is_python || holds(data, length, "#<<INCLUDE_ANSIBLE_MODULE_COMMON>>"))
        *out = FOREIGN_PYTHON;
    else if (is_windows || holds(data, length, "# POWERSHELL_COMMON"))
        *out = FOREIGN_POWERSHELL;
    else if (holds(data, length, "<<INCLUDE_ANSIBLE_MODULE_JSON_ARGS>>"))
        *out = FOREIGN_FILLED;
    else
        *out = holds(data, length, "WANT_JSON") ? FOREIGN_JSON : FOREIGN_WORDS;
    return true;
}

void foreign_first_line(struct arena *arena, const char *data, size_t length, const char **interpreter_out,
                        const char **words_out)
{
    const char *end = memchr(data, '\n', length);
    char *line;

    *interpreter_out = NULL;
    *words_out = "";
    if (length < 2 || memcmp(data, "#!", 2) != 0)
        return;
    line = text_trim(arena, data + 2, (size_t)((end == NULL ? data + length : end) - data) - 2);
    size_t word = strcspn(line, " \t");

    if (word == 0)
        return;
    *interpreter_out = arena_copy_n(arena, line, word);
    if (line[word] != '\0')
        *words_out = arena_printf(arena, " %s", text_trim(arena, line + word, strlen(line + word)));
}
