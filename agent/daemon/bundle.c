/* SPDX-License-Identifier: Apache-2.0 */
/* From the controller's manifest to the bundle in place. */
#include "agent/daemon/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "agent/daemon/bundle_parts.h"
#include "agent/system/file/file_tree.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/trust/bundle_state.h"
#include "common/trust/bundle_text.h"
#include "common/trust/private_file.h"

void bundle_step(const struct bundle_work *work, const char *name)
{
    if (work->options->step != NULL)
        work->options->step(work->options->data, name);
}

/* --- what is here --- */

static bool is_same(const struct bundle_manifest *a, const struct bundle_manifest *b)
{
    bool same = a->files_count == b->files_count;

    for (size_t i = 0; same && i < a->files_count; i++)
        same = a->files[i].mode == b->files[i].mode && text_equal(a->files[i].path, b->files[i].path) &&
               text_equal(a->files[i].sha256, b->files[i].sha256);
    return same;
}

/* The files of the bundle in place, by content. One that cannot be read is none: everything is fetched then. */
static void old_read(struct bundle_work *work)
{
    struct value *old = value_map(work->arena);
    struct bundle_manifest *here = &work->here;
    struct error ignored = ERROR_INIT;
    struct der text = { 0 };
    const unsigned char *line = NULL;
    bool missing = false;

    work->old = old;
    if (!private_file_read(work->arena, path_join(work->arena, work->current, "manifest"), LIMIT_BUNDLE_MANIFEST + 256,
                           &text, &missing, &ignored) ||
        missing || (line = memchr(text.data, '\n', text.length)) == NULL ||
        !bundle_text_read(work->arena, (struct der){ line + 1, text.length - (size_t)(line + 1 - text.data) }, here,
                          &ignored))
        return;
    for (size_t i = 0; i < here->files_count; i++)
        value_map_put_string(
            work->arena, old, here->files[i].sha256,
            path_join(work->arena, path_join(work->arena, work->current, "files"), here->files[i].path));
}

/* --- the manifest --- */

/* *status_out: 200 with the manifest, 304, or 404 when there is none. Whoever changed a file of the bundle in place gets it
 * put right by the same version once more. */
static bool manifest_ask(struct bundle_work *work, int *status_out, struct error *err)
{
    struct controller_fetch fetch = { .path = "/agent/v1/bundle", .limit_bytes = LIMIT_BUNDLE_MANIFEST + 256 };
    struct controller_answer answer;
    struct error ignored = ERROR_INIT;
    struct bundle_now now;
    bool missing = true;

    if (bundle_now_read(work->arena, work->options->state, &now, &missing, &ignored) && !missing &&
        now.version == work->here.version && bundle_is_whole(work))
        fetch.etag = arena_printf(work->arena, "\"%" PRId64 "\"", now.version);
    if (!controller_talk_fetch(work->talk, work->arena, &fetch, &answer, err))
        return false;
    *status_out = answer.status;
    work->text = (struct der){ (const unsigned char *)answer.text, answer.text == NULL ? 0 : strlen(answer.text) };
    return answer.status == 200 || answer.status == 304 ||
           (answer.status == 404 && strcmp(answer.code, "bundle_none") == 0) ||
           error_set(err, "the controller at %s answers with status %d%s%s", work->identity.controller, answer.status,
                     *answer.message == '\0' ? "" : ": ", answer.message);
}

/* False: this machine's own files are in the way. *refused_out: the manifest is not worth anything here, and why. */
static bool manifest_check(struct bundle_work *work, bool *refused_out, struct error *err)
{
    const struct identity *identity = &work->identity;
    struct bundle_demand demand = { .node = identity->node, .now_us = clock_wall_us(), .agent_version = ROOST_VERSION };
    struct public_key key;
    struct der pem = { 0 };

    if (!private_file_read(work->arena, identity->paths.signing_key, LIMIT_KEY_FILE, &pem, NULL, err) ||
        !public_key_read_pem((const char *)pem.data, pem.length, &key, err) ||
        !bundle_state_load(identity->paths.bundle_state, &demand.highest, err))
        return false;
    demand.key = &key;
    *refused_out = !bundle_manifest_verify(work->arena, work->text, &demand, &work->manifest, err);
    return true;
}

/* --- taking --- */

/* The version is remembered before the bundle is in place: a cut between the two leaves the old bundle, to which the same
 * manifest may come once more, but none that is older. */
static bool put_in_place(struct bundle_work *work, struct error *err)
{
    struct bundle_highest highest = { .version = work->manifest.version };
    bool replaces = path_is_folder(work->current);

    memcpy(highest.sha256, work->manifest.sha256, sizeof(highest.sha256));
    bundle_step(work, "remember");
    if (!bundle_state_save(work->identity.paths.bundle_state, &highest, err))
        return false;
    bundle_step(work, "rename");
    if (renameat2(AT_FDCWD, work->next, AT_FDCWD, work->current, replaces ? RENAME_EXCHANGE : RENAME_NOREPLACE) != 0)
        return error_set_errno(err, "cannot put '%s' in place", work->current);
    bundle_step(work, "sync");
    if (!folder_sync(work->options->state, err))
        return false;
    bundle_step(work, "clean");
    return file_tree_remove(work->next, err);
}

static bool take(struct bundle_work *work, enum bundle_outcome *out, struct error *err)
{
    bundle_step(work, "fill");
    work->has_changed = !is_same(&work->here, &work->manifest);
    if (!bundle_fill(work, err))
        return false;
    bundle_step(work, "describe");
    if (!bundle_info_write(work, err)) {
        *out = BUNDLE_REFUSED;
        (void)file_tree_remove(work->next, &(struct error)ERROR_INIT);
        return true;
    }
    if (!private_file_write(path_join(work->arena, work->next, "manifest"), work->text.data, work->text.length, err) ||
        !put_in_place(work, err))
        return false;
    *out = BUNDLE_TAKEN;
    return true;
}

static bool exchange(struct bundle_work *work, enum bundle_outcome *out, struct error *err)
{
    bool is_refused = false;
    int status = 0;

    bundle_step(work, "ask");
    old_read(work);
    if (!manifest_ask(work, &status, err))
        return false;
    if (status != 200) {
        *out = status == 304 ? BUNDLE_SAME : BUNDLE_NONE;
        return true;
    }
    bundle_step(work, "verify");
    if (!manifest_check(work, &is_refused, err))
        return false;
    if (!is_refused)
        return take(work, out, err);
    *out = BUNDLE_REFUSED;
    return true;
}

/* Two at once would fill the same folder. */
static int lock_take(struct bundle_work *work, struct error *err)
{
    const char *path = path_join(work->arena, work->options->state, "bundle.lock");
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (fd >= 0 && errno == EWOULDBLOCK)
            error_set(err, "another program is taking a bundle in '%s'", work->options->state);
        else
            error_set_errno(err, "cannot lock '%s'", path);
        fd_close(fd);
        return -1;
    }
    return fd;
}

bool bundle_take(struct arena *arena, const struct bundle_options *options, enum bundle_outcome *out, struct error *err)
{
    struct bundle_work work = { .arena = arena,
                                .options = options,
                                .current = path_join(arena, options->state, "bundle"),
                                .next = path_join(arena, options->state, "bundle.next") };
    struct controller_address address;
    bool missing = false, ok = false;

    if (!identity_load(arena, options->state, &work.identity, &missing, err))
        return false;
    if (missing)
        return error_set(err, "this node has not joined a controller (there is no '%s/identity')", options->state);
    FD_SCOPED lock = lock_take(&work, err);
    if (lock < 0)
        return false;
    address = controller_address_of(&work.identity);
    if (!controller_talk_open(&address, &work.talk, err))
        return false;
    ok = exchange(&work, out, err);
    controller_talk_close(work.talk);
    return ok;
}
