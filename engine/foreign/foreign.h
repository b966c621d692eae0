/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modules that are not Roost's own: what kind of program a file is, and what it said when it had run. The rules are those of
 * ansible-core 2.14 (executor/module_common.py, plugins/action), observed. Nothing here starts a program.
 */
#pragma once

#include <stdint.h>

#include "common/base/arena.h"
#include "common/base/error.h"
#include "common/value/value.h"

enum foreign_kind {
    FOREIGN_BINARY,     /* a program: JSON in a file whose path is its argument */
    FOREIGN_JSON,       /* a script that says WANT_JSON: the same */
    FOREIGN_WORDS,      /* a script of the old style: key='value' in a file */
    FOREIGN_FILLED,     /* a script with a place for the JSON in its own text */
    FOREIGN_PYTHON,     /* uses ansible.module_utils: sent as an archive with them */
    FOREIGN_POWERSHELL, /* for Windows */
    FOREIGN_ACTION,     /* an action plugin: runs at the control side */
};

/* The same for all tasks that name it; lives in the loader's arena. */
struct foreign_module {
    const char *path; /* at the control side */
    const char *name; /* for messages: what it was found by */
    enum foreign_kind kind;
    const char *interpreter;       /* of its first line: "/usr/bin/perl"; NULL: it has none */
    const char *interpreter_words; /* what follows there: " -w", or "" */
    const char *archive;           /* FOREIGN_PYTHON: a ZIP with the module and what it imports */
    size_t archive_length;
    const char *entry; /* its dotted name there */
    struct foreign_module *next;
};

/* Told from the file's bytes. */
bool foreign_kind_of(struct arena *arena, const char *data, size_t length, enum foreign_kind *out, struct error *err);
/* The parts of a first line "#!interpreter words"; *interpreter_out NULL: there is none. */
void foreign_first_line(struct arena *arena, const char *data, size_t length, const char **interpreter_out,
                        const char **words_out);

struct foreign_output {
    const struct value *output, *errors; /* texts */
    int64_t status;
    const char *interpreter; /* words that ran it, or NULL */
    bool is_job;             /* it ran with async: what it means then differs a little, as in Ansible */
};

/* What foreign_module on a node replies with: false when it is no such reply, or the module did not come to run. */
bool foreign_output_of(const struct value *reply, struct foreign_output *out);
/* The result that a module's output means; sentences for the user are added to `warnings`. */
struct value *foreign_result(struct arena *arena, const struct foreign_output *output, struct value *warnings);

/* ansible-core's own help, where it is installed: finds its modules and packs what they import. */
struct foreign_request {
    const char *name, *path;
    const char *const *utils;     /* folders of module_utils, NULL-terminated, or NULL */
    const char *const *playbooks; /* folders with collections/ in them, NULL-terminated, or NULL */
};
struct foreign_found {
    const char *path;   /* of the module; NULL: there is none of that name */
    const char *name;   /* where the name leads to, or NULL */
    const char *action; /* of a plugin that acts in its place at the control side; NULL: none */
};
/* What Python asks while it has a question before it: {"ask": ...}. False: it gets the error's text as an exception. */
struct foreign_back {
    void *context;
    bool (*reply)(void *context, struct arena *arena, const struct value *asked, const struct value **out,
                  struct error *err);
};
struct foreign_question {
    const char *what;  /* FILE.VERB: verbs["VERB"] of engine/python/driver_FILE.py answers it with a map */
    struct value *map; /* what it is told */
    const struct foreign_back *back; /* NULL: nothing may be asked back */
};
struct connection;
/* All: false when there is no ansible-core here or it cannot do it; the error says why. */
struct foreign_python {
    bool (*ask)(struct foreign_python *python, struct arena *arena, const struct foreign_question *question,
                const struct value **out, struct error *err);
    bool (*find)(struct foreign_python *python, struct arena *arena, const struct foreign_request *request,
                 struct foreign_found *out, struct error *err);
    /* Fills archive and entry. */
    bool (*pack)(struct foreign_python *python, struct arena *arena, const struct foreign_request *request,
                 struct foreign_module *module, struct error *err);
    /* The process that runs action plugins, as a connection (engine/run/connection.h). */
    bool (*connect)(struct foreign_python *python, struct connection **out, struct error *err);
};
