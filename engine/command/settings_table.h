/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of settings. Where several places are named, the later one wins, and the last is the one by whose key
 * settings_text() knows the setting.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum setting_type {
    SETTING_ANY, /* text, or whatever the default is */
    SETTING_STRING,
    SETTING_BOOL,
    SETTING_INT,
    SETTING_REAL,
    SETTING_LIST,      /* a,b */
    SETTING_LIST_ANY,  /* the default is a list, what is set is text */
    SETTING_PATH,      /* from the configuration file's folder on, with ~ and $VARIABLES */
    SETTING_PATHSPEC,  /* a:b of them */
    SETTING_PATHLIST,  /* a,b of them */
    SETTING_TEMPORARY, /* a path in which Ansible makes a folder for each run */
    SETTING_MAP
};

#define SETTING_REQUIRED "!" /* in place of a default */

struct setting_row {
    const char *name; /* as `roost config` and lookup('config') say it; an option's for a plugin; NULL ends the table */
    enum setting_type type;
    const char *fallback;  /* NULL: none; {{HOME}} is ANSIBLE_HOME; "(" begins a tuple; JSON for a map */
    const char *variables; /* of the environment, by blanks; or NULL */
    const char *places;    /* section.key, by blanks; or NULL */
    const char *choices;   /* a|b, or NULL: any */
    const char *plugin;    /* "connection ssh"; NULL: no plugin's */
};

#define SETTING_OF(name_, type_, fallback_, variables_, places_, choices_)                                             \
    {                                                                                                                  \
        .name = name_, .type = type_, .fallback = fallback_, .variables = variables_, .places = places_,               \
        .choices = choices_                                                                                            \
    }
#define SETTING(name_, type_, fallback_, variables_, places_)                                                          \
    SETTING_OF(name_, type_, fallback_, variables_, places_, NULL)
#define OPTION_OF(plugin_, name_, type_, fallback_, variables_, places_, choices_)                                     \
    {                                                                                                                  \
        .name = name_, .type = type_, .fallback = fallback_, .variables = variables_, .places = places_,               \
        .choices = choices_, .plugin = plugin_                                                                         \
    }
#define OPTION(plugin_, name_, type_, fallback_, variables_, places_)                                                  \
    OPTION_OF(plugin_, name_, type_, fallback_, variables_, places_, NULL)

extern const struct setting_row settings_base[], settings_own[], settings_plugin[];
