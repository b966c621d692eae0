/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test's own with room for files, and below it a store of models and the settings that lead there. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/model/model_settings.h"
#include "common/model/store.h"

struct world {
    struct arena *arena;
    char root[32];
    struct model_store store;
    struct model_settings settings;
};

/* Nothing is there of the store. */
static inline int world_start(void **state)
{
    struct world *world = calloc(1, sizeof(*world));
    struct error err = ERROR_INIT;

    world->arena = arena_new();
    snprintf(world->root, sizeof(world->root), "/tmp/roost-models-XXXXXX");
    assert_non_null(mkdtemp(world->root));
    world->settings.store = arena_printf(world->arena, "%s/store", world->root);
    world->settings.endpoint = "https://hub.example";
    world->store = (struct model_store){ world->arena, world->settings.store };
    *state = world;
    return model_settings_complete(world->arena, &world->settings, NULL, &err) ? 0 : -1;
}

/* The store's folders are made. */
static inline int world_start_prepared(void **state)
{
    struct error err = ERROR_INIT;
    struct world *world;

    if (world_start(state) != 0)
        return -1;
    world = *state;
    return store_prepare(&world->store, &err) ? 0 : -1;
}

static inline int world_end(void **state)
{
    struct world *world = *state;
    pid_t child = fork();

    if (child == 0) {
        execlp("rm", "rm", "-rf", world->root, (char *)NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
    arena_free(world->arena);
    free(world);
    return 0;
}

/* A file beside the store; its path. */
static inline const char *file_put(struct world *world, const char *name, const char *content)
{
    const char *path = arena_printf(world->arena, "%s/%s", world->root, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    return path;
}

/* A blob of that content, with its true digest, and a name for it, if there is a folder. */
static inline const char *blob_put(struct world *world, const char *folder, const char *path, const char *content)
{
    struct digest digest;
    struct error err = ERROR_INIT;
    char *hex = arena_alloc(world->arena, DIGEST_HEX);
    FILE *file;

    digest_start(&digest);
    digest_add(&digest, content, strlen(content));
    digest_hex(&digest, hex);
    file = fopen(store_blob(&world->store, hex), "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
    if (folder != NULL)
        assert_true(store_name_set(&world->store, folder, path, hex, &err));
    return hex;
}
