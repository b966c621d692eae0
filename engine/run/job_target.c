/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a task runs and as whom: variables (ansible_host, ansible_become ...) win over keywords, keywords over the
 * command line and the configuration. With delegate_to the variables are those of the other host.
 */
#include <string.h>

#include "common/base/limits.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/job_parts.h"
#include "engine/run/methods.h"

static bool is_local_name(const char *name)
{
    return strcmp(name, "localhost") == 0 || strcmp(name, "127.0.0.1") == 0 || strcmp(name, "::1") == 0;
}

/* A host of that name or address; one that no inventory names is made up. */
static const struct inventory_host *delegate_host(struct job *job, const char *name)
{
    struct inventory *inventory = job->run->options->inventory;
    const struct inventory_host *host = inventory_find_host(inventory, name);
    struct made_host *made = job->run->made;

    for (size_t i = 0; host == NULL && i < inventory->host_count; i++)
        if (text_equal(value_map_text(inventory->hosts[i]->vars, "ansible_host"), name))
            host = inventory->hosts[i];
    if (host != NULL)
        return host;
    while (made != NULL && strcmp(made->host.name, name) != 0)
        made = made->next;
    if (made != NULL)
        return &made->host;
    made = arena_new_of(job->run->arena, struct made_host);
    made->host = (struct inventory_host){ .name = arena_copy(job->run->arena, name), .is_implicit = true };
    made->host.vars = value_map(job->run->arena);
    made->host.number = LIMIT_HOSTS + (job->run->made == NULL ? 0 : job->run->made->host.number - LIMIT_HOSTS + 1);
    made->next = job->run->made;
    job->run->made = made;
    return &made->host;
}

/* The other host's variables, but for the name of the host whose task it is. */
struct delegated {
    const struct value *other;
    const char *name;
};

static const struct value *delegated_get(void *data, struct arena *arena, const char *key, size_t length)
{
    const struct delegated *delegated = data;
    const struct value *other = delegated->other;

    if (length == strlen("inventory_hostname") && strncmp(key, "inventory_hostname", length) == 0)
        return value_string(arena, delegated->name);
    return other->as.object.ops->get(other->as.object.data, arena, key, length);
}

static const struct value *delegated_keys(void *data, struct arena *arena)
{
    const struct value *other = ((const struct delegated *)data)->other;

    return other->as.object.ops->keys(other->as.object.data, arena);
}

static const struct value_object_ops delegated_ops = { .type_name = "HostVarsVars",
                                                       .get = delegated_get,
                                                       .keys = delegated_keys };

/* While a task is delegated, ansible_host is the other's, where no variable says otherwise. */
static void delegate_address(struct job_item *item, const struct value *other)
{
    static const char address[] = "ansible_host";
    const struct value *said = other->as.object.ops->get(other->as.object.data, item->arena, address, strlen(address));
    struct value *map = value_map(item->arena);

    for (size_t i = 0; i < value_count(item->job->scope.fallback); i++)
        value_map_put_value(item->arena, map, value_pair_at(item->job->scope.fallback, i)->key,
                            value_pair_at(item->job->scope.fallback, i)->item);
    value_map_put_string(item->arena, map, address, value_text(said) != NULL ? value_text(said) : item->delegate);
    item->job->scope.fallback = map;
}

/* ansible_delegated_vars: the other host's variables under its name. */
static const struct value *delegated_vars(struct job_item *item)
{
    struct vars_place place = { .host = item->target_host, .task = item->job->task };
    struct value *map = value_map(item->arena);

    struct delegated *delegated = arena_new_of(item->arena, struct delegated);

    delegated->other = vars_host_object(item->job->run->vars, item->arena, &place);
    delegated->name = item->job->host->host->name;
    value_map_put(item->arena, map, item->delegate, value_object(item->arena, delegated, &delegated_ops));
    delegate_address(item, delegated->other);
    return map;
}

bool job_item_delegate(struct job_item *item, struct error *err)
{
    struct job *job = item->job;
    const char *name = NULL;

    item->target_host = job->host->host;
    if (node_keyword(job->task, KEYWORD_DELEGATE_TO) == NULL)
        return true;
    if (!keyword_text(job, KEYWORD_DELEGATE_TO, &name, err))
        return false;
    if (name == NULL || name[0] == '\0')
        return true; /* to nobody: the task stays where it is */
    item->delegate = name;
    item->target_host = delegate_host(job, name);
    job->scope.delegates = delegated_vars(item);
    return true;
}

/* Reads connection variables of the target. */
struct target_reader {
    struct job_item *item;
    struct vars_scope *scope;
    struct arena *arena;
};

/* The first variable of the list (NULL-terminated) that is set. */
static bool read_value(struct target_reader *reader, const char *const *names, const struct value **out,
                       struct error *err)
{
    for (*out = NULL; *names != NULL && (*out == NULL || value_is(*out, VALUE_NULL)); names++)
        if (!vars_scope_get(reader->scope, reader->arena, *names, out, err))
            return error_prefix(err, "variable '%s'", *names);
    if (value_is(*out, VALUE_NULL))
        *out = NULL;
    return true;
}

static bool read_text(struct target_reader *reader, const char *const *names, const char **out, struct error *err)
{
    const struct value *value = NULL;

    if (!read_value(reader, names, &value, err))
        return false;
    if (value != NULL)
        *out = value_to_text(reader->arena, value);
    return true;
}

static bool read_bool(struct target_reader *reader, const char *const *names, bool *out, struct error *err)
{
    const struct value *value = NULL;

    if (!read_value(reader, names, &value, err))
        return false;
    return value == NULL || value_as_bool(value, out) ||
           error_set(err, "variable '%s' must be a boolean, not '%s'", names[0], value_to_text(reader->arena, value));
}

static bool read_int(struct target_reader *reader, const char *const *names, int *out, struct error *err)
{
    const struct value *value = NULL;
    int64_t number = *out;

    if (!read_value(reader, names, &value, err))
        return false;
    if (value != NULL && (!value_as_int(value, &number) || number < 0 || number > INT32_MAX))
        return error_set(err, "variable '%s' must be a number, not '%s'", names[0],
                         value_to_text(reader->arena, value));
    *out = (int)number;
    return true;
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const char *first_text(const char *a, const char *b, const char *c)
{
    return a != NULL ? a : b != NULL ? b : c;
}

/* keyword (lowest), then variable; both missing: what the command line or the configuration say. */
static bool keyword_or(struct job *job, enum keyword keyword, const char *fallback, const char **out, struct error *err)
{
    if (!keyword_text(job, keyword, out, err))
        return false;
    if (*out == NULL)
        *out = fallback;
    return true;
}

/* An error about a word of the playbook says where it stands, unless a variable said it. */
static bool refused_word(struct job *job, enum keyword keyword, const char *word, struct error *err)
{
    const struct value *written = node_keyword(job->task, keyword);
    struct source_position at = value_position(written == NULL ? value_null() : written);

    if (text_starts(err->text, "Invalid become method"))
        return false; /* to the letter as Ansible says it */
    err->kind = ERROR_PARSE;
    return at.path != NULL && text_equal(value_text(written), word) ? error_locate(err, &at) : false;
}

static bool resolve_kind(struct target_reader *reader, struct connection_target *target, struct error *err)
{
    struct job *job = reader->item->job;
    const char *written = NULL;
    const struct run_options *options = job->run->options;
    const struct inventory_host *host = reader->item->target_host;
    const char *fallback = first_text(options->connection_kind, setting_text(job->run, "transport"), "ssh");

    if (host->is_implicit && is_local_name(host->name))
        fallback = "local";
    if (!keyword_or(job, KEYWORD_CONNECTION, fallback, &target->kind, err))
        return false;
    if (!read_text(reader, NAMES("ansible_connection"), &written, err))
        return false;
    if (written != NULL)
        target->kind = written;
    if (host->is_implicit && is_local_name(host->name) && written == NULL)
        target->kind = "local"; /* Ansible gives an implicit localhost this variable */
    written = target->kind;
    return connection_kind_read(written, &target->kind, err) ||
           (!error_prefix(err, "host '%s'", host->name) &&
            refused_word(reader->item->job, KEYWORD_CONNECTION, written, err));
}

static bool resolve_login(struct target_reader *reader, struct connection_target *target, struct error *err)
{
    struct job *job = reader->item->job;
    const struct run_options *options = job->run->options;
    int64_t port = 0;

    target->password = options->connection_password;
    target->private_key_file = setting_text(job->run, "private_key_file");
    if (!keyword_or(job, KEYWORD_REMOTE_USER,
                    first_text(options->remote_user, setting_text(job->run, "remote_user"), NULL), &target->user,
                    err) ||
        !keyword_int(job, KEYWORD_PORT, setting_int(job->run, "remote_port", 0), &port, err))
        return false;
    target->port = (int)port;
    return read_text(reader, NAMES("ansible_host", "ansible_ssh_host"), &target->address, err) &&
           read_text(reader, NAMES("roost_node"), &target->node, err) &&
           read_int(reader, NAMES("ansible_port", "ansible_ssh_port"), &target->port, err) &&
           read_text(reader, NAMES("ansible_user", "ansible_ssh_user"), &target->user, err) &&
           read_text(reader, NAMES("ansible_password", "ansible_ssh_pass", "ansible_ssh_password"), &target->password,
                     err) &&
           read_text(reader, NAMES("ansible_private_key_file", "ansible_ssh_private_key_file"),
                     &target->private_key_file, err);
}

static bool resolve_ssh(struct target_reader *reader, struct connection_target *target, struct error *err)
{
    struct run *run = reader->item->job->run;
    const char *args = setting_text(run, "ssh_args");

    target->common_args = setting_text(run, "ssh_common_args");
    target->extra_args = setting_text(run, "ssh_extra_args");
    target->executable = setting_text(run, "ssh_executable");
    target->timeout_s = setting_int(run, "timeout", LIMIT_CONNECT_TIMEOUT_MS / 1000);
    target->host_key_checking = setting_bool(run, "host_key_checking", true);
    if (!read_text(reader, NAMES("ansible_ssh_args"), &args, err) ||
        !read_text(reader, NAMES("ansible_ssh_common_args"), &target->common_args, err) ||
        !read_text(reader, NAMES("ansible_ssh_extra_args"), &target->extra_args, err) ||
        !read_text(reader, NAMES("ansible_ssh_executable"), &target->executable, err) ||
        !read_int(reader, NAMES("ansible_ssh_timeout", "ansible_timeout"), &target->timeout_s, err) ||
        !read_bool(reader, NAMES("ansible_ssh_host_key_checking", "ansible_host_key_checking"),
                   &target->host_key_checking, err))
        return false;
    if (args != NULL)
        target->common_args =
            target->common_args == NULL ? args : arena_printf(reader->arena, "%s %s", args, target->common_args);
    return true;
}

/* What is set for this method alone, else for all: variables "ansible_su_user", "ansible_become_user". */
static bool become_text(struct target_reader *reader, const struct become *become, const char *name, const char **out,
                        struct error *err)
{
    const char *own = arena_printf(reader->arena, "ansible_%s_%s", become->method, name);
    const char *usual = arena_printf(reader->arena, "ansible_become_%s", name);

    return read_text(reader, NAMES(own, usual), out, err);
}

static bool become_password(struct target_reader *reader, struct become *become, struct error *err)
{
    const char *specific = arena_printf(reader->arena, "ansible_%s_pass", become->method);
    const char *specific_long = arena_printf(reader->arena, "ansible_%s_password", become->method);
    const char *setting = arena_printf(reader->arena, "%s_become_plugin.password", become->method);

    if (become->password == NULL)
        become->password = setting_text(reader->item->job->run, setting);
    return read_text(reader, NAMES("ansible_become_password", "ansible_become_pass", specific, specific_long),
                     &become->password, err);
}

/* The words that su asks with, where they are not those that are known anyway. */
static bool become_prompts(struct target_reader *reader, struct become *become, struct error *err)
{
    const char *setting = setting_text(reader->item->job->run, "su_become_plugin.localized_prompts");
    struct value *list = value_list(reader->arena);
    const struct value *written = NULL;

    if (!read_value(reader, NAMES("ansible_su_prompt_l10n"), &written, err))
        return false;
    if (value_text(written) != NULL)
        setting = value_text(written);
    for (size_t i = 0; value_is(written, VALUE_LIST) && i < value_count(written); i++)
        value_list_add(reader->arena, list, value_item(written, i));
    if (value_count(list) == 0 && setting != NULL) {
        for (char **part = text_split(reader->arena, setting, ',', NULL); *part != NULL; part++)
            value_list_add(reader->arena, list,
                           value_string(reader->arena, text_trim(reader->arena, *part, strlen(*part))));
    }
    become->prompts = value_count(list) == 0 ? NULL : list;
    return true;
}

static bool resolve_become(struct target_reader *reader, struct become *become, struct error *err)
{
    struct job *job = reader->item->job;
    const struct become *given = &job->run->options->become;
    const char *written;

    *become = *given;
    if (!keyword_bool(job, KEYWORD_BECOME, given->active || setting_bool(job->run, "become", false), &become->active,
                      err) ||
        !read_bool(reader, NAMES("ansible_become"), &become->active, err))
        return false;
    if (!become->active)
        return true;
    become->same_user = setting_bool(job->run, "become_allow_same_user", false);
    if (!keyword_or(job, KEYWORD_BECOME_METHOD,
                    first_text(given->method, setting_text(job->run, "become_method"), "sudo"), &become->method, err) ||
        !keyword_or(job, KEYWORD_BECOME_USER, first_text(given->user, setting_text(job->run, "become_user"), "root"),
                    &become->user, err) ||
        !keyword_or(job, KEYWORD_BECOME_FLAGS, first_text(given->flags, setting_text(job->run, "become_flags"), NULL),
                    &become->flags, err) ||
        !keyword_or(job, KEYWORD_BECOME_EXE, first_text(given->exe, setting_text(job->run, "become_exe"), NULL),
                    &become->exe, err))
        return false;
    if (!read_text(reader, NAMES("ansible_become_method"), &become->method, err))
        return false;
    written = become->method;
    if (!become_method_read(written, &become->method, err))
        return refused_word(job, KEYWORD_BECOME_METHOD, written, err);
    return become_text(reader, become, "user", &become->user, err) &&
           become_text(reader, become, "flags", &become->flags, err) &&
           become_text(reader, become, "exe", &become->exe, err) && become_password(reader, become, err) &&
           (strcmp(become->method, "su") != 0 || become_prompts(reader, become, err));
}

/* The scope whose variables say how to get there. */
static struct vars_scope *target_scope(struct job_item *item, struct error *err)
{
    struct job *job = item->job;
    struct vars_place place = { .host = item->target_host, .task = job->task };
    struct vars_scope *scope;

    if (item->delegate == NULL)
        return &job->scope;
    scope = arena_new_of(item->arena, struct vars_scope);
    if (!vars_scope_open(scope, job->run->vars, item->arena, &place, err))
        return NULL;
    scope->local = value_map(item->arena);
    for (size_t i = 0; i < value_count(job->scope.local); i++)
        value_map_put_value(item->arena, scope->local, value_pair_at(job->scope.local, i)->key,
                            value_pair_at(job->scope.local, i)->item);
    vars_scope_put(scope, "inventory_hostname", value_string(item->arena, job->host->host->name));
    return scope;
}

/* The folder of the playbook that was asked for, imports or not. */
static const char *local_folder(const struct job_item *item)
{
    const char *const *playbooks = item->job->run->options->playbooks;
    const struct play *play = item->job->task->play;

    if (playbooks != NULL && playbooks[0] != NULL && playbooks[1] == NULL)
        return path_dirname(item->arena, path_absolute(item->arena, playbooks[0]));
    return play == NULL || play->folder == NULL ? NULL : path_absolute(item->arena, play->folder);
}

bool job_item_target(struct job_item *item, struct error *err)
{
    struct target_reader reader = { item, target_scope(item, err), item->arena };
    struct connection_target *target = &item->target;

    if (reader.scope == NULL)
        return false;
    *target = (struct connection_target){ .host = item->target_host->name, .address = item->target_host->name };
    if (!resolve_kind(&reader, target, err) || !resolve_login(&reader, target, err))
        return false;
    if (strcmp(target->kind, "local") != 0 && !resolve_ssh(&reader, target, err))
        return false;
    if (strcmp(target->kind, "local") == 0)
        *target = (struct connection_target){
            .host = target->host, .kind = "local", .address = target->address, .folder = local_folder(item)
        };
    return resolve_become(&reader, &item->become, err);
}

bool action_target_variable(struct action_call *call, const char *name, const struct value **out, struct error *err)
{
    struct vars_scope *scope = target_scope(call->owner, err);

    *out = NULL;
    return scope != NULL && vars_scope_get(scope, call->arena, name, out, err);
}

const char *action_setting(const struct action_call *call, const char *name)
{
    return setting_text(call->owner->job->run, name);
}
