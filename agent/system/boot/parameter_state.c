/* SPDX-License-Identifier: Apache-2.0 */
/* Joins modprobe.d, boot files, command line and /sys/module into the maps `parameters` and `modules`. */
#include "agent/system/boot/parameter_state.h"

#include <string.h>

#include "agent/system/boot/boot_declared.h"
#include "common/base/text.h"

#define MODULE_FOLDER "/sys/module"
#define PARAMETERS_MAX 1024 /* of the map, and below of one parameter's places: hostile files do not grow them */
#define DECLARED_MAX 64
#define NAME_MAX_LENGTH 127

/* Every parameter of these is told, misspelt ones too. */
static const char *const modules[] = { "ttm", "amdttm", "amdgpu", "amdxdna", "nvidia", "nouveau", NULL };
/* All of these modules' parameters are in /sys/module: one that is not there does not exist. */
static const char *const complete_modules[] = { "ttm", "amdttm", "amdgpu", "amdxdna", NULL };
/* Told whenever the module is loaded. */
static const char *const always[] = { "ttm.pages_limit",       "ttm.page_pool_size", "amdttm.pages_limit",
                                      "amdttm.page_pool_size", "amdgpu.gttsize",     "amdgpu.vm_fragment_size",
                                      "amdgpu.cwsr_enable",    "amdgpu.mes",         "amdgpu.vramlimit" };
/* The kernel's own. */
static const char *const kernel_words[] = {
    "amd_iommu",
    "intel_iommu",
    "iommu",
    "nomodeset",
    "pci",
    "pcie_aspm",
    "modprobe.blacklist",
    "module_blacklist",
    "amd_pstate",
    "mitigations",
    "hugepages",
    "transparent_hugepage",
    NULL,
};
static const char *const told_modules[] = { "amdgpu",  "ttm",  "amdttm", "amdxdna",         "nvidia",
                                            "nouveau", "i915", "xe",     "thunderbolt_net", NULL };

struct parameter {
    const char *name;
    struct value *declared; /* a list that grows */
    const char *cmdline;    /* NULL: not on the command line */
};

struct states {
    const struct sysfs *fs;
    struct value *index; /* name -> place in `items` */
    struct parameter *items[PARAMETERS_MAX];
    size_t count;
};

/* The parameter of this name, made when it is not there; NULL when there are too many. */
static struct parameter *state_of(struct states *states, const char *name)
{
    const struct value *place = value_map_get(states->index, name);

    if (place != NULL)
        return states->items[place->as.integer];
    if (states->count == PARAMETERS_MAX)
        return NULL;
    struct parameter *parameter = arena_new_of(states->fs->arena, struct parameter);
    *parameter =
        (struct parameter){ .name = arena_copy(states->fs->arena, name), .declared = value_list(states->fs->arena) };
    value_map_put_int(states->fs->arena, states->index, parameter->name, (int64_t)states->count);
    states->items[states->count++] = parameter;
    return parameter;
}

/* "ttm.pages-limit" as "ttm.pages_limit", a word of the kernel as it is, into `out`; false for one that is not told. */
static bool name_told(const char *name, char out[NAME_MAX_LENGTH + 1])
{
    size_t length = strlen(name), module = strcspn(name, ".");

    if (length == 0 || length > NAME_MAX_LENGTH)
        return false;
    for (size_t i = 0; i <= length; i++)
        out[i] = name[i] == '-' ? '_' : name[i];
    if (text_in(out, kernel_words))
        return true;
    if (module + 1 >= length)
        return false;
    out[module] = '\0';
    bool is_told = text_in(out, modules);
    out[module] = '.';
    return is_told;
}

static bool is_declared(const struct parameter *parameter, const char *value, const char *file)
{
    for (size_t i = 0; i < value_count(parameter->declared); i++) {
        const struct value *item = value_item(parameter->declared, i);
        if (text_equal(value_map_text(item, "value"), value) && text_equal(value_map_text(item, "file"), file))
            return true;
    }
    return false;
}

static void declared_add(struct states *states, const char *name, const char *value, const struct boot_declared *from)
{
    struct arena *arena = states->fs->arena;
    struct parameter *parameter = state_of(states, name);

    if (parameter == NULL || value_count(parameter->declared) >= DECLARED_MAX ||
        is_declared(parameter, value, from->file))
        return;
    struct value *item = value_map(arena);
    value_map_put_string(arena, item, "value", value);
    value_map_put_string(arena, item, "file", from->file);
    value_map_put_string(arena, item, "kind", from->kind);
    value_list_add(arena, parameter->declared, item);
}

static void add_options(struct states *states, const struct module_options *options)
{
    char name[NAME_MAX_LENGTH + 1];

    for (size_t i = 0; i < options->count; i++) {
        const struct module_option *option = &options->items[i];
        struct boot_declared from = { .file = option->file, .kind = "modprobe" };
        if (text_in(option->module, modules) &&
            name_told(arena_printf(states->fs->arena, "%s.%s", option->module, option->name), name))
            declared_add(states, name, option->value, &from);
    }
}

/* What stands behind "--" is not the kernel's. */
static size_t kernel_part(const struct kernel_words *words)
{
    size_t count = 0;

    while (count < words->count && strcmp(words->items[count].text, "--") != 0)
        count++;
    return count;
}

static void add_boot_line(struct states *states, const struct boot_declared *line)
{
    char name[NAME_MAX_LENGTH + 1];

    for (size_t i = 0, end = kernel_part(&line->words); i < end; i++) {
        const struct kernel_word *word = &line->words.items[i];
        if (name_told(word->name, name))
            declared_add(states, name, word->value != NULL ? word->value : "", line);
    }
}

static void add_boot_files(struct states *states)
{
    size_t count = 0;
    const struct boot_declared *lines = boot_declared_read(states->fs, &count);

    for (size_t i = 0; i < count; i++)
        add_boot_line(states, &lines[i]);
}

/* Of words that come twice the last one counts, for the kernel too. */
static void add_cmdline(struct states *states, const struct kernel_words *words)
{
    char name[NAME_MAX_LENGTH + 1];

    for (size_t i = 0, end = kernel_part(words); i < end; i++) {
        const struct kernel_word *word = &words->items[i];
        struct parameter *parameter = name_told(word->name, name) ? state_of(states, name) : NULL;
        if (parameter != NULL)
            parameter->cmdline = word->value != NULL ? word->value : "";
    }
}

static void add_always(struct states *states)
{
    for (size_t i = 0; i < sizeof always / sizeof always[0]; i++) {
        size_t length = strcspn(always[i], ".");
        const char *folder = arena_printf(states->fs->arena, MODULE_FOLDER "/%.*s/parameters", (int)length, always[i]);
        if (sysfs_exists(states->fs, folder, always[i] + length + 1))
            (void)state_of(states, always[i]);
    }
}

static void put_effect(const struct sysfs *fs, struct value *map, const char *name)
{
    const char *dot = strchr(name, '.');
    const char *module = dot != NULL ? arena_copy_n(fs->arena, name, (size_t)(dot - name)) : NULL;

    if (module == NULL || !text_in(module, modules) || !sysfs_exists(fs, MODULE_FOLDER, module))
        return;
    const char *folder = arena_printf(fs->arena, MODULE_FOLDER "/%s/parameters", module);
    bool is_file = strchr(dot + 1, '/') == NULL && sysfs_exists(fs, folder, dot + 1);
    if (is_file)
        sysfs_put_text(fs, map, "effective", folder, dot + 1);
    if (text_in(module, complete_modules))
        value_map_put_bool(fs->arena, map, "is_known", is_file);
}

static struct value *parameter_value(const struct sysfs *fs, const struct parameter *parameter)
{
    struct value *map = value_map(fs->arena);

    value_map_put(fs->arena, map, "declared", parameter->declared);
    sysfs_put(fs, map, "cmdline", parameter->cmdline);
    put_effect(fs, map, parameter->name);
    return map;
}

static struct kernel_words running_words(const struct sysfs *fs)
{
    const char *line = sysfs_text(fs, "/proc", "cmdline");

    return kernel_words_read(fs->arena, line != NULL ? line : "");
}

struct value *parameter_states(const struct sysfs *fs, const struct module_options *options)
{
    struct states states = { .fs = fs, .index = value_map(fs->arena) };
    struct kernel_words words = running_words(fs);
    struct value *map = value_map(fs->arena);

    add_always(&states);
    add_options(&states, options);
    add_boot_files(&states);
    add_cmdline(&states, &words);
    for (size_t i = 0; i < states.count; i++)
        value_map_put(fs->arena, map, states.items[i]->name, parameter_value(fs, states.items[i]));
    return map;
}

/* --- modules --- */

/* modprobe.blacklist=a,b and module_blacklist=a,b */
static bool is_blacklisted_at_boot(struct arena *arena, const struct kernel_words *words, const char *module)
{
    for (size_t i = 0, end = kernel_part(words); i < end; i++) {
        const struct kernel_word *word = &words->items[i];
        bool is_list =
            kernel_name_equal(word->name, "modprobe.blacklist") || kernel_name_equal(word->name, "module_blacklist");
        char **names = is_list && word->value != NULL ? text_split(arena, word->value, ',', NULL) : NULL;
        for (; names != NULL && *names != NULL; names++)
            if (strcmp(module_name_normal(arena, *names, strlen(*names)), module) == 0)
                return true;
    }
    return false;
}

static struct value *module_state(const struct sysfs *fs, const char *module, bool is_blacklisted)
{
    const char *folder = arena_printf(fs->arena, MODULE_FOLDER "/%s", module);
    const char *taint = sysfs_text(fs, folder, "taint");
    struct value *map = value_map(fs->arena);
    bool is_loaded = sysfs_exists(fs, MODULE_FOLDER, module);

    value_map_put_bool(fs->arena, map, "is_loaded", is_loaded);
    value_map_put_bool(fs->arena, map, "is_blacklisted", is_blacklisted);
    if (!is_loaded)
        return map;
    sysfs_put_text(fs, map, "version", folder, "version");
    sysfs_put(fs, map, "taint", taint);
    value_map_put_bool(fs->arena, map, "is_out_of_tree", taint != NULL && strchr(taint, 'O') != NULL);
    return map;
}

struct value *module_states(const struct sysfs *fs, const struct module_options *options)
{
    struct value *map = value_map(fs->arena);
    struct kernel_words words = running_words(fs);

    for (const char *const *module = told_modules; *module != NULL; module++) {
        bool is_blacklisted =
            value_map_get(options->blacklisted, *module) != NULL || is_blacklisted_at_boot(fs->arena, &words, *module);
        value_map_put(fs->arena, map, *module, module_state(fs, *module, is_blacklisted));
    }
    return map;
}
