/* SPDX-License-Identifier: Apache-2.0 */
/* Options of the verbs that read theirs with getopt_long: what is wrong is said with the nearest name. */
#pragma once

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agent/verbs/verb.h"
#include "common/base/text.h"

#define VERB_OPTIONS_MAX 32

static inline void verb_option_unknown(const char *verb, const char *given, const struct option *longs)
{
    const char *names[VERB_OPTIONS_MAX], *nearest;
    char name[64];
    size_t count = 0;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(given + strspn(given, "-"), "="), given + strspn(given, "-"));
    for (; count < VERB_OPTIONS_MAX && longs[count].name != NULL; count++)
        names[count] = longs[count].name;
    nearest = text_nearest(name, names, count);
    if (nearest != NULL)
        fprintf(stderr, "roost-agent: %s: unknown option '%s'; did you mean '--%s'?\n", verb, given, nearest);
    else
        fprintf(stderr, "roost-agent: %s: unknown option '%s'; roost-agent %s --help lists them\n", verb, given, verb);
}

/* As getopt_long, `argv[0]` the verb, `longs` each with a `val` over 0; '?' after what is wrong has been said. */
static inline int verb_option_next(int argc, char **argv, const struct option *longs)
{
    int option;

    opterr = 0;
    option = getopt_long(argc, argv, ":", longs, NULL);
    if (option == ':')
        fprintf(stderr, "roost-agent: %s: '%s' needs a value\n", argv[0], argv[optind - 1]);
    else if (option == '?' && optopt != 0 && strncmp(argv[optind - 1], "--", 2) == 0)
        fprintf(stderr, "roost-agent: %s: '%s' takes no value\n", argv[0], argv[optind - 1]);
    else if (option == '?')
        verb_option_unknown(argv[0], argv[optind - 1], longs);
    return option == ':' ? '?' : option;
}
