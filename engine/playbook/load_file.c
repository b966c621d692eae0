/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading YAML files for the loader: each file once a run, vaulted or not.
 */
#include <string.h>

#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/text.h"
#include "common/yaml/yaml_reader.h"
#include "engine/playbook/load.h"

void load_warn(struct playbook_loader *loader, const char *text)
{
    if (loader->config.warnings != NULL)
        value_list_add(loader->arena, loader->config.warnings, value_string(loader->arena, text));
}

static bool file_decrypt(struct playbook_loader *loader, const char *path, const char **data, size_t *length,
                         struct error *err)
{
    struct source_position at = { path, 1, 1 };

    if (!text_starts(*data, "$ANSIBLE_VAULT;"))
        return true;
    if (loader->config.decrypt == NULL)
        return error_set_at(err, &at, TEMPLATE_NO_VAULT);
    if (!loader->config.decrypt(loader->config.decrypt_context, loader->arena, *data, *length, data, length, err))
        return error_prefix(err, "%s", path);
    return true;
}

static bool file_parse(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err)
{
    char *raw = NULL;
    const char *data;
    size_t length = 0;
    struct yaml_source source = { .path = path, .trusted = true, .warnings = loader->config.warnings };

    if (!file_read(loader->arena, path, LIMIT_YAML_FILE, &raw, &length, err)) {
        err->kind = ERROR_PARSE;
        return false;
    }
    data = raw;
    if (!file_decrypt(loader, path, &data, &length, err))
        return false;
    source.data = data;
    source.length = length;
    return yaml_read(loader->arena, &source, out, err);
}

bool load_file_read(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err)
{
    struct load_file **bucket = &loader->files[hash_quick(path, strlen(path)) % LOAD_FILE_BUCKETS];
    struct load_file *file;

    for (file = *bucket; file != NULL; file = file->next) {
        if (strcmp(file->path, path) == 0) {
            *out = file->content;
            return true;
        }
    }
    file = arena_new_of(loader->arena, struct load_file);
    file->path = arena_copy(loader->arena, path);
    if (!file_parse(loader, file->path, &file->content, err))
        return false;
    file->next = *bucket;
    *bucket = file;
    *out = file->content;
    return true;
}

bool playbook_read_vars(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err)
{
    const struct value *content = NULL;
    struct source_position at = { .path = path, .line = 1, .column = 1 };

    if (!load_file_read(loader, path, &content, err))
        return false;
    if (content == NULL || value_is(content, VALUE_NULL)) {
        *out = value_map(loader->arena);
        return true;
    }
    if (!value_is(content, VALUE_MAP))
        return error_set_at(err, &at, "a variables file must contain a dictionary of variables, got a %s",
                            value_kind_text(content));
    *out = content;
    return true;
}
