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
#include "engine/vault/data_file.h"
#include "engine/vault/vault.h"

void load_warn(struct playbook_loader *loader, const char *text)
{
    if (loader->config.warnings != NULL)
        value_list_add(loader->arena, loader->config.warnings, value_string(loader->arena, text));
}

void load_warn_once(struct playbook_loader *loader, const char *text)
{
    const struct value *warnings = loader->config.warnings;

    for (size_t i = 0; i < value_count(warnings); i++)
        if (text_equal(value_text(value_item(warnings, i)), text))
            return;
    load_warn(loader, text);
}

static bool file_parse(struct playbook_loader *loader, struct load_file *file, struct error *err)
{
    const struct vault_door door = { loader->config.decrypt, loader->config.decrypt_context };
    struct vault_content text = { 0 };
    struct yaml_source source = { .path = file->path, .trusted = true, .warnings = loader->config.warnings };

    struct value *duplicates = text_equal(loader->config.duplicate_keys, "error") ? value_list(loader->arena) : NULL;
    char *raw = NULL;

    if (!file_read(loader->arena, file->path, LIMIT_YAML_FILE, &raw, &text.length, err)) {
        err->kind = ERROR_PARSE;
        return false;
    }
    text.data = raw;
    if (!vault_open(&door, loader->arena, file->path, &text, err))
        return false;
    source.data = text.data;
    source.length = text.length;
    file->is_secret = text.was_encrypted;
    if (duplicates != NULL || text_equal(loader->config.duplicate_keys, "ignore"))
        source.warnings = duplicates;
    if (!data_read(loader->arena, &source, &file->content, err))
        return false;
    return value_count(duplicates) == 0 ||
           error_set_kind(err, ERROR_PARSE, "%s", value_text(value_item(duplicates, 0)));
}

/* Read before, or now. */
static const struct load_file *file_get(struct playbook_loader *loader, const char *path, struct error *err)
{
    struct load_file **bucket = &loader->files[hash_quick(path, strlen(path)) % LOAD_FILE_BUCKETS];
    struct load_file *file;

    for (file = *bucket; file != NULL; file = file->next) {
        if (strcmp(file->path, path) == 0)
            return file;
    }
    file = arena_new_of(loader->arena, struct load_file);
    file->path = arena_copy(loader->arena, path);
    if (!file_parse(loader, file, err))
        return NULL;
    file->next = *bucket;
    *bucket = file;
    return file;
}

bool load_file_read(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err)
{
    const struct load_file *file = file_get(loader, path, err);

    if (file != NULL)
        *out = file->content;
    return file != NULL;
}

bool load_file_vars(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err)
{
    const struct load_file *file = file_get(loader, path, err);

    const struct vault_door door = { loader->config.decrypt, loader->config.decrypt_context };

    if (file != NULL)
        *out = file->is_secret ? vault_secret_values(&door, loader->arena, file->content) : file->content;
    return file != NULL;
}

bool playbook_read_vars(struct playbook_loader *loader, const char *path, const struct value **out, struct error *err)
{
    const struct value *content = NULL;
    struct source_position at = { .path = path, .line = 1, .column = 1 };

    if (!load_file_vars(loader, path, &content, err))
        return false;
    if (content == NULL || value_is(content, VALUE_NULL)) {
        *out = value_map(loader->arena);
        return true;
    }
    *out = value_is(content, VALUE_MAP) ? content : value_map(loader->arena);
    for (size_t i = 0; value_is(content, VALUE_LIST) && i < value_count(content); i++) { /* several dictionaries */
        if (!value_is(value_item(content, i), VALUE_MAP))
            return error_set_at(err, &at,
                                "a variables file must contain a dictionary of variables, got a list with a %s",
                                value_kind_text(value_item(content, i)));
        *out = value_merge(loader->arena, *out, value_item(content, i), false);
    }
    if (value_is(content, VALUE_MAP) || value_is(content, VALUE_LIST))
        return true;
    return error_set_at(err, &at, "a variables file must contain a dictionary of variables, got a %s",
                        value_kind_text(content));
}
