/* SPDX-License-Identifier: Apache-2.0 */
/* Options of a verb's own among those of the engine's parser. */
#pragma once

/* The value of option `name` ("--rules") at argv[*at], behind '=' or the next word (*at moves there); NULL: it is another option. "" is no value. */
const char *own_option_value(const char *name, int argc, char **argv, int *at);
