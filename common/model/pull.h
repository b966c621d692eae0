/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a source to files in the store: a plan, made of what the store knows and, only if that is not enough, of what the
 * server says; then its execution. What is in the store stays as it is (a branch or a URL is looked up once) unless an
 * update is asked for.
 */
#pragma once

#include "common/model/model_settings.h"
#include "common/model/model_source.h"
#include "common/model/remote.h"
#include "common/model/selection.h"
#include "common/model/store.h"

struct model_request {
    const char *source;
    const struct value *patterns;  /* list of texts that narrow the choice, or NULL */
    const struct value *checksums; /* list of SHA-256 in hex, one per file in the order of names; or NULL */
    const char *name;              /* of a link to the model's folder, or NULL */
    bool projector;                /* an mmproj beside the model is fetched too */
    bool update;                   /* ask whether the branch or the URL has something newer */
};

/* A file of the plan, beside model_plan.files. */
struct model_step {
    bool is_there;        /* the name is in the store and its blob too */
    bool has_blob;        /* the content is there, only the name is missing */
    bool has_remote;      /* `remote` is where it is */
    struct remote remote; /* of URLs */
    bool no_ranges;
    const char *etag, *modified; /* of URLs, from the server; of files, size and time */
};

struct download_ahead;
struct model_plan;

/* A file of the plan that is being brought. */
struct model_part {
    struct model_plan *plan;
    size_t index;
    struct partial *partial;   /* resumed, and ours */
    const char *key;           /* its name in partial/ */
    struct progress *progress; /* of all files */
    /* All of the file that `ahead` (may be NULL) says is missing, from where the model's source is. */
    bool (*origin)(struct model_part *part, const struct download_ahead *ahead, char sha256_out[DIGEST_HEX],
                   int64_t *size_out, struct error *err);
};

/* Who brings files, in place of the origin alone: neighbours have them, too. What it brings is judged as any download is. */
struct model_provider {
    void *data;
    bool (*bring)(void *data, struct model_part *part, char sha256_out[DIGEST_HEX], int64_t *size_out,
                  struct error *err);
    void (*judged)(void *data, const struct model_part *part,
                   bool is_good); /* it is a blob now; or nothing of it was kept */
};

struct model_plan {
    struct arena *arena;
    const struct model_settings *settings;
    struct model_request request;
    struct model_source source;
    struct model_store store;
    const char *folder;                    /* of the names, below the store's root */
    const char *repository;                /* hub: names/hf/HOST/ORG/REPO; NULL otherwise */
    const char *revision;                  /* hub: the commit; otherwise "" */
    const char *tree;                      /* hub: list of the commit's files, when it is not in the store yet */
    struct model_files files;              /* size and sha256 are filled in as they get known */
    struct model_step *steps;              /* one per file */
    int64_t size_bytes;                    /* of all files; -1: some are not known before they come */
    int64_t missing_bytes;                 /* of those that must be fetched, as far as known */
    bool is_there;                         /* nothing is to be done */
    const struct model_provider *provider; /* NULL: files come from the source. To be set before it is executed */
};

/* What would be done. Changes nothing. Fails also when the disk has not enough space for it. */
bool model_plan_make(struct arena *arena, const struct model_settings *settings, const struct model_request *request,
                     struct model_plan *out, struct error *err);
/* Does it. Files that are done stay done when a later one fails. */
bool model_plan_execute(struct model_plan *plan, struct error *err);
/* Absolute path of a file by its name (hub: of the commit, so that it never changes its meaning). */
char *model_plan_path(const struct model_plan *plan, size_t index);
/* The file an engine is given: the first that is no projector. */
size_t model_plan_main(const struct model_plan *plan);
/* Index of the projector, or the count of files. */
size_t model_plan_projector(const struct model_plan *plan);

/* Names in the store that a source means, at every commit that its revision means for some model, or that a link is for; asks
 * nobody. Of a link that nobody knows the files of: those in its folder, if they are one model. */
bool model_names_of(struct arena *arena, const struct model_settings *settings, const char *source,
                    struct store_name **out, size_t *count_out, struct error *err);
/* Sources and links that are removed together, and which of them is asked about. */
struct model_removal {
    const char *const *sources;
    size_t count, index;
};
/* The names that go with it: of a link, not those that a link which stays is for too. An error when a process uses what a
 * link is for. */
bool model_names_going(struct arena *arena, const struct model_settings *settings, const struct model_removal *removal,
                       struct store_name **out, size_t *count_out, struct error *err);
/* The source's names have been removed: what its branch meant is open again, and a link goes with its record. */
bool model_forget(struct arena *arena, const struct model_settings *settings, const char *source, struct error *err);
/* A name of links/, and not where a model comes from. */
bool model_source_is_link(const char *source);
