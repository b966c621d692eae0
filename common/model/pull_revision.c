/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which commit a branch means. Every model has its own answer, so that an update of one moves no other of the same repository:
 * REV:=NAME for a model that has a link, REV:KEY for others by what was asked for. REV alone is what the branch was when
 * somebody last asked the hub: where models begin that have no answer yet. Git allows no colon in names.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/path.h"
#include "common/base/text.h"
#include "common/model/pull_parts.h"

#define KEY_DIGITS 16

char *pull_revision_entry(struct arena *arena, const char *revision)
{
    struct text entry = text_new(arena);

    for (const char *at = revision; *at != '\0'; at++) {
        if (*at == '/' || *at == '%' || *at == ':')
            text_printf(&entry, "%%%02X", (unsigned char)*at);
        else
            text_add_char(&entry, *at);
    }
    return entry.data;
}

char *pull_revision_of_entry(struct arena *arena, const char *entry)
{
    static const char escaped[] = "/%:";
    struct text revision = text_new(arena);

    text_add(&revision, "");
    for (const char *at = entry; *at != '\0' && *at != ':'; at++) {
        const char *found = NULL;
        char code[4];

        for (const char *sign = escaped; *sign != '\0' && found == NULL; sign++) {
            (void)snprintf(code, sizeof(code), "%%%02X", (unsigned char)*sign);
            found = text_starts(at, code) ? sign : NULL;
        }
        text_add_char(&revision, found == NULL ? *at : *found);
        at += found == NULL ? 0 : 2;
    }
    return revision.data;
}

/* By what is asked for: path and patterns. */
static char *entry_of_files(struct arena *arena, const struct model_source *source, const struct value *patterns)
{
    struct digest digest;
    char hex[DIGEST_HEX];

    digest_start(&digest);
    digest_add(&digest, source->path, strlen(source->path) + 1);
    for (size_t i = 0; i < value_count(patterns); i++) {
        const char *pattern = value_text(value_item(patterns, i));

        digest_add(&digest, pattern == NULL ? "" : pattern, pattern == NULL ? 1 : strlen(pattern) + 1);
    }
    digest_hex(&digest, hex);
    return arena_printf(arena, "%s:%.*s", pull_revision_entry(arena, source->revision), KEY_DIGITS, hex);
}

static char *own_entry(const struct model_plan *plan)
{
    const char *entry = pull_revision_entry(plan->arena, plan->source.revision);

    if (digest_is_git(plan->source.revision)) /* a commit is the same for everybody */
        return arena_copy(plan->arena, entry);
    if (plan->request.name != NULL)
        return arena_printf(plan->arena, "%s%s%s", entry, STORE_REVISION_NAMED, plan->request.name);
    return entry_of_files(plan->arena, &plan->source, plan->request.patterns);
}

const char *pull_revision_known(const struct model_plan *plan)
{
    const char *entries[] = { own_entry(plan), entry_of_files(plan->arena, &plan->source, plan->request.patterns),
                              pull_revision_entry(plan->arena, plan->source.revision) };
    const char *commit = NULL;

    for (size_t i = 0; commit == NULL && i < sizeof(entries) / sizeof(entries[0]); i++)
        commit = store_revision_get(&plan->store, plan->repository, entries[i]);
    return commit;
}

bool pull_revision_is_set(const struct model_plan *plan)
{
    const char *commit = store_revision_get(&plan->store, plan->repository, own_entry(plan));

    return commit != NULL && strcmp(commit, plan->revision) == 0;
}

static bool entry_set(const struct model_plan *plan, const char *entry, struct error *err)
{
    return store_link_set(&plan->store, arena_printf(plan->arena, "%s/revisions/%s", plan->repository, entry),
                          arena_printf(plan->arena, "../commits/%s", plan->revision), err);
}

/* Git allows no name that begins with a dot: this one says that the commit is being fetched. */
static const char *pending_entry(const struct model_plan *plan)
{
    return arena_printf(plan->arena, ".%s", plan->revision);
}

bool pull_revision_begin(const struct model_plan *plan, struct error *err)
{
    return entry_set(plan, pending_entry(plan), err);
}

bool pull_revision_finish(const struct model_plan *plan, struct error *err)
{
    const char *shared = pull_revision_entry(plan->arena, plan->source.revision);
    bool is_news = plan->request.update || store_revision_get(&plan->store, plan->repository, shared) == NULL;

    if (!entry_set(plan, own_entry(plan), err) || (is_news && !entry_set(plan, shared, err)))
        return false;
    (void)unlink(
        store_path(&plan->store, arena_printf(plan->arena, "%s/revisions/%s", plan->repository, pending_entry(plan))));
    return true;
}

void pull_revision_forget(const struct model_store *store, const char *repository, const struct model_source *source)
{
    const char *entry = entry_of_files(store->arena, source, NULL);

    if (!digest_is_git(source->revision))
        (void)unlink(store_path(store, arena_printf(store->arena, "%s/revisions/%s", repository, entry)));
}

bool pull_revision_commits(const struct model_store *store, const char *repository, const char *revision, char ***out,
                           size_t *count_out, struct error *err)
{
    const char *wanted = pull_revision_entry(store->arena, revision);
    size_t length = strlen(wanted), count = 0, kept = 0;
    char **entries = NULL;

    if (!store_entries(store, arena_printf(store->arena, "%s/revisions", repository), &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *commit = NULL;
        bool is_known = false;

        if (strncmp(entries[i], wanted, length) == 0 && (entries[i][length] == '\0' || entries[i][length] == ':'))
            commit = store_revision_get(store, repository, entries[i]);
        for (size_t k = 0; commit != NULL && k < kept; k++)
            is_known = is_known || strcmp(entries[k], commit) == 0;
        if (commit != NULL && !is_known) /* in the place of an entry that has been read */
            entries[kept++] = arena_copy(store->arena, commit);
    }
    *out = entries;
    *count_out = kept;
    return true;
}
