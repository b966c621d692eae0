/* SPDX-License-Identifier: Apache-2.0 */
/* What roost-agent fetch and share are called with. */
#include "agent/verbs/model_child.h"

#include <stdio.h>

#include "agent/daemon/identity.h"
#include "agent/share/fetch_config.h"
#include "agent/verbs/verb_options.h"

bool model_child_options(const char *verb, int argc, char **argv, struct model_child_options *out)
{
    static const struct option longs[] = { { "state", required_argument, NULL, 's' },
                                           { "config", required_argument, NULL, 'c' },
                                           { 0 } };
    int option;

    *out = (struct model_child_options){ IDENTITY_STATE_FOLDER, FETCH_CONFIG_PATH };
    while ((option = verb_option_next(argc, argv, longs)) != -1) {
        if (option == 's')
            out->state = optarg;
        else if (option == 'c')
            out->config = optarg;
        else
            return false;
    }
    if (optind < argc)
        fprintf(stderr, "roost-agent: %s: unexpected '%s'\n", verb, argv[optind]);
    return optind == argc;
}
