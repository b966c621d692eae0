/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where {% include %}, {% import %} and {% extends %} find templates: in the search folders, each with its
 * templates/ folder first. Names may not leave those folders.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/path.h"
#include "engine/template/exec.h"
#include "engine/vault/vault.h"

/* Jinja2's loader refuses names with "..". */
static bool leaves_folder(const char *name)
{
    for (const char *part = name; part != NULL; part = strchr(part, '/')) {
        part += *part == '/';
        if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
            return true;
    }
    return false;
}

static const char *find_in(struct eval *eval, const char *folder, const char *name)
{
    const char *templates = path_join(eval->arena, path_join(eval->arena, folder, "templates"), name);
    const char *direct = path_join(eval->arena, folder, name);

    if (path_is_file(templates))
        return templates;
    return path_is_file(direct) ? direct : NULL;
}

static const char *find(struct eval *eval, const char *name)
{
    const char *found = NULL;

    if (leaves_folder(name))
        return NULL;
    while (*name == '/')
        name++;
    if (eval->base.path != NULL)
        found = find_in(eval, path_dirname(eval->arena, eval->base.path), name);
    for (size_t i = 0; found == NULL && eval->call->search_folders != NULL && eval->call->search_folders[i] != NULL;
         i++)
        found = find_in(eval, eval->call->search_folders[i], name);
    return found;
}

bool template_source_load(struct eval *eval, const char *name, const struct template **out, const char **path_out)
{
    struct syntax syntax = eval->tree->syntax;
    const char *path = find(eval, name);
    struct template *tree = NULL;
    const struct vault_door door = { eval->call->decrypt, eval->call->decrypt_context };
    struct vault_content content = { 0 };

    if (path == NULL)
        return true;
    if (!vault_read_file(&door, eval->arena, path, LIMIT_SOURCE_FILE, &content, eval->err))
        return false;
    syntax.key = 0;
    syntax.plain_strings = false;
    if (!environment_parse(eval->env, &syntax, &(struct source){ content.data, content.length, false }, &tree,
                           eval->err)) {
        snprintf(eval->err->path, sizeof(eval->err->path), "%s", path);
        eval->located = true;
        return false;
    }
    *out = tree;
    *path_out = arena_copy(eval->env->arena, path); /* positions borrow it */
    return true;
}
