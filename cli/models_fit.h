/* SPDX-License-Identifier: Apache-2.0 */
/* roost models fit MODEL: how much memory a model needs, and whether a node has it. A part of the verb `models`. */
#pragma once

#include "common/model/memory_need_fit.h"
#include "common/value/value.h"

#define MODELS_FIT_SUMMARY "Say how much memory a model needs, and whether it fits"

enum models_fit_exit {
    MODELS_FIT_OK = 0, /* it fits, or no limit was given */
    MODELS_FIT_IF = 1, /* not as asked, but with what the sentence says */
    MODELS_FIT_NOT = 2,
    MODELS_FIT_ERROR = 3,   /* the file or the node could not be read */
    MODELS_FIT_OPTIONS = 5, /* as every verb */
};

/* argv[0] is "fit". Returns the exit code. */
int models_fit(int argc, char **argv);

/* What was asked; see models_fit_options.c. */
struct fit_options {
    struct arena *arena;
    const char *model, *projector, *node, *store;
    struct memory_request request;
    struct memory_limits limits;
    bool json, help;
    bool has_gtt, has_vram, has_margin, has_reserve; /* were said */
    char **rest; /* for the connection to nodes: "fit", the pattern, and options that are not ours */
    int rest_count;
};

bool fit_options_parse(struct arena *arena, int argc, char **argv, struct fit_options *out, struct error *err);
const char *fit_options_help(void);

/* Makes `model` the path of a file: what is no file is looked for in the store. */
bool fit_model_find(struct fit_options *options, struct error *err);

/* A node's limits. */
struct fit_node {
    const char *name; /* NULL: limits given by hand */
    struct memory_limits limits;
    bool has_gpu;
    const char *note; /* how the limits were found */
};

/* From the facts of the hosts that the pattern means. False: nothing was reached; the error says why. */
bool fit_nodes_find(const struct fit_options *options, struct fit_node **out, size_t *count_out, struct error *err);
/* From `ansible_facts.roost` of one host. */
struct fit_node fit_node_of_facts(struct arena *arena, const char *name, const struct value *facts,
                                  const struct memory_limits *given);

/* One judgement: of a node, or of the limits given. */
struct fit_answer {
    const struct fit_node *node;
    struct memory_need need;
    struct memory_fit fit;
};

void fit_print_text(struct arena *arena, const struct model_shape *shape, const struct memory_request *request,
                    const struct fit_answer *answers, size_t count);
void fit_print_json(struct arena *arena, const struct model_shape *shape, const struct memory_request *request,
                    const struct fit_answer *answers, size_t count);
