/* SPDX-License-Identifier: Apache-2.0 */
/* Filters on paths, and the two that look at the controlling machine: realpath and fileglob. */
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/template/filter.h"

static const char *path_of(struct eval *eval, const struct value *input)
{
    if (input->kind != VALUE_STRING) {
        eval_fail_type(eval, "expected str, bytes or os.PathLike object, not %s", eval_type(input));
        return NULL;
    }
    return input->as.string.data;
}

static const struct value *filter_basename(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path = path_of(eval, input);

    (void)args;
    return path == NULL ? NULL : eval_text(eval, path_basename(path));
}

static const struct value *filter_dirname(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path = path_of(eval, input);

    (void)args;
    return path == NULL ? NULL : eval_text(eval, path_dirname(eval->arena, path));
}

static const struct value *filter_expanduser(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path = path_of(eval, input);

    (void)args;
    return path == NULL ? NULL : eval_text(eval, path_expand_user(eval->arena, path));
}

/* $NAME and ${NAME}; unknown names stay. */
static size_t add_variable(struct eval *eval, struct text *out, const char *at)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    bool braces = at[1] == '{';
    const char *name = at + 1 + braces;
    size_t length = braces ? strcspn(name, "}") : strspn(name, letters);
    size_t whole = 1 + length + (braces ? 2u : 0u);
    const char *value;

    if (length == 0 || (braces && name[length] != '}'))
        return 0;
    value = getenv(arena_copy_n(eval->arena, name, length));
    if (value == NULL)
        text_add_n(out, at, whole);
    else
        text_add(out, value);
    return whole;
}

static const struct value *filter_expandvars(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *at = path_of(eval, input);
    struct text out = text_new(eval->arena);

    (void)args;
    if (at == NULL)
        return NULL;
    while (*at != '\0') {
        size_t taken = *at == '$' ? add_variable(eval, &out, at) : 0;

        if (taken == 0)
            text_add_char(&out, *at++);
        at += taken;
    }
    return value_string_borrow(eval->arena, out.data, out.length);
}

static const struct value *filter_path_join(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path;

    (void)args;
    if (input->kind == VALUE_STRING)
        return input;
    if (input->kind != VALUE_LIST || input->as.list.count == 0)
        return eval_fail_type(eval, "|path_join expects string or sequence, got <class '%s'> instead.",
                              eval_type(input));
    path = path_of(eval, input->as.list.items[0]);
    for (size_t i = 1; path != NULL && i < input->as.list.count; i++) {
        const char *part = path_of(eval, input->as.list.items[i]);

        path = part == NULL ? NULL : path_join(eval->arena, path, part);
    }
    return path == NULL ? NULL : eval_text(eval, path);
}

static const struct value *filter_realpath(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path = path_of(eval, input), *rest = "";
    char *absolute, resolved[PATH_MAX];

    (void)args;
    if (path == NULL)
        return NULL;
    absolute = arena_copy(eval->arena, path_absolute(eval->arena, path));
    /* the longest part that exists is resolved, the rest is kept */
    while (realpath(absolute, resolved) == NULL) {
        char *slash = strrchr(absolute, '/');

        if (slash == NULL || slash == absolute)
            return eval_text(eval, path_absolute(eval->arena, path));
        rest = *rest == '\0' ? arena_copy(eval->arena, slash + 1) : path_join(eval->arena, slash + 1, rest);
        *slash = '\0';
    }
    return eval_text(eval, *rest == '\0' ? resolved : path_join(eval->arena, resolved, rest));
}

static const struct value *filter_relpath(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path = path_of(eval, input), *start = args_text(eval, args->bound[0], ".", "start");
    char **from, **to;
    size_t from_count = 0, to_count = 0, common = 0;
    struct text out = text_new(eval->arena);

    if (path == NULL || start == NULL)
        return NULL;
    if (*path == '\0')
        return eval_fail(eval, "no path specified");
    path = path_normalize(eval->arena, path_absolute(eval->arena, path));
    start = path_normalize(eval->arena, path_absolute(eval->arena, start));
    to = text_split(eval->arena, strcmp(path, "/") == 0 ? "" : path, '/', &to_count);
    from = text_split(eval->arena, strcmp(start, "/") == 0 ? "" : start, '/', &from_count);
    while (common < from_count && common < to_count && strcmp(from[common], to[common]) == 0)
        common++;
    for (size_t i = common; i < from_count; i++)
        text_add(&out, out.length > 0 ? "/.." : "..");
    for (size_t i = common; i < to_count; i++)
        text_printf(&out, "%s%s", out.length > 0 ? "/" : "", to[i]);
    return eval_text(eval, out.length == 0 ? "." : out.data);
}

static const struct value *two(struct eval *eval, const char *path, size_t cut)
{
    struct value *tuple = eval_tuple(eval);

    value_list_add(eval->arena, tuple, eval_string(eval, path, cut));
    value_list_add(eval->arena, tuple, eval_text(eval, path + cut));
    return tuple;
}

static const struct value *filter_splitext(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path = path_of(eval, input), *base, *dot;

    (void)args;
    if (path == NULL)
        return NULL;
    base = path_basename(path);
    base += strspn(base, ".");
    dot = strrchr(base, '.');
    return two(eval, path, dot == NULL ? strlen(path) : (size_t)(dot - path));
}

/* Where the last component of a Windows path begins, and how long its drive is. */
static size_t windows_drive(const char *path)
{
    return path[0] != '\0' && path[1] == ':' ? 2 : 0;
}

static size_t windows_base(const char *path)
{
    size_t at = strlen(path), drive = windows_drive(path);

    while (at > drive && path[at - 1] != '\\' && path[at - 1] != '/')
        at--;
    return at;
}

static const struct value *filter_win_basename(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path = path_of(eval, input);

    (void)args;
    return path == NULL ? NULL : eval_text(eval, path + windows_base(path));
}

static const struct value *filter_win_dirname(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path = path_of(eval, input);
    size_t end, drive;

    (void)args;
    if (path == NULL)
        return NULL;
    drive = windows_drive(path);
    end = windows_base(path);
    while (end > drive + 1 && (path[end - 1] == '\\' || path[end - 1] == '/'))
        end--;
    return eval_string(eval, path, end);
}

static const struct value *filter_win_splitdrive(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *path = path_of(eval, input);

    (void)args;
    return path == NULL ? NULL : two(eval, path, windows_drive(path));
}

static const struct value *filter_fileglob(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *pattern = path_of(eval, input);
    struct value *list = eval_list(eval);
    glob_t found;

    (void)args;
    if (pattern == NULL)
        return NULL;
    if (glob(pattern, 0, NULL, &found) != 0)
        return list;
    for (size_t i = 0; i < found.gl_pathc; i++)
        if (path_is_file(found.gl_pathv[i]))
            value_list_add(eval->arena, list, eval_text(eval, found.gl_pathv[i]));
    globfree(&found);
    return list;
}

const struct filter filters_path[] = {
    { "basename", filter_basename, "", 0 },
    { "dirname", filter_dirname, "", 0 },
    { "expanduser", filter_expanduser, "", 0 },
    { "expandvars", filter_expandvars, "", 0 },
    { "path_join", filter_path_join, "", 0 },
    { "realpath", filter_realpath, "", 0 },
    { "relpath", filter_relpath, "start", 0 },
    { "splitext", filter_splitext, "", 0 },
    { "win_basename", filter_win_basename, "", 0 },
    { "win_dirname", filter_win_dirname, "", 0 },
    { "win_splitdrive", filter_win_splitdrive, "", 0 },
    { "fileglob", filter_fileglob, "", 0 },
    { .name = NULL },
};
