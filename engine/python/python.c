/* SPDX-License-Identifier: Apache-2.0 */
/* The conversation with driver.py. */
#include "engine/python/python.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/hash.h"
#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/json/json.h"
#include "engine/channel/spawn.h"

#define ANSWER_MS 300000 /* one answer; a first import on a busy machine takes its time */
#define END_MS 10000     /* between the end of its input and its own */
#define LOOK_MS 500      /* how often the interrupt flag is looked at */

struct python {
    struct foreign_python ops; /* first: what others hold */
    struct arena *arena;
    struct spawned child;
    bool is_running;
    const volatile int *interrupted;
    const char *interpreter; /* that has ansible-core; NULL: not known yet */
    const char *failure;     /* why there is none, once that is known */
};

static struct python *of(struct foreign_python *ops)
{
    return (struct python *)(void *)ops;
}

/* --- lines --- */

/* What the driver says beside its answers is of no use to anybody. */
static void drop(int fd)
{
    char buffer[4096];

    while (read(fd, buffer, sizeof(buffer)) > 0) {
    }
}

/* Reads once into `line`; false at the end of the stream. */
static bool line_grow(struct python *python, struct text *line)
{
    char buffer[65536];
    ssize_t got = read(python->child.out, buffer, sizeof(buffer));

    if (got > 0)
        text_add_n(line, buffer, (size_t)got);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static bool line_read(struct python *python, struct text *line, struct error *err)
{
    int64_t end_ms = clock_monotonic_ms() + ANSWER_MS;

    while (line->length == 0 || line->data[line->length - 1] != '\n') {
        struct pollfd fds[2] = { { .fd = python->child.out, .events = POLLIN },
                                 { .fd = python->child.err, .events = POLLIN } };
        int64_t left = end_ms - clock_monotonic_ms();

        if (left <= 0)
            return error_set(err, "Python did not answer in %d s", ANSWER_MS / 1000);
        if (python->interrupted != NULL && *python->interrupted != 0)
            return error_set_kind(err, ERROR_CANCELLED, "User interrupted execution");
        if (poll(fds, 2, left < LOOK_MS ? (int)left : LOOK_MS) < 0 && errno != EINTR)
            return error_set_errno(err, "cannot wait for Python");
        if ((fds[1].revents & POLLIN) != 0)
            drop(python->child.err);
        if (fds[0].revents != 0 && !line_grow(python, line))
            return error_set(err, "Python ended without an answer");
        if (line->length > LIMIT_SOURCE_FILE)
            return error_set(err, "Python's answer is longer than %d bytes", LIMIT_SOURCE_FILE);
    }
    return true;
}

static bool write_line(struct python *python, const struct value *value, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    struct text line = text_new(scratch);

    text_add(&line, json_text(scratch, value, JSON_PYTHON));
    text_add_char(&line, '\n');
    return fd_write_all(python->child.in, line.data, line.length, err);
}

static void stop(struct python *python, int grace_ms)
{
    if (python->is_running)
        spawn_finish(&python->child, grace_ms);
    python->is_running = false;
}

/* Whoever was not understood is ended: a late answer would be taken for that to the next question. */
static bool line_value(struct python *python, struct arena *arena, const struct value **out, struct error *err)
{
    struct text line = text_new(arena);

    if (line_read(python, &line, err) && json_read(arena, line.data, line.length, NULL, out, err))
        return true;
    stop(python, 0);
    return false;
}

static bool reply_to(struct python *python, struct arena *arena, const struct foreign_back *back,
                     const struct value *asked, struct error *err)
{
    const struct value *reply = NULL;
    struct error problem = ERROR_INIT;

    if (back == NULL || !back->reply(back->context, arena, asked, &reply, &problem)) {
        struct value *failed = value_map(arena);

        value_map_put_string(arena, failed, "error", back == NULL ? "nothing may be asked here" : problem.text);
        reply = failed;
    }
    if (python->is_running && write_line(python, reply, err))
        return true;
    stop(python, 0);
    return err->text[0] != '\0' || error_set(err, "Python ended without an answer");
}

static bool answer_read(struct python *python, struct arena *arena, const struct foreign_back *back,
                        const struct value **out, struct error *err)
{
    const char *problem;

    if (!line_value(python, arena, out, err))
        return false;
    while (value_map_get(*out, "ask") != NULL)
        if (!reply_to(python, arena, back, *out, err) || !line_value(python, arena, out, err))
            return false;
    problem = value_map_text(*out, "error");
    return problem == NULL || error_set(err, "%s", problem);
}

/* --- starting --- */

/* The texts of the files beside driver.py. */
static const struct value *sources(struct arena *arena)
{
    struct value *map = value_map(arena);

    for (size_t i = 0; i < python_sources_count; i++)
        value_map_put(arena, map, python_sources[i].name,
                      value_string_n(arena, (const char *)python_sources[i].data, *python_sources[i].length));
    return map;
}

static const char *driver(void)
{
    size_t i = 0;

    while (strcmp(python_sources[i].name, "driver.py") != 0)
        i++;
    return (const char *)python_sources[i].data;
}

static bool start_with(struct python *python, const char *interpreter, struct error *err)
{
    ARENA_SCOPED scratch = arena_new();
    const char *argv[] = { interpreter, "-c", driver(), NULL };
    struct spawn_request request = { .argv = argv, .own_session = true };
    const struct value *hello = NULL;

    if (!spawn_program(&request, &python->child, err))
        return false;
    python->is_running = true;
    if (write_line(python, sources(scratch), err) && answer_read(python, scratch, NULL, &hello, err)) {
        python->interpreter = arena_copy(python->arena, interpreter);
        return true;
    }
    stop(python, END_MS);
    return error_prefix(err, "%s", interpreter);
}

/* The interpreter in the first line of `program` on PATH, if it is a script: where pipx and virtual environments keep theirs. */
static const char *interpreter_of(struct arena *arena, const char *program)
{
    const char *search = getenv("PATH"), *interpreter = NULL, *words = NULL;
    char **folders = text_split(arena, search == NULL ? "" : search, ':', NULL);

    for (; *folders != NULL && interpreter == NULL; folders++) {
        const char *path = path_join(arena, *folders, program);
        struct error ignored = ERROR_INIT;
        char *data = NULL;
        size_t length = 0;

        if (path_is_file(path) && file_read(arena, path, 65536, &data, &length, &ignored))
            foreign_first_line(arena, data, length, &interpreter, &words);
    }
    return interpreter;
}

static bool start(struct python *python, struct error *err)
{
    const char *other;

    if (python->is_running)
        return true;
    if (python->failure != NULL)
        return error_set(err, "%s", python->failure);
    if (start_with(python, python->interpreter == NULL ? "python3" : python->interpreter, err))
        return true;
    other = python->interpreter == NULL ? interpreter_of(python->arena, "ansible-playbook") : NULL;
    if (other != NULL) {
        struct error again = ERROR_INIT;

        if (start_with(python, other, &again)) {
            error_clear(err);
            return true;
        }
    }
    python->failure = arena_copy(python->arena, err->text);
    return false;
}

static bool python_ask(struct foreign_python *ops, struct arena *arena, const struct foreign_question *question,
                       const struct value **out, struct error *err)
{
    struct python *python = of(ops);

    if (!start(python, err))
        return error_prefix(err, "ansible-core is not to be had on this machine");
    value_map_put_string(arena, question->map, "do", question->what);
    if (!write_line(python, question->map, err)) {
        stop(python, 0);
        return false;
    }
    return answer_read(python, arena, question->back, out, err);
}

static void add_list(struct arena *arena, struct value *map, const char *key, const char *const *texts)
{
    struct value *list = value_list(arena);

    for (; texts != NULL && *texts != NULL; texts++)
        value_list_add(arena, list, value_string(arena, path_absolute(arena, *texts)));
    value_map_put(arena, map, key, list);
}

static bool ask_module(struct foreign_python *ops, struct arena *arena, const char *what,
                       const struct foreign_request *request, const struct value **out, struct error *err)
{
    struct value *question = value_map(arena);
    struct foreign_question asked = { .what = what, .map = question };

    value_map_put_string(arena, question, "name", request->name);
    value_map_put_string(arena, question, "path", request->path == NULL ? NULL : path_absolute(arena, request->path));
    add_list(arena, question, "utils", request->utils);
    add_list(arena, question, "playbooks", request->playbooks);
    return python_ask(ops, arena, &asked, out, err);
}

static bool python_find(struct foreign_python *ops, struct arena *arena, const struct foreign_request *request,
                        struct foreign_found *out, struct error *err)
{
    const struct value *answer = NULL;

    if (!ask_module(ops, arena, "module.find", request, &answer, err))
        return false;
    out->path = value_map_text(answer, "path");
    out->action = value_map_text(answer, "action");
    out->name = value_map_text(answer, "name");
    return true;
}

static bool python_pack(struct foreign_python *ops, struct arena *arena, const struct foreign_request *request,
                        struct foreign_module *module, struct error *err)
{
    const struct value *answer = NULL, *archive;
    char *data = NULL;

    if (!ask_module(ops, arena, "module.pack", request, &answer, err))
        return false;
    archive = value_map_get(answer, "archive");
    module->entry = value_map_text(answer, "entry");
    if (!value_is(archive, VALUE_STRING) || module->entry == NULL)
        return error_set(err, "Python's answer has no archive");
    if (!base64_decode(arena, archive->as.string.data, archive->as.string.length, &data, &module->archive_length, err))
        return false;
    module->archive = data;
    return true;
}

struct foreign_python *python_open(struct arena *arena, const volatile int *interrupted)
{
    struct python *python = arena_new_of(arena, struct python);

    python->ops = (struct foreign_python){
        .ask = python_ask, .find = python_find, .pack = python_pack, .connect = python_connect
    };
    python->arena = arena;
    python->interrupted = interrupted;
    return &python->ops;
}

void python_close(struct foreign_python *ops)
{
    if (ops != NULL)
        stop(of(ops), END_MS);
}
