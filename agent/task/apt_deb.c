/* SPDX-License-Identifier: Apache-2.0 */
/*
 * .deb files, local or fetched: what a file needs and the node lacks is installed by apt, then the files by
 * dpkg. A file whose version is installed already is passed over.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/task/apt_parts.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/http/http.h"

struct deb_file {
    const char *path, *name, *version, *architecture;
    const char *depends; /* Depends and Pre-Depends */
};

static enum apt_next deb_unusable(struct apt_job *job, const char *why)
{
    result_fail(job->task, "Unable to install package: %s", why);
    return APT_END;
}

static enum apt_next deb_read(struct apt_job *job, const char *path, struct deb_file *out, struct error *err)
{
    struct task_context *task = job->task;
    struct process_result result;
    const char **fields[] = { &out->name, &out->version, &out->architecture };
    const char *labels[] = { "Package: ", "Version: ", "Architecture: " };
    size_t length;
    const char *line;

    *out = (struct deb_file){ .path = path, .depends = "" };
    if (!path_exists(path))
        return deb_unusable(
            job, arena_printf(task->scratch, "E:Could not open file %s - open (2: No such file or directory)", path));
    if (!process_run(
            task->system, task->scratch,
            &PROCESS("dpkg-deb", "--field", path, "Package", "Version", "Architecture", "Depends", "Pre-Depends"),
            &result, err))
        return APT_ERROR;
    const char *cursor = result.output, *end = result.output + result.output_length;
    while (text_line(&cursor, end, &line, &length)) {
        for (size_t i = 0; i < 3; i++) {
            if (length > strlen(labels[i]) && strncmp(line, labels[i], strlen(labels[i])) == 0)
                *fields[i] = text_trim(task->scratch, line + strlen(labels[i]), length - strlen(labels[i]));
        }
        if (strncmp(line, "Depends: ", 9) == 0 || strncmp(line, "Pre-Depends: ", 13) == 0)
            out->depends = arena_printf(task->scratch, "%s, %.*s", out->depends, (int)length, line);
    }
    if (result.status != 0 || out->name == NULL || out->version == NULL || out->architecture == NULL)
        return deb_unusable(job, arena_printf(task->scratch, "%s is not a package: %s", path, result.errors));
    return APT_CONTINUE;
}

/* APT_END: the file cannot be installed. *due_out false: this very version is there. */
static enum apt_next deb_compare(struct apt_job *job, struct dpkg_status *dpkg, const struct deb_file *deb,
                                 bool *due_out)
{
    bool is_all = strcmp(deb->architecture, "all") == 0;
    const char *key = is_all ? deb->name : arena_printf(job->task->scratch, "%s:%s", deb->name, deb->architecture);
    const struct dpkg_package *package = dpkg_status_find(dpkg, key);
    int order = 1;

    if (package != NULL && package->is_installed)
        order = package_version_compare(deb->version, package->version);
    *due_out = order != 0;
    if (order >= 0 || job->request->force || job->request->allow_downgrade)
        return APT_CONTINUE;
    result_fail(job->task, "A later version is already installed");
    return APT_END;
}

/* "Inst NAME ..." lines of a simulation name what apt would install. */
static void inst_names(struct arena *arena, const struct process_result *result, struct value *names)
{
    const char *cursor = result->output, *end = result->output + result->output_length, *line;
    size_t length;

    while (text_line(&cursor, end, &line, &length)) {
        if (length > 5 && strncmp(line, "Inst ", 5) == 0)
            value_list_add(arena, names, value_string_n(arena, line + 5, strcspn(line + 5, " \n")));
    }
}

static bool list_has(const struct value *list, const char *name)
{
    for (size_t i = 0; i < value_count(list); i++) {
        if (text_equal(value_text(value_item(list, i)), name))
            return true;
    }
    return false;
}

/* True if a Depends or Pre-Depends line names the package. */
static bool depends_names(const char *depends, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = strstr(depends, name); at != NULL; at = strstr(at + 1, name)) {
        bool starts = at == depends || strchr(" ,|", at[-1]) != NULL;

        if (starts && (at[length] == '\0' || strchr(" ,|:(\n", at[length]) != NULL))
            return true;
    }
    return false;
}

static enum apt_next simulate_install(struct apt_job *job, const struct value *packages, struct value *names,
                                      struct error *err)
{
    static const char *const head[] = { "apt-get",    "-y",     "-q", "--allow-downgrades", "--no-install-recommends",
                                        "--simulate", "install" };
    struct task_context *task = job->task;
    size_t count = value_count(packages), first = sizeof(head) / sizeof(head[0]);
    const char **argv = arena_new_array(task->scratch, const char *, first + count + 1);
    struct process_result result;

    memcpy(argv, head, sizeof(head));
    for (size_t i = 0; i < count; i++)
        argv[first + i] = value_text(value_item(packages, i));
    if (!apt_run(task->system, task->scratch, argv, job->request->lock_timeout, &result, err))
        return APT_ERROR;
    if (result.status != 0 && !job->request->force) {
        result_fail(task, "%s", result.errors_length > 0 ? result.errors : result.output);
        return APT_END;
    }
    inst_names(task->scratch, &result, names);
    return APT_CONTINUE;
}

/* What the file itself names is asked for by name, as Ansible does; what comes with that is left to apt.
 * Providers of virtual packages, which come with nothing, are named too. */
static enum apt_next deb_missing(struct apt_job *job, const struct deb_file *deb, struct value *missing,
                                 struct error *err)
{
    struct arena *arena = job->task->scratch;
    struct value *file = value_list(arena), *all = value_list(arena), *direct = value_list(arena);
    struct value *covered = value_list(arena);

    value_list_add(arena, file, value_string(arena, deb->path));
    enum apt_next next = simulate_install(job, file, all, err);
    for (size_t i = 0; i < value_count(all); i++) {
        if (depends_names(deb->depends, value_text(value_item(all, i))))
            value_list_add(arena, direct, value_item(all, i));
    }
    if (next == APT_CONTINUE && value_count(direct) > 0)
        next = simulate_install(job, direct, covered, err);
    for (size_t i = 0; i < value_count(all); i++) {
        const struct value *item = value_item(all, i);

        if (strcmp(value_text(item), deb->name) != 0 && !list_has(covered, value_text(item)))
            value_list_add(arena, direct, item);
    }
    for (size_t i = 0; i < value_count(direct); i++)
        value_list_add(arena, missing, value_item(direct, i));
    return next;
}

static enum apt_next debs_check(struct apt_job *job, const char *debs, struct value *due, struct value *missing,
                                struct error *err)
{
    struct task_context *task = job->task;
    struct dpkg_status *dpkg = NULL;
    size_t count = 0;
    char **paths = text_split(task->scratch, debs, ',', &count);

    if (!dpkg_status_read(task->system, task->scratch, &dpkg, err))
        return APT_ERROR;
    for (size_t i = 0; i < count; i++) {
        struct deb_file deb;
        bool is_due = false;
        enum apt_next next = deb_read(job, path_absolute(task->scratch, paths[i]), &deb, err);

        if (next == APT_CONTINUE)
            next = deb_compare(job, dpkg, &deb, &is_due);
        if (next == APT_CONTINUE && is_due)
            next = deb_missing(job, &deb, missing, err);
        if (next != APT_CONTINUE)
            return next;
        if (is_due)
            value_list_add(task->scratch, due, value_string(task->scratch, deb.path));
    }
    return APT_CONTINUE;
}

static void debs_command(struct apt_job *job, const struct value *due, bool simulate, struct apt_command *command)
{
    size_t count = 0;
    char **options = text_split(job->task->scratch, job->request->dpkg_options, ',', &count);

    apt_command_begin(command, job->task->scratch, "dpkg");
    for (size_t i = 0; i < count; i++)
        apt_command_add(command, arena_printf(job->task->scratch, "--%s", options[i]));
    if (simulate)
        apt_command_add(command, "--simulate");
    if (job->request->force)
        apt_command_add(command, "--force-all");
    apt_command_add(command, "-i");
    for (size_t i = 0; i < value_count(due); i++)
        apt_command_add(command, value_text(value_item(due, i)));
}

/* What apt said about the dependencies comes before what dpkg said about the files. */
static void debs_report(struct apt_job *job, const struct process_result *result)
{
    struct task_context *task = job->task;
    const char *before_out = value_map_text(task->result->fields, "stdout");
    const char *before_err = value_map_text(task->result->fields, "stderr");
    const struct value *first = value_item(task->result->diff, 0);
    const char *prepared = value_map_text(first, "prepared");

    result_set_string(task, "stdout",
                      arena_printf(task->scratch, "%s%s", before_out ? before_out : "", result->output));
    result_set_string(task, "stderr",
                      arena_printf(task->scratch, "%s%s", before_err ? before_err : "", result->errors));
    if (!task->diff_mode && first != NULL)
        return; /* that of the dependencies, which is empty then */
    struct value *diff = value_map(task->scratch);
    const char *own = apt_diff_text(task->scratch, result->output);
    value_map_put_string(task->scratch, diff, "prepared",
                         prepared ? arena_printf(task->scratch, "%s\n\n%s", prepared, result->output) : own);
    task->result->diff = value_list(task->scratch);
    value_list_add(task->scratch, task->result->diff, diff);
}

static enum apt_next debs_install(struct apt_job *job, const struct value *due, struct error *err)
{
    struct task_context *task = job->task;
    struct apt_command command;
    struct process_result result;
    bool may = change_wanted(task, "install %s", job->request->deb);

    debs_command(job, due, !may, &command);
    if (!apt_command_run(job, &command, !may, &result, err))
        return APT_ERROR;
    /* dpkg cannot simulate an installation whose dependencies are only simulated too: apt has solved it,
     * that counts. */
    if (result.status != 0 && may) {
        result_fail(task, "%s failed", command.shown.data);
        result_set_string(task, "stdout", result.output);
        result_set_string(task, "stderr", result.errors);
        return APT_END;
    }
    debs_report(job, &result);
    return APT_END;
}

static enum apt_next debs_change(struct apt_job *job, const char *debs, struct error *err)
{
    struct task_context *task = job->task;
    struct value *due = value_list(task->scratch), *missing = value_list(task->scratch);
    enum apt_next next = debs_check(job, debs, due, missing, err);

    if (next == APT_CONTINUE && value_count(missing) > 0)
        next = apt_install(job, missing, err);
    if (next != APT_CONTINUE)
        return next;
    if (value_count(due) > 0)
        return debs_install(job, due, err);
    if (value_map_get(task->result->fields, "stdout") == NULL) {
        result_set_string(task, "stdout", "");
        result_set_string(task, "stderr", "");
        result_set_string(task, "diff", "");
    }
    return APT_END;
}

static bool body_write(void *data, const char *bytes, size_t length, struct error *err)
{
    const int *fd = data;

    return fd_write_all(*fd, bytes, length, err);
}

static bool deb_download(struct apt_job *job, int fd, struct error *err)
{
    struct http_request request = { .url = job->request->deb };
    struct http_sink sink = { .write = body_write, .data = &fd };
    struct http_response response;

    if (!http_download(job->task->scratch, &request, &sink, &response, err))
        return error_prefix(err, "Failure downloading %s", job->request->deb);
    if (response.status != 0 && response.status != 200)
        return error_set(err, "Failure downloading %s, HTTP status %d", job->request->deb, response.status);
    return true;
}

/* A URL is fetched to a temporary file (in check mode too: what it needs is not known otherwise), which goes
 * again. */
static enum apt_next deb_fetched_change(struct apt_job *job, struct error *err)
{
    char path[] = "/tmp/roost-XXXXXX.deb";
    int fd = mkostemps(path, 4, O_CLOEXEC);
    enum apt_next next = APT_ERROR;

    if (fd < 0) {
        error_set_errno(err, "making a temporary file");
        return APT_ERROR;
    }
    bool fetched = fchmod(fd, 0644) == 0 && deb_download(job, fd, err);
    fd_close(fd);
    if (fetched)
        next = debs_change(job, path, err);
    (void)unlink(path);
    return next;
}

enum apt_next apt_install_debs(struct apt_job *job, struct error *err)
{
    if (!text_equal(job->request->state, "present")) {
        result_fail(job->task, "deb only supports state=present");
        return APT_END;
    }
    return strstr(job->request->deb, "://") != NULL ? deb_fetched_change(job, err)
                                                    : debs_change(job, job->request->deb, err);
}
