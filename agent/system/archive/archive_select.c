/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tar: an exclude pattern matches a name, or what follows a slash in it, and with a folder goes what is in
 * it; includes are plain names. unzip: both are patterns of the whole name. In both * matches slashes.
 */
#include "agent/system/archive/archive_select.h"

#include <fnmatch.h>
#include <string.h>

#include "common/base/text.h"

static size_t trimmed_length(const char *name)
{
    size_t length = strlen(name);
    while (length > 1 && name[length - 1] == '/')
        length--;
    return length;
}

static bool tar_excludes(const char *pattern, const char *name)
{
    char trimmed[LIMIT_PATH];
    size_t length = trimmed_length(pattern);

    if (length >= sizeof(trimmed))
        return false;
    memcpy(trimmed, pattern, length);
    trimmed[length] = '\0';
    for (const char *at = name; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL) {
        if (*at && fnmatch(trimmed, at, FNM_LEADING_DIR) == 0)
            return true;
    }
    return false;
}

static bool tar_includes(const char *wanted, const char *name)
{
    size_t length = trimmed_length(wanted);

    return strncmp(name, wanted, length) == 0 && (name[length] == '\0' || name[length] == '/');
}

bool archive_include_matches(const struct archive_selection *selection, size_t index, const char *name)
{
    const char *wanted = value_text(value_item(selection->include, index));

    if (!wanted)
        return false;
    return selection->is_zip ? fnmatch(wanted, name, 0) == 0 : tar_includes(wanted, name);
}

bool archive_selected(const struct archive_selection *selection, const char *name)
{
    size_t count = value_count(selection->include);

    for (size_t i = 0; i < value_count(selection->exclude); i++) {
        const char *pattern = value_text(value_item(selection->exclude, i));
        if (pattern && (selection->is_zip ? fnmatch(pattern, name, 0) == 0 : tar_excludes(pattern, name)))
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (archive_include_matches(selection, i, name))
            return true;
    }
    return count == 0;
}
