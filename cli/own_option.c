/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a verb's own. */
#include "cli/own_option.h"

#include <string.h>

const char *own_option_value(const char *name, int argc, char **argv, int *at)
{
    size_t length = strlen(name);

    if (strncmp(argv[*at], name, length) != 0)
        return NULL;
    if (argv[*at][length] == '=')
        return argv[*at] + length + 1;
    if (argv[*at][length] != '\0')
        return NULL;
    if (*at + 1 >= argc)
        return "";
    return argv[++*at];
}
