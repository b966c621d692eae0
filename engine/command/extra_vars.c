/* SPDX-License-Identifier: Apache-2.0 */
/* Variables from the command line. Their text is the operator's own: trusted, so templates in it are evaluated. */
#include "engine/command/extra_vars.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/playbook/args_text.h"
#include "engine/vault/data_file.h"

bool key_values_read(struct arena *arena, const char *text, const struct value **out, struct error *err)
{
    struct value *source = value_string(arena, text), *map = NULL;

    source->marks = VALUE_TRUSTED;
    if (!args_parse(arena, source, false, &map, err))
        return false;
    *out = map;
    return true;
}

/* What was handed to us as a descriptor may hold secrets: programs that we start do not get it. */
static void descriptor_keep(const char *path)
{
    int64_t fd = -1;

    if (text_starts(path, "/dev/fd/") && text_to_int(path + strlen("/dev/fd/"), &fd) && fd > STDERR_FILENO &&
        fd <= INT_MAX)
        (void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

/* Exit code 1 for a file that is not there, as Ansible. */
static bool read_file(struct arena *arena, struct vault_secrets *secrets, const char *written, const struct value **out,
                      struct error *err)
{
    char *path = path_absolute(arena, path_expand_user(arena, written)), *data = NULL;
    const struct vault_door door = { vault_decrypt, secrets };
    struct vault_content content = { 0 };
    struct yaml_source source = { .path = path, .trusted = true };
    bool ok;

    if (!path_exists(path))
        return error_set(err, "extra vars file '%s' does not exist", written);
    ok = file_read(arena, path, LIMIT_YAML_FILE, &data, &content.length, err);
    descriptor_keep(path);
    content.data = data;
    if (ok && !vault_open(&door, arena, path, &content, err))
        return false;
    source.data = content.data;
    source.length = content.length;
    if (ok && data_read(arena, &source, out, err)) {
        *out = content.was_encrypted ? vault_secret_values(&door, arena, *out) : *out;
        return true;
    }
    err->kind = ERROR_PARSE;
    return error_prefix(err, "--extra-vars");
}

static bool read_item(struct arena *arena, struct vault_secrets *secrets, const char *item, const struct value **out,
                      struct error *err)
{
    const char *text = item + strspn(item, " \t\n");
    if (*text == '@')
        return read_file(arena, secrets, text + 1, out, err);
    if (*text == '/' || *text == '.')
        return error_set_kind(err, ERROR_OPTIONS, "Please prepend extra_vars filename '%s' with '@'", item);
    if (*text != '{' && *text != '[')
        return key_values_read(arena, text, out, err) || error_prefix(err, "--extra-vars");
    struct yaml_source source = { .data = text, .length = strlen(text), .path = "--extra-vars", .trusted = true };
    return data_read(arena, &source, out, err) || error_prefix(err, "--extra-vars '%s'", item);
}

bool extra_vars_read(struct arena *arena, struct vault_secrets *secrets, const char *const *items, bool merges,
                     const struct value **out, struct error *err)
{
    const struct value *merged = value_map(arena);
    for (; items && *items; items++) {
        const struct value *one = NULL;
        if (**items == '\0')
            continue;
        if (!read_item(arena, secrets, *items, &one, err))
            return false;
        if (!value_is(one, VALUE_MAP))
            return error_set_kind(err, ERROR_OPTIONS, "--extra-vars: expected a mapping of variables, found %s in '%s'",
                                  one == NULL || value_is(one, VALUE_NULL)
                                      ? "nothing"
                                      : arena_printf(arena, "a %s", value_kind_text(one)),
                                  *items);
        merged = value_merge(arena, merged, one, merges);
    }
    *out = merged;
    return true;
}
