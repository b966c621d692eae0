/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts kept from one run to the next (fact_caching = jsonfile): one file a host, in the form of Ansible's plugin of that name,
 * so that both read each other's. A file that cannot be read or is too old counts as none.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/json/json.h"
#include "engine/vars/vars_internal.h"

#define CACHE_INDENT 4

/* NULL: nothing is kept of this host. */
static const char *cache_path(const struct vars_world *world, struct arena *arena, const struct inventory_host *host)
{
    const struct vars_config *config = &world->config;

    if (config->cache_folder == NULL || strchr(host->name, '/') != NULL || host->name[0] == '.')
        return NULL;
    return arena_printf(arena, "%s/%s%s", config->cache_folder,
                        config->cache_prefix == NULL ? "" : config->cache_prefix, host->name);
}

static bool is_fresh(const struct vars_world *world, const char *path)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return false;
    return world->config.cache_timeout_s <= 0 || time(NULL) - status.st_mtime <= world->config.cache_timeout_s;
}

void vars_cache_read(struct vars_world *world, const struct inventory_host *host)
{
    ARENA_SCOPED scratch = arena_new();
    const char *path = cache_path(world, scratch, host);
    const struct value *facts = NULL;
    struct error err = ERROR_INIT;
    char *data = NULL;
    size_t length = 0;

    if (path == NULL)
        return;
    if (world->config.cache_is_flushed || !is_fresh(world, path)) {
        (void)unlink(path);
        return;
    }
    if (!file_read(scratch, path, LIMIT_YAML_FILE, &data, &length, &err) ||
        !json_read(scratch, data, length, path, &facts, &err) || !value_is(facts, VALUE_MAP)) {
        if (world->config.warnings != NULL)
            value_list_add(
                world->arena, world->config.warnings,
                value_string(world->arena, arena_printf(world->arena, "facts of %s are not taken from the cache: %s",
                                                        host->name, err.text)));
        return;
    }
    vars_host_add_facts(world, host, facts);
    vars_host_of(world, host)->is_cache_old = false;
}

static bool cache_write(const char *path, const struct text *text, struct arena *scratch, struct error *err)
{
    char *made = arena_printf(scratch, "%s.XXXXXX", path);
    FD_SCOPED fd = mkostemp(made, O_CLOEXEC);

    if (fd < 0)
        return error_set_errno(err, "%s", path);
    if (fd_write_all(fd, text->data, text->length, err) && rename(made, path) == 0)
        return true;
    (void)unlink(made);
    return err->text[0] != '\0' ? false : error_set_errno(err, "%s", path);
}

static void host_write(struct vars_world *world, const struct inventory_host *host)
{
    ARENA_SCOPED scratch = arena_new();
    struct vars_host *entry = vars_host_of(world, host);
    const char *path = cache_path(world, scratch, host);
    struct text text = text_new(scratch);
    struct error err = ERROR_INIT;

    if (path == NULL || !entry->is_cache_old)
        return;
    entry->is_cache_old = false;
    if (value_count(entry->facts) == 0) {
        (void)unlink(path);
        return;
    }
    json_write(&text, entry->facts, &(struct json_style){ .indent = CACHE_INDENT, .sort_keys = true, .ascii = true });
    if (folder_create(scratch, world->config.cache_folder, 0755, &err) && cache_write(path, &text, scratch, &err))
        return;
    if (world->config.warnings != NULL)
        value_list_add(world->arena, world->config.warnings,
                       value_string(world->arena,
                                    arena_printf(world->arena, "facts of %s are not kept: %s", host->name, err.text)));
    world->config.cache_folder = NULL; /* told once */
}

/* All hosts whose facts have changed. */
void vars_cache_flush(struct vars_world *world)
{
    const struct inventory *inventory = world->config.inventory;

    if (world->config.cache_folder == NULL || inventory == NULL)
        return;
    for (size_t i = 0; i < inventory->host_count; i++) {
        const struct inventory_host *host = inventory->hosts[i];

        if (host->number < world->host_capacity && world->hosts[host->number].is_cache_old)
            host_write(world, host);
    }
}
