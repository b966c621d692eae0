/* SPDX-License-Identifier: Apache-2.0 */
/* A root folder of its own for tests that read the host's files: made empty, filled by put, removed at the end. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/system/file/file_tree.h"
#include "agent/system/host/system.h"
#include "common/base/fd.h"
#include "common/base/path.h"

struct recorded_tree {
    struct arena *arena;
    struct system system;
    char root[64];
};

static inline struct recorded_tree recorded_tree_new(void)
{
    struct recorded_tree tree = { .arena = arena_new(), .root = "/tmp/roost-tree-XXXXXX" };

    if (mkdtemp(tree.root) == NULL)
        abort();
    return tree;
}

static inline void recorded_tree_free(struct recorded_tree *tree)
{
    struct error err = ERROR_INIT;

    (void)file_tree_remove(tree->root, &err);
    arena_free(tree->arena);
}

/* Call after the tree has its final place: the system points into it. */
static inline const struct system *recorded_tree_system(struct recorded_tree *tree)
{
    tree->system = (struct system){ .root = tree->root };
    return &tree->system;
}

static inline void recorded_tree_put(struct recorded_tree *tree, const char *path, const char *content)
{
    struct error err = ERROR_INIT;
    const char *real = arena_printf(tree->arena, "%s%s", tree->root, path);
    FILE *file = NULL;

    if (file_tree_make(tree->arena, path_dirname(tree->arena, real), &err))
        file = fopen(real, "w");
    if (file == NULL || fputs(content, file) < 0 || fclose(file) != 0)
        abort();
}

static inline const char *recorded_tree_get(struct recorded_tree *tree, const char *path)
{
    struct error err = ERROR_INIT;
    char *data = NULL;

    if (!file_read(tree->arena, arena_printf(tree->arena, "%s%s", tree->root, path), 1 << 20, &data, NULL, &err))
        return NULL;
    return data;
}

/* A stand-in program: first in PATH, it notes its call in /calls and goes on with `body` (shell; $ROOT is the tree). */
static inline void recorded_tree_program(struct recorded_tree *tree, const char *name, const char *body)
{
    const char *path = arena_printf(tree->arena, "/bin/%s", name);

    recorded_tree_put(
        tree, path,
        arena_printf(tree->arena, "#!/bin/sh\nROOT=%s\necho \"%s $*\" >> $ROOT/calls\n%s", tree->root, name, body));
    if (chmod(arena_printf(tree->arena, "%s%s", tree->root, path), 0755) != 0 ||
        setenv("PATH", arena_printf(tree->arena, "%s/bin:/usr/bin:/bin", tree->root), 1) != 0)
        abort();
}
