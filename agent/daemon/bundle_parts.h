/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that take a bundle share. */
#pragma once

#include "agent/daemon/bundle.h"
#include "agent/daemon/controller_call.h"
#include "common/trust/bundle_manifest.h"

#define BUNDLE_DESCRIPTION "bundle.json" /* the file of a bundle that says what to run */
#define BUNDLE_DESCRIPTION_MAX ((size_t)64 * 1024)
#define BUNDLE_SPARE ((uint64_t)64 * 1024 * 1024) /* of the disk, which a bundle leaves */

struct bundle_work {
    struct arena *arena;
    const struct bundle_options *options;
    struct identity identity;
    struct controller_talk *talk;
    const char *current, *next; /* STATE/bundle, STATE/bundle.next */
    struct der text;            /* the manifest as it came */
    struct bundle_manifest manifest;
    struct bundle_manifest here; /* of the bundle in place; version 0: there is none, or none that can be read */
    const struct value *old;     /* map: SHA-256 -> path of a file of the bundle in place */
    bool has_changed;            /* `manifest` against `here` */
};

void bundle_step(const struct bundle_work *work, const char *name);
/* STATE/bundle.next with every file of the manifest, verified and on the disk: from the bundle that is here, or fetched. */
bool bundle_fill(struct bundle_work *work, struct error *err);
/* Every file of the bundle in place is as its manifest says. */
bool bundle_is_whole(const struct bundle_work *work);
/* info.json in `next`, from the manifest and bundle.json. False: the bundle does not say what to run. */
bool bundle_info_write(struct bundle_work *work, struct error *err);
