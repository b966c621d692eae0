/* SPDX-License-Identifier: Apache-2.0 */
/* ansible.cfg and the environment. The file is Python's configparser dialect: sections, key = value or key: value, # and ; comments,
 * continuation lines that are indented. */
#include "engine/command/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

/* Environment names that do not follow ANSIBLE_<KEY>. */
static const struct {
    const char *variable, *key;
} variables[] = {
    { "ANSIBLE_INVENTORY", "inventory" },
    { "ANSIBLE_ROLES_PATH", "roles_path" },
    { "ANSIBLE_FORKS", "forks" },
    { "ANSIBLE_TIMEOUT", "timeout" },
    { "ANSIBLE_REMOTE_USER", "remote_user" },
    { "ANSIBLE_REMOTE_PORT", "remote_port" },
    { "ANSIBLE_PRIVATE_KEY_FILE", "private_key_file" },
    { "ANSIBLE_HOST_KEY_CHECKING", "host_key_checking" },
    { "ANSIBLE_SSH_COMMON_ARGS", "ssh_common_args" },
    { "ANSIBLE_SSH_EXTRA_ARGS", "ssh_extra_args" },
    { "ANSIBLE_SSH_ARGS", "ssh_args" },
    { "ANSIBLE_SSH_EXECUTABLE", "ssh_executable" },
    { "ANSIBLE_BECOME", "become" },
    { "ANSIBLE_BECOME_METHOD", "become_method" },
    { "ANSIBLE_BECOME_USER", "become_user" },
    { "ANSIBLE_BECOME_EXE", "become_exe" },
    { "ANSIBLE_BECOME_FLAGS", "become_flags" },
    { "ANSIBLE_BECOME_PASSWORD_FILE", "become_password_file" },
    { "ANSIBLE_CONNECTION_PASSWORD_FILE", "connection_password_file" },
    { "ANSIBLE_VAULT_PASSWORD_FILE", "vault_password_file" },
    { "ANSIBLE_GATHERING", "gathering" },
    { "ANSIBLE_GATHER_SUBSET", "gather_subset" },
    { "ANSIBLE_GATHER_TIMEOUT", "gather_timeout" },
    { "ANSIBLE_HASH_BEHAVIOUR", "hash_behaviour" },
    { "ANSIBLE_ANY_ERRORS_FATAL", "any_errors_fatal" },
    { "ANSIBLE_FORCE_HANDLERS", "force_handlers" },
    { "ANSIBLE_INJECT_FACT_VARS", "inject_facts_as_vars" },
    { "ANSIBLE_TRANSPORT", "transport" },
    { "ANSIBLE_STRATEGY", "strategy" },
    { "ANSIBLE_JINJA2_EXTENSIONS", "jinja2_extensions" },
    { "ANSIBLE_JINJA2_NATIVE", "jinja2_native" },
    { "ANSIBLE_NO_LOG", "no_log" },
    { "ANSIBLE_NOCOLOR", "nocolor" },
    { "NO_COLOR", "nocolor" },
    { "ANSIBLE_FORCE_COLOR", "force_color" },
    { "ANSIBLE_VERBOSITY", "verbosity" },
    { "ANSIBLE_STDOUT_CALLBACK", "stdout_callback" },
    { "ANSIBLE_CALLBACK_RESULT_FORMAT", "callback_result_format" },
    { "ANSIBLE_DISPLAY_SKIPPED_HOSTS", "display_skipped_hosts" },
    { "ANSIBLE_DISPLAY_OK_HOSTS", "display_ok_hosts" },
    { "ANSIBLE_CHECK_MODE_MARKERS", "check_mode_markers" },
    { "ANSIBLE_MAX_DIFF_SIZE", "max_diff_size" },
    { "ANSIBLE_DIFF_ALWAYS", "diff.always" },
    { "ANSIBLE_DIFF_CONTEXT", "diff.context" },
    { "ANSIBLE_RUN_TAGS", "tags.run" },
    { "ANSIBLE_SKIP_TAGS", "tags.skip" },
};

static bool is_flat(const char *section)
{
    static const char *const flat[] = { "defaults", "privilege_escalation", "ssh_connection", NULL };
    return text_in(section, flat);
}

struct reader {
    struct arena *arena;
    const char *path;
    const char *section, *key;
    struct text value;
    struct value *out;
    int line;
};

static void finish_key(struct reader *reader)
{
    if (!reader->key)
        return;
    const char *name =
        is_flat(reader->section) ? reader->key : arena_printf(reader->arena, "%s.%s", reader->section, reader->key);
    bool weaker = !text_equal(reader->section, "defaults") && value_map_get(reader->out, name);
    if (!weaker)
        value_map_put_string(reader->arena, reader->out, name,
                             text_trim(reader->arena, reader->value.data, reader->value.length));
    reader->key = NULL;
}

static bool line_error(const struct reader *reader, const char *what, struct error *err)
{
    struct source_position at = { reader->path, reader->line, 1 };
    return error_set_at(err, &at, "%s", what);
}

/* Inline comments begin with " ;" or, as Ansible's reader has it, " #". */
static size_t without_comment(const char *text, size_t length)
{
    for (size_t i = 1; i < length; i++)
        if ((text[i] == ';' || text[i] == '#') && isspace((unsigned char)text[i - 1]))
            return i;
    return length;
}

static bool read_key(struct reader *reader, const char *line, size_t length, struct error *err)
{
    size_t name = 0;
    while (name < length && line[name] != '=' && line[name] != ':')
        name++;
    if (name == length)
        return line_error(reader, "expected 'key = value', found a line without '='", err);
    if (!reader->section)
        return line_error(reader, "expected a [section] before the first key", err);
    char *key = text_trim(reader->arena, line, name);
    for (char *c = key; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    reader->key = key;
    reader->value = text_new(reader->arena);
    text_add_n(&reader->value, line + name + 1, without_comment(line + name + 1, length - name - 1));
    return true;
}

static bool read_line(struct reader *reader, const char *line, size_t length, struct error *err)
{
    const char *trimmed = text_trim(reader->arena, line, length);
    if (*trimmed == '\0' || *trimmed == '#' || *trimmed == ';')
        return true;
    if (isspace((unsigned char)line[0]) && reader->key) {
        text_printf(&reader->value, " %s", trimmed);
        return true;
    }
    finish_key(reader);
    if (*trimmed != '[')
        return read_key(reader, trimmed, strlen(trimmed), err);
    const char *close = strchr(trimmed, ']');
    if (!close)
        return line_error(reader, "expected ']' at the end of the section name", err);
    reader->section = arena_copy_n(reader->arena, trimmed + 1, (size_t)(close - trimmed) - 1);
    return true;
}

static bool read_file(struct arena *arena, const char *path, struct value *out, struct error *err)
{
    char *data = NULL;
    size_t length = 0, line_length = 0;
    const char *line = NULL;
    struct reader reader = { .arena = arena, .path = path, .out = out };
    if (!file_read(arena, path, LIMIT_SOURCE_FILE, &data, &length, err))
        return false;
    const char *cursor = data;
    while (text_line(&cursor, data + length, &line, &line_length)) {
        reader.line++;
        if (!read_line(&reader, line, line_length, err))
            return error_prefix(err, "configuration");
    }
    finish_key(&reader);
    return true;
}

static const char *find_file(struct arena *arena, struct value *warnings)
{
    const char *chosen = getenv("ANSIBLE_CONFIG");
    struct stat status;
    if (chosen) {
        const char *path = path_absolute(arena, path_expand_user(arena, chosen));
        return path_is_folder(path) ? path_join(arena, path, "ansible.cfg") : path;
    }
    if (path_is_file("ansible.cfg")) {
        if (stat(".", &status) == 0 && !(status.st_mode & S_IWOTH))
            return path_absolute(arena, "ansible.cfg");
        value_list_add(arena, warnings,
                       value_string(arena, "This folder is world writable: its ansible.cfg is ignored"));
    }
    const char *home = path_expand_user(arena, "~/.ansible.cfg");
    return path_is_file(home) ? home : path_is_file("/etc/ansible/ansible.cfg") ? "/etc/ansible/ansible.cfg" : NULL;
}

bool settings_load_file(struct arena *arena, const char *path, struct settings *out, struct error *err)
{
    struct value *values = value_map(arena);
    if (path && !read_file(arena, path, values, err))
        return false;
    for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
        const char *text = getenv(variables[i].variable);
        if (text && *text)
            value_map_put_string(arena, values, variables[i].key, text);
    }
    *out = (struct settings){ path, values };
    return true;
}

bool settings_load(struct arena *arena, struct value *warnings, struct settings *out, struct error *err)
{
    const char *path = find_file(arena, warnings);
    return settings_load_file(arena, path && path_is_file(path) ? path : NULL, out, err);
}

const char *settings_text(const struct settings *settings, const char *key)
{
    const char *text = value_map_text(settings->values, key);
    return text && *text ? text : NULL;
}

bool settings_bool(const struct settings *settings, const char *key, bool fallback)
{
    bool value = fallback;
    const char *text = settings_text(settings, key);
    return text && text_to_bool(text, &value) ? value : fallback;
}

int settings_int(const struct settings *settings, const char *key, int fallback)
{
    int64_t value = 0;
    const char *text = settings_text(settings, key);
    return text && text_to_int(text, &value) && value >= 0 && value < 1000000 ? (int)value : fallback;
}

const char *settings_path(const struct settings *settings, struct arena *arena, const char *text)
{
    const char *expanded = path_expand_user(arena, text);
    if (*expanded == '/' || !settings->path)
        return path_absolute(arena, expanded);
    return path_normalize(arena, path_join(arena, path_dirname(arena, settings->path), expanded));
}
