/* SPDX-License-Identifier: Apache-2.0 */
/*
 * roost models fit MODEL: reads the headers of the model's files, sums up what llama.cpp would allocate, and compares it with
 * limits: given by hand, or of nodes. It never reads a weight, so it is as quick for a large model as for a small one.
 */
#include "cli/models_fit.h"

#include <stdio.h>

static int fail(const struct error *err)
{
    fprintf(stderr, "roost models fit: %s\n", err->text);
    return err->kind == ERROR_OPTIONS ? MODELS_FIT_OPTIONS : MODELS_FIT_ERROR;
}

static bool read_model(struct fit_options *options, struct model_shape **out, struct error *err)
{
    struct model_shape *projector = NULL;

    if (!fit_model_find(options, err) || !model_shape_of_file(options->arena, options->model, out, err))
        return false;
    if (!options->projector)
        return true;
    if (!model_shape_of_file(options->arena, options->projector, &projector, err))
        return false;
    if (projector->kind != MODEL_PROJECTOR)
        return error_set(err, "%s: is a model of architecture %s, no projector", options->projector,
                         projector->architecture);
    options->request.projector = projector->tensor_bytes;
    return true;
}

static bool judge(struct fit_options *options, const struct model_shape *shape, const struct fit_node *node,
                  struct fit_answer *out, struct error *err)
{
    struct memory_request request = options->request;

    if (node->name && !node->has_gpu)
        request.on_cpu = true;
    out->node = node;
    return memory_need_count(shape, &request, &out->need, err) &&
           memory_fit_judge(options->arena, shape, &request, &node->limits, &out->fit, err);
}

static int exit_code(const struct fit_answer *answers, size_t count)
{
    enum memory_verdict worst = MEMORY_UNLIMITED;

    for (size_t i = 0; i < count; i++) {
        if (answers[i].fit.verdict > worst)
            worst = answers[i].fit.verdict;
    }
    switch (worst) {
    case MEMORY_UNLIMITED:
    case MEMORY_FITS:
        return MODELS_FIT_OK;
    case MEMORY_FITS_IF:
        return MODELS_FIT_IF;
    case MEMORY_DOES_NOT_FIT:
        return MODELS_FIT_NOT;
    }
    return MODELS_FIT_ERROR;
}

static int answer(struct fit_options *options, const struct fit_node *nodes, size_t count)
{
    struct arena *arena = options->arena;
    struct fit_answer *answers = arena_new_array(arena, struct fit_answer, count);
    struct error err = ERROR_INIT;
    struct model_shape *shape = NULL;

    if (!read_model(options, &shape, &err))
        return fail(&err);
    for (size_t i = 0; i < count; i++) {
        if (!judge(options, shape, &nodes[i], &answers[i], &err))
            return fail(&err);
    }
    if (options->json)
        fit_print_json(arena, shape, &options->request, answers, count);
    else
        fit_print_text(arena, shape, &options->request, answers, count);
    return exit_code(answers, count);
}

int models_fit(int argc, char **argv)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    struct fit_options options;

    if (!fit_options_parse(arena, argc, argv, &options, &err))
        return fail(&err);
    if (options.help) {
        fputs(fit_options_help(), stdout);
        return MODELS_FIT_OK;
    }
    struct fit_node by_hand = { .limits = options.limits, .has_gpu = !options.request.on_cpu }, *nodes = &by_hand;
    size_t count = 1;
    if (options.node && !fit_nodes_find(&options, &nodes, &count, &err))
        return fail(&err);
    return answer(&options, nodes, count);
}
