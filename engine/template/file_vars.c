/* SPDX-License-Identifier: Apache-2.0 */
/* template_path and its sisters, ansible_managed. */
#include "engine/template/file_vars.h"

#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "common/base/path.h"
#include "engine/template/object_date.h"
#include "engine/template/object_date_parts.h"
#include "engine/template/python_format.h"

/* Text of the run itself: a condition may use it, unless it holds template syntax. */
static const struct value *own_text(struct eval *eval, const char *text)
{
    bool is_plain = !value_text_is_template(text, strlen(text));

    return value_mark(eval->arena, eval_text(eval, text), is_plain ? VALUE_TRUSTED | VALUE_STATIC : 0, 0);
}

static const char *owner_name(struct arena *arena, uid_t uid)
{
    struct passwd entry, *found = NULL;
    char buffer[4096];

    if (getpwuid_r(uid, &entry, buffer, sizeof(buffer), &found) == 0 && found != NULL)
        return arena_copy(arena, entry.pw_name);
    return arena_printf(arena, "%u", (unsigned)uid);
}

/* The setting ansible_managed: fields of str.format(), then directives of strftime() for when the file was changed. */
static const struct value *managed(struct eval *eval, const struct value *vars, time_t changed)
{
    const char *names[] = { "host", "uid", "file" };
    const struct value *values[] = { value_map_get(vars, "template_host"), value_map_get(vars, "template_uid"),
                                     value_map_get(vars, "template_path") };
    struct call_args args = { .names = names, .named = values, .named_count = 3 };
    const char *format = eval->env->config.managed_text;
    const struct value *text = eval_text(eval, format == NULL ? "Ansible managed" : format);
    struct text out = text_new(eval->arena);
    struct tm parts = { 0 };

    text = python_str_format(eval, text, &args);
    localtime_r(&changed, &parts);
    if (text == NULL || !date_format(eval, &out, &parts, NULL, text->as.string.data))
        return NULL;
    return own_text(eval, out.data);
}

static void put_text(struct eval *eval, struct value *vars, const char *name, const char *text)
{
    value_map_put(eval->arena, vars, name, own_text(eval, text));
}

static bool put_all(struct eval *eval, const struct template_file *file, const struct stat *info, struct value *vars)
{
    const struct value *changed = date_of_time(eval, &info->st_mtim), *now = date_now(eval, false), *text;
    struct utsname host = { 0 };

    if (changed == NULL || now == NULL)
        return false;
    uname(&host);
    put_text(eval, vars, "template_host", host.nodename);
    put_text(eval, vars, "template_path", file->name);
    value_map_put(eval->arena, vars, "template_mtime", changed);
    put_text(eval, vars, "template_uid", owner_name(eval->arena, info->st_uid));
    value_map_put(eval->arena, vars, "template_run_date", now);
    value_map_put(eval->arena, vars, "template_destpath",
                  file->dest == NULL || *file->dest == '\0' ? value_null() : own_text(eval, file->dest));
    put_text(eval, vars, "template_fullpath", path_absolute(eval->arena, file->path));
    text = managed(eval, vars, info->st_mtim.tv_sec);
    if (text == NULL)
        return error_prefix(eval->err, "ansible_managed");
    value_map_put(eval->arena, vars, "ansible_managed", text);
    return true;
}

bool template_file_vars(struct template_call *call, const struct template_file *file, const struct value **out,
                        struct error *err)
{
    struct eval eval = eval_new(call, err);
    struct value *vars = value_map(call->arena);
    struct stat info;

    if (stat(file->path, &info) != 0)
        return error_set_errno(err, "stat '%s'", file->path);
    if (!put_all(&eval, file, &info, vars))
        return false;
    *out = vars;
    return true;
}
