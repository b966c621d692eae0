/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of engine/inventory share: the index behind struct inventory, and one function per kind of source.
 */
#pragma once

#include "engine/inventory/inventory.h"
#include "engine/inventory/inventory_rules.h"

struct name_slot {
    const char *name;
    void *item;
};

/* Open addressing; doubles at three quarters. */
struct name_table {
    struct name_slot *slots;
    size_t size, count;
};

struct inventory_index {
    struct name_table hosts, groups;
    struct inventory_host *localhost; /* the first host named localhost, 127.0.0.1 or ::1, or the implicit one */
    const char *source;               /* file being read */
    const char **folders;             /* of the sources, in order: where group_vars/ and host_vars/ are */
    size_t folder_count;
    uint32_t walk;                       /* stamp of the newest walk over groups */
    struct name_table files;             /* "folder/group_vars/name" -> merged variables */
    const struct inventory_rules *rules; /* never NULL */
    struct value *warnings, *notes;      /* of the configuration, or NULL */
    struct name_table known;             /* hosts by name, those that an earlier loading knew too */
    struct value *changes;               /* what add_host and group_by have done, in order */
    const char **given;                  /* the sources as they were given */
};

/* One -i, or one file of a folder, while plugins try it. */
struct inventory_source {
    struct inventory *inventory;
    const struct inventory_config *config;
    const struct inventory_rules *rules;
    const char *path; /* or "a,b" */
    const char *data; /* NULL: not read yet; decrypted */
    size_t length;
    const struct value *yaml; /* NULL: not read as YAML yet */
    const char *plugin;       /* the name of the one that tries it */
    bool is_declined;         /* it has looked and does not want it */
    struct error *fatal;      /* what ends the loading, whatever other plugins say */
};

struct inventory_plugin {
    const char *name;
    bool (*wants)(struct inventory_source *source);
    bool (*read)(struct inventory_source *source, struct error *err);
};

void *name_table_get(const struct name_table *table, const char *name);
void name_table_put(struct arena *arena, struct name_table *table, const char *name, void *item);

struct inventory *inventory_new(struct arena *arena);
void inventory_begin(struct inventory *inventory); /* the groups that are always there */
bool inventory_read_sources(struct inventory *inventory, const struct inventory_config *config, struct error *err);
/* As Ansible sets a variable: maps are merged, ansible_group_priority is taken out of groups. */
void inventory_group_set(struct inventory *inventory, struct inventory_group *group, const struct value *key,
                         const struct value *item);
void inventory_host_set(struct inventory *inventory, struct inventory_host *host, const struct value *key,
                        const struct value *item);
/* True if `ancestor` is `group` or above it. */
bool inventory_is_above(struct inventory *inventory, const struct inventory_group *ancestor,
                        struct inventory_group *group);
bool inventory_try_child(struct inventory *inventory, struct inventory_group *parent, struct inventory_group *child,
                         struct error *err);
/* The name that the rules let a group have, which may be told in a warning. */
const char *inventory_group_name(struct inventory *inventory, const char *name);
/* A name whose invalid characters are replaced whatever the rules say. */
char *inventory_safe_name(struct arena *arena, const char *name);
void inventory_warn(struct inventory *inventory, struct value *warnings, const char *text); /* once each */
void inventory_note(struct inventory *inventory, const char *text);
void inventory_unread(struct inventory *inventory, const char *path); /* counts it */
/* Hosts of a group and its descendants in Ansible's order, each once. */
struct inventory_host **inventory_group_hosts(struct inventory *inventory, struct arena *arena,
                                              const struct inventory_group *group, size_t *count_out);

/* --- host_range.c --- */
/* "web[01:10].example.com:2222" -> names and port (0: none). */
bool host_pattern_expand(struct arena *arena, const char *pattern, char ***names_out, size_t *count_out, int *port_out,
                         struct error *err);
/* Whether `text` is a host name, address or range with optional port; *length_out: of the part before the port. */
bool host_address_parse(const char *text, bool allow_ranges, const char **start_out, size_t *length_out, int *port_out);

/* --- inventory_plugin.c --- */
extern const struct inventory_plugin inventory_plugins[];               /* the last one has no name */
const struct inventory_plugin *inventory_plugin_find(const char *name); /* short or with ansible.builtin. */
/* The content, read once; the same as YAML. */
bool inventory_source_data(struct inventory_source *source, struct error *err);
bool inventory_source_yaml(struct inventory_source *source, const struct value **out, struct error *err);
/* The configuration of a plugin that is named in the file. */
bool inventory_plugin_options(struct inventory_source *source, const char *name, const struct value **out,
                              struct error *err);

/* --- one per kind of source --- */
bool inventory_read_ini(struct inventory *inventory, const char *path, const char *data, size_t length,
                        struct error *err);
bool inventory_read_yaml(struct inventory *inventory, const struct value *content, struct value *warnings,
                         struct error *err);
bool inventory_read_toml(struct inventory *inventory, const struct value *content, struct value *warnings,
                         struct error *err);
bool inventory_read_script(struct inventory *inventory, const char *path, struct error *err);
/* "a,b[1:3],c:22": names as they are when they are no addresses. */
bool inventory_read_list(struct inventory *inventory, const char *text, bool with_ranges, struct error *err);
bool inventory_read_constructed(struct inventory_source *source, struct error *err);
bool inventory_read_generator(struct inventory_source *source, struct error *err);
/* Adds hosts (a pattern) to a group with variables (map or NULL). */
bool inventory_add_pattern(struct inventory *inventory, struct inventory_group *group, const char *pattern,
                           const struct value *vars, struct error *err);
