/* SPDX-License-Identifier: Apache-2.0 */
/* roost models pull|list|fit|verify|gc|rm: the store of models on this machine; fetch|where: on the controller's nodes. */
#include <stdio.h>
#include <string.h>

#include "cli/models_fit.h"
#include "cli/models_verbs.h"
#include "cli/verb.h"
#include "common/base/text.h"

struct models_verb {
    const char *name, *summary;
    int (*run)(int argc, char **argv);
};

static const struct models_verb verbs[] = {
    { "pull", "Fetch a model from a hub, a URL or a file, and verify it", models_pull },
    { "list", "Show what is in the store", models_list },
    { "fit", "Say how much memory a model needs, and whether it fits", models_fit },
    { "verify", "Read everything again and compare its digests", models_verify },
    { "gc", "Remove what no name refers to", models_gc },
    { "rm", "Remove a model's names, and the content that nothing else has", models_rm },
    { "fetch", "Bring a model to nodes of the controller", models_fetch },
    { "where", "Show which nodes of the controller have which models", models_where },
};

#define VERB_COUNT (sizeof(verbs) / sizeof(verbs[0]))

static int usage(FILE *out, int code)
{
    fputs("usage: roost models VERB [OPTIONS]\n\n", out);
    for (size_t i = 0; i < VERB_COUNT; i++)
        fprintf(out, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    fputs("\nroost models VERB --help tells more of each.\n", out);
    return code;
}

static int unknown(const char *name)
{
    const char *names[VERB_COUNT], *nearest;

    for (size_t i = 0; i < VERB_COUNT; i++)
        names[i] = verbs[i].name;
    nearest = text_nearest(name, names, VERB_COUNT);
    fprintf(stderr, "roost models: there is no verb '%s'%s%s%s\n", name,
            nearest != NULL ? ", did you mean '" : "; roost models --help lists them", nearest != NULL ? nearest : "",
            nearest != NULL ? "'?" : "");
    return 5;
}

static int models_run(int argc, char **argv)
{
    if (argc < 2)
        return usage(stderr, 5);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return usage(stdout, 0);
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    }
    return unknown(argv[1]);
}

VERB_DEFINE(models) = { "models", "Fetch, list, size, verify and remove models", "VERB [OPTIONS]", models_run };
