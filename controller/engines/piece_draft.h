/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How engines write their pieces: one after the other into an array, each with its arguments, environment, ports and files. What holds for
 * all pieces of a workload (its environment, GPU, lease, names) is put in here.
 */
#pragma once

#include "controller/engines/engine.h"

struct piece_draft {
    struct arena *arena;
    const struct engine_job *job;
    struct piece *pieces;
    size_t count, most;
    /* Of the piece in hand. */
    struct piece *piece;
    struct value *arguments, *environment, *secrets, *ports, *files, *read, *from;
};

/* `most` pieces will do. */
struct piece_draft piece_draft_new(struct arena *arena, const struct engine_job *job, size_t most);
/* The next piece, a service, on the node of that part; its name is the job's prefix, a dot and `what`. */
void piece_draft_begin(struct piece_draft *draft, size_t part, const char *what, const char *program);
void piece_draft_argument(struct piece_draft *draft, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Two arguments: `--name`, value. */
void piece_draft_option(struct piece_draft *draft, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void piece_draft_arguments(struct piece_draft *draft, const struct value *list); /* NULL: none */
/* What the workload declares itself stays. */
void piece_draft_environment(struct piece_draft *draft, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void piece_draft_secret(struct piece_draft *draft, const char *name, const char *value);
void piece_draft_file(struct piece_draft *draft, const char *name, const char *text);
void piece_draft_read(struct piece_draft *draft, const char *path);
/* A port that it listens on; then who may come in: nobody but its own node, until they are named. */
void piece_draft_port(struct piece_draft *draft, int64_t port, const char *address);
void piece_draft_from(struct piece_draft *draft, const char *address);

/* The address that the cluster knows the node of a part by. */
const char *job_address(struct arena *arena, const struct engine_job *job, size_t part);
/* The workload's options, bound by the engine's own table, defaults included. */
bool job_options(struct arena *arena, const struct engine_job *job, const struct task_spec *spec, void *target,
                 struct error *err);
/* The first model as it is declared; NULL: none. */
const char *job_model(const struct engine_job *job);
/* options.version, where it is declared, begins a word of the build that the nodes of the place tell: "b11669" of "b11669-Debian
 * ggml-0.27.0", "0.30" of "ollama version is 0.30.4"; numbers are not cut: "0.3" is neither. False: what was found. */
#define JOB_VERSION_HELP "what the build that its nodes tell must begin with, for instance 0.30 or b11669"
bool job_version_check(const struct engine_job *job, struct error *err);
/* As an engine's `allows`, when it asks for nothing else. */
bool job_version_allows(struct arena *arena, const struct engine_job *job, struct error *err);
/* The build that the node of a part tells of a program; NULL: it has none. Only while places are planned. */
const char *job_build(const struct engine_job *job, size_t part, const char *program);
/* A pin of another program than the engine's first one. */
bool job_version_match(const struct engine_job *job, const char *build, struct error *err);
