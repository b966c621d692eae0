/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the logs. What is not there says nothing. */
#include "agent/daemon/cause.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utmp.h>

#include "agent/session/session_note.h"
#include "agent/system/process/process.h"
#include "common/base/fd.h"

#define TAIL_BYTES ((size_t)512 * 1024)
#define SESSION_BYTES ((size_t)8192)
#define SESSIONS_MAX 256
#define PROGRAM_MS 3000
#define BEFORE_S 43200 /* a session that began so long before the window is still told with its address */

/* The end of a file; NULL: there is none. */
static const char *tail_read(struct arena *arena, const char *path, size_t bytes, size_t *length_out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct error ignored = ERROR_INIT;
    struct stat info;
    char *data = NULL;
    off_t from;

    *length_out = 0;
    if (fd < 0)
        return NULL;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
        from = info.st_size > (off_t)bytes ? info.st_size - (off_t)bytes : 0;
        data = arena_alloc(arena, bytes + 1);
        if (lseek(fd, from, SEEK_SET) < 0 || !fd_read_all(fd, data, bytes, length_out, &ignored))
            data = NULL;
        else
            data[*length_out] = '\0';
    }
    fd_close(fd);
    return data;
}

static void texts_take(struct evidence_list *list, const char *root)
{
    static const struct {
        const char *path;
        void (*take)(struct evidence_list *list, const char *text);
    } logs[] = {
        { SESSION_NOTE_PATH, evidence_runs },
        { "/var/log/apt/history.log", evidence_apt_history },
        { "/var/log/dpkg.log", evidence_dpkg },
        { "/var/log/dnf.log", evidence_dnf },
    };

    for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
        size_t length = 0;
        const char *text =
            tail_read(list->arena, arena_printf(list->arena, "%s%s", root, logs[i].path), TAIL_BYTES, &length);

        if (text != NULL)
            logs[i].take(list, text);
    }
}

static void wtmp_take(struct evidence_list *list, const char *root)
{
    size_t length = 0;
    /* whole records */
    const char *data =
        tail_read(list->arena, arena_printf(list->arena, "%s/var/log/wtmp", root), sizeof(struct utmp) * 1024, &length);

    if (data != NULL)
        evidence_utmp(list, data, length);
}

static void sessions_take(struct evidence_list *list, const char *root)
{
    const char *folder = arena_printf(list->arena, "%s/run/systemd/sessions", root);
    DIR *sessions = opendir(folder);
    const struct dirent *entry;

    for (int i = 0; sessions != NULL && i < SESSIONS_MAX && (entry = readdir(sessions)) != NULL; i++) {
        size_t length = 0;
        const char *text = strchr(entry->d_name, '.') != NULL
                               ? NULL
                               : tail_read(list->arena, arena_printf(list->arena, "%s/%s", folder, entry->d_name),
                                           SESSION_BYTES, &length);

        if (text != NULL)
            evidence_session(list, text);
    }
    if (sessions != NULL)
        closedir(sessions);
}

static void program_take(struct evidence_list *list, const char *const *argv,
                         void (*take)(struct evidence_list *list, const char *text))
{
    const struct system system = { .root = "" };
    const struct process_request request = {
        .argv = argv, .timeout_ms = PROGRAM_MS, .c_locale = true, .umask_bits = -1
    };
    struct error ignored = ERROR_INIT;
    struct process_result result;

    if (process_find(&system, list->arena, argv[0]) != NULL &&
        process_run(&system, list->arena, &request, &result, &ignored) && result.status == 0)
        take(list, result.output);
}

static void programs_take(struct evidence_list *list, const struct cause_window *window)
{
    int64_t from_us = window->touched_us > 0 ? window->touched_us : window->from_us;
    const char *since = arena_printf(list->arena, "--since=@%lld", (long long)(from_us / 1000000 - BEFORE_S));
    const char *until = arena_printf(list->arena, "--until=@%lld", (long long)(window->to_us / 1000000 + 1));

    program_take(list,
                 PROCESS_ARGV("journalctl", "-q", "--no-pager", "-o", "json",
                              "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_PID", since, until, "-n", "2000", "-t",
                              "sudo", "-t", "sshd", "-t", "sshd-session"),
                 evidence_journal);
    if (access("/var/lib/rpm/rpmdb.sqlite", F_OK) == 0 || access("/usr/lib/sysimage/rpm/rpmdb.sqlite", F_OK) == 0)
        program_take(list, PROCESS_ARGV("rpm", "-qa", "--qf", "%{INSTALLTIME} %{NAME}\\n"), evidence_rpm);
}

void cause_gather(struct evidence_list *list, const struct cause_sources *sources, const struct cause_window *window)
{
    texts_take(list, sources->root);
    wtmp_take(list, sources->root);
    sessions_take(list, sources->root);
    if (sources->has_programs)
        programs_take(list, window);
}
