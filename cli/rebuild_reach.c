/* SPDX-License-Identifier: Apache-2.0 */
/* From "it was wiped" to "it lets us in". */
#include "cli/rebuild_reach.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/rebuild_child.h"
#include "cli/rebuild_progress.h"
#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "controller/transport/ssh.h"

#define TRY_PAUSE_MS 300
#define KNOWN_MAX ((size_t)16 * 1024 * 1024)
#define WORDS_MAX 200
#define KEYGEN_NOT_FOUND 1

/* Our options first: ssh takes the first value it sees. */
static bool ssh_words(struct rebuild_call *call, const char *const *options, const char *flag, const char ***out,
                      struct error *err)
{
    const char **words = arena_new_array(call->arena, const char *, WORDS_MAX + 1);
    const char *const *usual = NULL;
    size_t count = 0;

    if (!ssh_arguments(call->arena, &call->node->target, "true", &usual, err))
        return false;
    words[count++] = *usual++;
    if (flag != NULL)
        words[count++] = flag;
    for (; *options != NULL && count + 2 < WORDS_MAX; options++) {
        words[count++] = "-o";
        words[count++] = *options;
    }
    while (*usual != NULL && count < WORDS_MAX)
        words[count++] = *usual++;
    words[count] = NULL;
    *out = words;
    return true;
}

/* --- what ssh knows --- */

struct known {
    const char *file;  /* the first of UserKnownHostsFile; NULL: ssh keeps none */
    const char *name;  /* of the node there: "[192.0.2.1]:2222", or its alias */
    const char *lines; /* of it there; or NULL */
    const char *key;   /* the first of them that is the host's own; or NULL */
};

/* The value of "key value" among the lines of ssh -G. */
static const char *setting_of(struct arena *arena, const char *settings, const char *key)
{
    const char *cursor = settings, *end = settings + strlen(settings), *line = NULL;
    size_t length = 0, width = strlen(key);

    while (text_line(&cursor, end, &line, &length)) {
        if (length > width && strncmp(line, key, width) == 0 && line[width] == ' ')
            return text_trim(arena, line + width, length - width);
    }
    return NULL;
}

static bool program_output(struct rebuild_call *call, const char *const *argv, const char **out, struct error *err)
{
    struct rebuild_child_end end;

    if (!rebuild_child_run(call, &(struct rebuild_child){ .argv = argv, .is_silent = true }, &end, err))
        return false;
    *out = end.output;
    return true;
}

/* ssh-keygen on a known_hosts file; `none`: a status that is no error, beside 0. *out: what it printed. */
static bool keygen(struct rebuild_call *call, const char *const *argv, int none, const char **out, struct error *err)
{
    struct rebuild_child_end end;

    if (!rebuild_child_run(call, &(struct rebuild_child){ .argv = argv, .is_silent = true }, &end, err))
        return false;
    *out = end.output;
    return end.status == 0 || end.status == none ||
           error_set(err, "%s %s %s -f %s ended with %d: %s", argv[0], argv[1], argv[2], argv[4], end.status,
                     rebuild_child_sentence(call->arena, end.output));
}

static bool known_find(struct rebuild_call *call, struct known *out, struct error *err)
{
    static const char *const none[] = { NULL };
    struct arena *arena = call->arena;
    const char **words = NULL, *settings = NULL, *files = NULL, *port = NULL, *alias = NULL;

    if (!ssh_words(call, none, "-G", &words, err) || !program_output(call, words, &settings, err))
        return false;
    files = setting_of(arena, settings, "userknownhostsfile");
    port = setting_of(arena, settings, "port");
    alias = setting_of(arena, settings, "hostkeyalias");
    *out = (struct known){ .name = setting_of(arena, settings, "hostname") };
    if (files == NULL || out->name == NULL)
        return error_set(err, "ssh -G does not say how it reaches %s: %s", call->node->host,
                         rebuild_child_sentence(arena, settings));
    if (alias != NULL && !text_equal(alias, "none"))
        out->name = alias;
    else if (!text_equal(port, "22"))
        out->name = arena_printf(arena, "[%s]:%s", out->name, port);
    out->file = path_expand_user(arena, arena_copy_n(arena, files, strcspn(files, " ")));
    if (text_equal(out->file, "/dev/null") || text_equal(out->file, "none"))
        out->file = NULL;
    if (out->file != NULL && path_exists(out->file)) {
        const char *const argv[] = { "ssh-keygen", "-F", out->name, "-f", out->file, NULL };

        if (!keygen(call, argv, KEYGEN_NOT_FOUND, &out->lines, err))
            return false;
        out->key = rebuild_key_known(arena, out->lines);
    }
    return true;
}

static bool known_append(struct arena *arena, const struct known *known, const char *key, struct error *err)
{
    const char *line = arena_printf(arena, "%s %s\n", known->name, key);
    FD_SCOPED fd = -1;

    if (!folder_create(arena, path_dirname(arena, known->file), 0700, err))
        return false;
    fd = open(known->file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return error_set_errno(err, "cannot write %s", known->file);
    return fd_write_all(fd, line, strlen(line), err);
}

/* That key and no other, for the node's name. Rebuilds and their threads one after the other. */
static bool known_set(struct rebuild_call *call, const struct known *known, const char *key, struct error *err)
{
    const char *const argv[] = { "ssh-keygen", "-R", known->name, "-f", known->file, NULL };
    const char *ignored = NULL;
    FD_SCOPED lock = open(path_join(call->arena, path_dirname(call->arena, call->rebuild->folder), "known_hosts.lock"),
                          O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    while (lock >= 0 && flock(lock, LOCK_EX) != 0 && errno == EINTR)
        continue;
    if (known->key != NULL &&
        !keygen(call, argv, 0, &ignored, err)) /* the old one would be believed beside the new one */
        return false;
    return known_append(call->arena, known, key, err);
}

/* --- what the node shows --- */

/* NULL: nothing answers yet; *why_out says what ssh said. */
static bool key_offered(struct rebuild_call *call, const struct rebuild_key_words *words, const char **key_out,
                        const char **why_out, struct error *err)
{
    const char *file =
        path_join(call->arena, call->rebuild->folder, arena_printf(call->arena, "%s.offered", call->node->host));
    const char *algorithms = rebuild_key_algorithms(call->arena, words);
    const char *options[] = { arena_printf(call->arena, "UserKnownHostsFile=\"%s\"", file),
                              "GlobalKnownHostsFile=/dev/null",
                              "StrictHostKeyChecking=accept-new",
                              "HashKnownHosts=no",
                              "UpdateHostKeys=no",
                              "PreferredAuthentications=none",
                              "BatchMode=yes",
                              "ControlMaster=no",
                              "ControlPath=none",
                              algorithms == NULL ? NULL : arena_printf(call->arena, "HostKeyAlgorithms=%s", algorithms),
                              NULL };
    const char **argv = NULL;
    char *text = NULL;
    size_t length = 0;
    struct error unread = ERROR_INIT;

    (void)unlink(file);
    if (!ssh_words(call, options, NULL, &argv, err) || !program_output(call, argv, why_out, err))
        return false;
    *key_out =
        file_read(call->arena, file, KNOWN_MAX, &text, &length, &unread) ? rebuild_key_read(call->arena, text) : NULL;
    (void)unlink(file);
    return true;
}

/* --- waiting --- */

static bool key_check(struct rebuild_call *call, const struct known *known, struct rebuild_key_words *words,
                      const char *offered, struct error *err)
{
    const char *how = NULL;

    if (!rebuild_key_judge(call->arena, words, offered, &how, err) ||
        (known->file != NULL && !text_equal(known->key, offered) && !known_set(call, known, offered, err)))
        return false;
    rebuild_note(call, "host_key", offered);
    if (words->pinned == NULL)
        rebuild_note(call, "host_key_how", how);
    rebuild_tell(call, "host key %s, %s", rebuild_key_fingerprint(call->arena, offered), how);
    return true;
}

/* What was wiped may go down a moment later: the key that it had is no answer while another was told. */
static bool is_old_system(const struct rebuild_key_words *words, const char *old, const char *offered)
{
    return words->was_wiped && words->by_wipe.key != NULL && text_equal(old, offered) &&
           !text_equal(words->by_wipe.key, offered);
}

/* Until something answers on the node's port. */
static bool key_wait(struct rebuild_call *call, const struct known *known, struct rebuild_key_words *words,
                     int64_t deadline_ms, struct error *err)
{
    struct arena *kept = call->arena;
    const char *old = rebuild_noted(call, "old_key");
    bool is_good = true, is_over = false;

    while (is_good && !is_over) {
        ARENA_SCOPED arena = arena_new();
        const char *offered = NULL, *why = "";

        call->arena = arena;
        is_good = key_offered(call, words, &offered, &why, err);
        if (is_good && offered != NULL && is_old_system(words, old, offered) && clock_monotonic_ms() < deadline_ms)
            rebuild_progress_say(call, false, "the old system still answers");
        else if (is_good && offered != NULL)
            is_over = is_good = key_check(call, known, words, offered, err);
        else if (is_good && clock_monotonic_ms() > deadline_ms)
            is_good = error_set(err, "it has not come back within %lld s: %s", (long long)call->rebuild->options.wait_s,
                                rebuild_child_sentence(arena, why));
        else if (is_good)
            rebuild_progress_say(call, false, "%s", rebuild_child_sentence(arena, why));
        call->arena = kept;
        if (is_good && !is_over && !rebuild_pause(TRY_PAUSE_MS))
            is_good = error_set_kind(err, ERROR_CANCELLED, "interrupted");
    }
    return is_good;
}

/* What roost brings to nodes is packed by the first that logs in; the others wait for it instead of doing the same beside it. */
static bool login_try(struct rebuild_call *call, const char *const *words, struct rebuild_child_end *end,
                      struct error *err)
{
    struct rebuild *rebuild = call->rebuild;
    bool is_first = !rebuild->is_packed, is_good = false;

    if (is_first)
        pthread_mutex_lock(&rebuild->first_login);
    is_good = rebuild_roost(call, "run", words, end, err);
    if (is_good && end->status == 0)
        rebuild->is_packed = true;
    if (is_first)
        pthread_mutex_unlock(&rebuild->first_login);
    return is_good;
}

static bool login_wait(struct rebuild_call *call, int64_t deadline_ms, struct error *err)
{
    const char *const words[] = { call->node->host, "-m", "ping", NULL };
    struct rebuild_child_end end;

    for (;;) {
        if (!login_try(call, words, &end, err))
            return false;
        if (end.status == 0)
            return true;
        if (end.status != RUN_UNREACHABLE || clock_monotonic_ms() > deadline_ms)
            return error_set(err, "%s", rebuild_child_sentence(call->arena, end.output));
        rebuild_progress_say(call, false, "%s", rebuild_child_sentence(call->arena, end.output));
        if (!rebuild_pause(TRY_PAUSE_MS))
            return error_set_kind(err, ERROR_CANCELLED, "interrupted");
    }
}

bool rebuild_reach(struct rebuild_call *call, struct error *err)
{
    int64_t deadline_ms = clock_monotonic_ms() + call->rebuild->options.wait_s * 1000;
    const char *by_wipe = rebuild_noted(call, "told_key"), *pinned = rebuild_noted(call, "host_key");
    struct rebuild_key_words words = { .declared = call->node->declared,
                                       .by_wipe = { by_wipe, rebuild_noted(call, "told_fingerprint") },
                                       .pinned = pinned,
                                       .was_wiped = rebuild_noted(call, "wiped") != NULL };
    struct known known;

    if (!known_find(call, &known, err))
        return false;
    words.known = known.key;
    words.known_lines = known.lines;
    return key_wait(call, &known, &words, deadline_ms, err) && login_wait(call, deadline_ms, err);
}

bool rebuild_reach_before(struct rebuild_call *call, struct error *err)
{
    struct known known;

    if (!known_find(call, &known, err))
        return false;
    if (known.key != NULL && rebuild_noted(call, "old_key") == NULL) /* a wipe that is begun again knows it already */
        rebuild_note(call, "old_key", known.key);
    return true;
}
