/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of locale.gen and SUPPORTED. */
#include "agent/system/host/locale_list.h"

#include <string.h>

#include "agent/system/file/word_list.h"
#include "common/base/text.h"

static const char *normal(struct arena *arena, const char *name)
{
    static const char *const spellings[][2] = {
        { ".utf8", ".UTF-8" },    { ".eucjp", ".EUC-JP" }, { ".iso885915", ".ISO-8859-15" },
        { ".cp1251", ".CP1251" }, { ".koi8r", ".KOI8-R" }, { ".armscii8", ".ARMSCII-8" },
        { ".euckr", ".EUC-KR" },  { ".gbk", ".GBK" },      { ".gb18030", ".GB18030" },
        { ".euctw", ".EUC-TW" },
    };

    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        const char *found = strstr(name, spellings[i][0]);
        if (found != NULL)
            return arena_printf(arena, "%.*s%s%s", (int)(found - name), name, spellings[i][1],
                                found + strlen(spellings[i][0]));
    }
    return name;
}

bool locale_same(struct arena *arena, const char *a, const char *b)
{
    return strcmp(normal(arena, a), normal(arena, b)) == 0;
}

/* "NAME CHARSET", perhaps behind a #: the charset, or NULL. Names without _ are not offered, as in Ansible. */
static const char *charset_of(struct arena *arena, const char *line, const char *name, bool commented)
{
    const char *text = line[0] == '#' && commented ? line + 1 : line;
    struct word_list words = word_list_split(arena, text, strlen(text));
    const char *underscore = strchr(name, '_');

    if (words.count != 2 || strcmp(words.items[0], name) != 0 || underscore == NULL || underscore == name)
        return NULL;
    return words.items[1];
}

bool locale_is_offered(struct arena *arena, const char *text, const char *name, bool commented)
{
    size_t count = 0;
    char **lines = text_split(arena, text, '\n', &count);

    for (size_t i = 0; i < count; i++) {
        if (charset_of(arena, lines[i], name, commented) != NULL)
            return true;
    }
    return false;
}

/* Each line of the name becomes `prefix`NAME CHARSET, or goes (prefix NULL). */
static char *rewrite(struct arena *arena, const char *text, const char *name, const char *prefix)
{
    const char *cursor = text, *end = text + strlen(text), *raw;
    struct text out = text_new(arena);
    size_t length;

    while (text_line(&cursor, end, &raw, &length)) {
        const char *charset = charset_of(arena, arena_copy_n(arena, raw, length), name, true);

        if (charset == NULL)
            text_add_n(&out, raw, (size_t)(cursor - raw));
        else if (prefix != NULL)
            text_printf(&out, "%s%s %s\n", prefix, name, charset);
    }
    return out.data;
}

char *locale_switch(struct arena *arena, const char *text, const char *name, bool on)
{
    return rewrite(arena, text, name, on ? "" : "# ");
}

char *locale_without(struct arena *arena, const char *text, const char *name)
{
    return rewrite(arena, text, name, NULL);
}
