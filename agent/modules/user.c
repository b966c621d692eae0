/* SPDX-License-Identifier: Apache-2.0 */
/* user: accounts of people and services, their groups, passwords, home folders and SSH keys. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "agent/system/account/account_key.h"
#include "agent/system/account/account_user.h"
#include "agent/task/module.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define EXPIRES_LIMIT 1e12 /* seconds; some 30,000 years */

struct user_args {
    const char *name, *state, *group, *comment, *home, *shell, *password, *update_password, *skeleton, *umask;
    const char *login_class, *profile, *authorization, *role, *seuser;
    const char *ssh_key_type, *ssh_key_file, *ssh_key_comment, *ssh_key_passphrase;
    const struct value *groups;
    int64_t uid, password_expire_max, password_expire_min, ssh_key_bits;
    double expires;
    enum arg_tri password_lock, hidden;
    bool non_unique, force, remove, create_home, system, move_home, append, generate_ssh_key, local;
};

static const struct arg_spec user_args[] = {
    ARG(user_args, name, ARG_STRING, .required = true, .aliases = ARG_NAMES("user"), .help = "name of the user"),
    ARG(user_args, state, ARG_STRING, .default_text = "present", .choices = ARG_NAMES("absent", "present"),
        .help = "whether the account exists"),
    ARG(user_args, uid, ARG_INT, .help = "number of the user"),
    ARG(user_args, non_unique, ARG_BOOL, .default_text = "no", .help = "the number may be taken already"),
    ARG(user_args, group, ARG_STRING, .help = "primary group, by name or number"),
    ARG(user_args, groups, ARG_LIST, .help = "further groups; an empty list removes the user from all"),
    ARG(user_args, append, ARG_BOOL, .default_text = "no", .help = "add to the groups the user is in"),
    ARG(user_args, comment, ARG_STRING, .help = "the user's full name"),
    ARG(user_args, home, ARG_PATH, .help = "home folder"),
    ARG(user_args, create_home, ARG_BOOL, .default_text = "yes", .aliases = ARG_NAMES("createhome"),
        .help = "make the home folder if it is missing"),
    ARG(user_args, move_home, ARG_BOOL, .default_text = "no", .help = "move the old home folder to the new place"),
    ARG(user_args, skeleton, ARG_STRING, .help = "folder a new home is filled from; needs create_home"),
    ARG(user_args, umask, ARG_STRING, .help = "umask for the new home folder"),
    ARG(user_args, shell, ARG_STRING, .help = "login shell"),
    ARG(user_args, system, ARG_BOOL, .default_text = "no", .help = "a new account gets a number from the system range"),
    ARG(user_args, password, ARG_STRING, .no_log = true, .help = "hash of the password, as crypt(5) makes it"),
    ARG(user_args, update_password, ARG_STRING, .default_text = "always", .choices = ARG_NAMES("always", "on_create"),
        .help = "set the password always or only for new accounts"),
    ARG(user_args, password_lock, ARG_TRI, .help = "lock or unlock the password"),
    ARG(user_args, password_expire_max, ARG_INT, .help = "days until the password must be changed"),
    ARG(user_args, password_expire_min, ARG_INT, .help = "days before the password may be changed again"),
    ARG(user_args, expires, ARG_REAL, .help = "time the account ends, in seconds since the epoch; negative: never"),
    ARG(user_args, force, ARG_BOOL, .default_text = "no", .help = "remove a user who is logged in; replace an SSH key"),
    ARG(user_args, remove, ARG_BOOL, .default_text = "no", .help = "remove the home folder and mail too"),
    ARG(user_args, generate_ssh_key, ARG_BOOL, .help = "make an SSH key pair for the user"),
    ARG(user_args, ssh_key_bits, ARG_INT, .default_text = "0", .help = "size of the key; 0: the type's own"),
    ARG(user_args, ssh_key_type, ARG_STRING, .default_text = "rsa", .help = "type of the key"),
    ARG(user_args, ssh_key_file, ARG_PATH, .help = "file of the key, relative to the home folder"),
    ARG(user_args, ssh_key_comment, ARG_STRING, .help = "comment in the key; default: ansible-generated on HOST"),
    ARG(user_args, ssh_key_passphrase, ARG_STRING, .no_log = true, .help = "passphrase of the key"),
    ARG(user_args, local, ARG_BOOL, .help = "use libuser's programs, for nodes with directory accounts"),
    ARG(user_args, seuser, ARG_STRING, .help = "SELinux user: refused"),
    ARG(user_args, hidden, ARG_TRI, .help = "macOS only: refused"),
    ARG(user_args, login_class, ARG_STRING, .help = "BSD only: refused"),
    ARG(user_args, profile, ARG_STRING, .help = "Solaris only: refused"),
    ARG(user_args, authorization, ARG_STRING, .help = "Solaris only: refused"),
    ARG(user_args, role, ARG_STRING, .help = "Solaris only: refused"),
    ARG_END,
};

static bool refuse_foreign(const struct user_args *args, struct error *err)
{
    const char *names[] = { "seuser", "login_class", "profile", "authorization", "role" };
    const char *values[] = { args->seuser, args->login_class, args->profile, args->authorization, args->role };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (values[i] != NULL)
            return error_set(err, "argument '%s' is not supported on this system", names[i]);
    }
    if (args->hidden != ARG_UNSET)
        return error_set(err, "argument 'hidden' is not supported on this system");
    if (args->umask != NULL && args->local)
        return error_set(err, "'umask' can not be used with 'local'");
    return true;
}

/* A hash ends in its own alphabet and, for the old kinds, in a known length. */
static bool looks_hashed(struct arena *arena, const char *password)
{
    size_t count = 0;
    char **fields = text_split(arena, password, '$', &count);
    const char *hash = fields[count - 1];

    if (strcmp(password, "*") == 0 || strcmp(password, "!") == 0 || strcmp(password, "*************") == 0)
        return true;
    if (strpbrk(password, ":*!") != NULL || count < 3)
        return false;
    for (const char *at = hash; *at != '\0'; at++) {
        if (strchr("./=0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", *at) == NULL)
            return false;
    }
    if (strcmp(fields[1], "1") == 0)
        return strlen(hash) == 22;
    if (strcmp(fields[1], "5") == 0)
        return strlen(hash) == 43;
    return strcmp(fields[1], "6") != 0 || strlen(hash) == 86;
}

static void warn_odd(struct task_context *task, const struct user_args *args)
{
    if (args->append && args->groups == NULL)
        result_warn(task, "'append' is set, but no 'groups' are specified. Use 'groups' for appending new groups."
                          "This will change to an error in Ansible 2.14.");
    if (args->password != NULL && args->password[0] != '\0' && !looks_hashed(task->scratch, args->password))
        result_warn(task, "The input password appears not to have been hashed. "
                          "The 'password' argument must be encrypted for this module to work properly.");
}

/* [''] is what Ansible makes of an empty string; it means no groups. */
static const struct value *groups_clean(struct task_context *task, const struct value *groups)
{
    struct value *clean = value_list(task->scratch);

    for (size_t i = 0; groups != NULL && i < value_count(groups); i++) {
        const char *name = value_text(value_item(groups, i));
        const char *trimmed = text_trim(task->scratch, name, strlen(name));

        if (trimmed[0] != '\0')
            value_list_add(task->scratch, clean, value_string(task->scratch, trimmed));
    }
    return groups != NULL ? clean : NULL;
}

static struct account_wish wish_of(struct task_context *task, const struct user_args *args)
{
    return (struct account_wish){
        .name = args->name,
        .group = args->group,
        .comment = args->comment,
        .home = args->home,
        .shell = args->shell,
        .password = args->password,
        .skeleton = args->skeleton,
        .umask = args->umask,
        .uid = args->uid == ARG_INT_UNSET ? ACCOUNT_UNSET : args->uid,
        .groups = groups_clean(task, args->groups),
        .expires = args->expires,
        .expire_min = args->password_expire_min == ARG_INT_UNSET ? ACCOUNT_UNSET : args->password_expire_min,
        .expire_max = args->password_expire_max == ARG_INT_UNSET ? ACCOUNT_UNSET : args->password_expire_max,
        .lock = args->password_lock == ARG_TRUE    ? ACCOUNT_LOCK_YES
                : args->password_lock == ARG_FALSE ? ACCOUNT_LOCK_NO
                                                   : ACCOUNT_LOCK_LEAVE,
        .non_unique = args->non_unique,
        .is_system = args->system,
        .create_home = args->create_home,
        .move_home = args->move_home,
        .append = args->append,
        .remove = args->remove,
        .force = args->force,
        .is_local = args->local,
        .change_password = strcmp(args->update_password, "always") == 0,
    };
}

struct user_job {
    struct task_context *task;
    const struct user_args *args;
    struct account_wish wish;
    struct account_database database;
};

static bool database_refresh(struct user_job *job, struct error *err)
{
    return account_database_read(job->task->system, job->task->scratch, &job->database, err);
}

/* Runs the commands; their words go into the result, and into `msg` when one failed. */
static bool commands_run(struct user_job *job, const struct account_commands *commands, struct error *err)
{
    struct task_context *task = job->task;
    struct account_outcome outcome;

    if (!account_commands_run(task->system, task->scratch, commands, &outcome, err))
        return false;
    if (outcome.output[0] != '\0')
        result_set_string(task, "stdout", outcome.output);
    if (outcome.errors[0] != '\0')
        result_set_string(task, "stderr", outcome.errors);
    if (outcome.status != 0) {
        result_set_int(task, "rc", outcome.status);
        return result_fail(task, "%s", outcome.errors);
    }
    return database_refresh(job, err);
}

static bool user_remove(struct user_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct account_commands commands = { .count = 0 };

    account_user_remove(task->scratch, &job->wish, &commands);
    if (!change_wanted(task, "remove user '%s'", job->args->name))
        return true;
    if (!commands_run(job, &commands, err))
        return false;
    result_set_bool(task, "force", job->args->force);
    result_set_bool(task, "remove", job->args->remove);
    return true;
}

static bool user_create(struct user_job *job, struct error *err)
{
    struct task_context *task = job->task;
    const struct user_args *args = job->args;
    struct account_commands commands = { .count = 0 };
    const char *parent = args->home != NULL ? path_dirname(task->scratch, args->home) : "/";
    bool needs_parents = args->create_home && !path_is_folder(parent);

    /* Asked before the wish is looked at: in check mode its groups may be those of an earlier task. */
    if (!change_wanted(task, "create user '%s'", args->name))
        return true;
    if (!account_user_create(task->scratch, &job->database, &job->wish, &commands, err))
        return false;
    if (needs_parents && !account_home_create(task->system, task->scratch, args->home, args->skeleton, err))
        return false;
    if (!commands_run(job, &commands, err) || task->result->failed)
        return task->result->failed;
    const struct account_user *user = account_user_find(&job->database, args->name);
    if (needs_parents && user != NULL && !account_home_give(task->scratch, args->home, user->uid, user->gid, err))
        return false;
    result_set_bool(task, "system", args->system);
    result_set_bool(task, "create_home", args->create_home);
    return true;
}

static const char *first_words(struct arena *arena, const struct account_commands *commands)
{
    struct text text = text_new(arena);

    for (size_t i = 0; i < commands->count; i++) {
        text_add(&text, i > 0 ? "; " : "");
        for (const char *const *word = commands->items[i].argv; *word != NULL; word++)
            text_printf(&text, "%s%s", word == commands->items[i].argv ? "" : " ", *word);
    }
    return text.data;
}

static bool user_modify(struct user_job *job, struct error *err)
{
    struct task_context *task = job->task;
    struct account_commands commands = { .count = 0 };

    if (!account_user_modify(task->scratch, &job->database, &job->wish, &commands, err))
        return false;
    result_set_bool(task, "append", job->args->append);
    result_set_bool(task, "move_home", job->args->move_home);
    if (commands.count == 0 || !change_wanted(task, "change user '%s': %s", job->args->name,
                                              job->args->local ? "account" : first_words(task->scratch, &commands)))
        return true;
    return commands_run(job, &commands, err);
}

static bool user_home(struct user_job *job, const struct account_user *user, struct error *err)
{
    struct task_context *task = job->task;
    const char *home = job->args->home != NULL ? job->args->home : user->home;

    if (!job->args->create_home || path_exists(home) ||
        !change_wanted(task, "create home folder '%s' of user '%s'", home, user->name))
        return true;
    return account_home_create(task->system, task->scratch, home, job->args->skeleton, err) &&
           account_home_give(task->scratch, home, user->uid, user->gid, err);
}

static const char *key_comment(struct task_context *task, const struct user_args *args)
{
    char host[256] = "localhost";

    if (args->ssh_key_comment != NULL)
        return args->ssh_key_comment;
    (void)gethostname(host, sizeof(host) - 1);
    return arena_printf(task->scratch, "ansible-generated on %s", host);
}

static bool key_make(struct user_job *job, const struct account_key *key, const struct account_user *user,
                     struct error *err)
{
    struct task_context *task = job->task;
    const char *paths[] = { key->path, arena_printf(task->scratch, "%s.pub", key->path) };
    const char *kinds[] = { "private", "public" };

    for (size_t i = 0; i < 2; i++) {
        if (!path_exists(paths[i]))
            continue;
        if (!job->args->force) {
            result_warn(task, "Found existing ssh key %s file \"%s\", no force, so skipping ssh-keygen generation",
                        kinds[i], paths[i]);
            return true;
        }
        result_warn(task, "Overwriting existing ssh key %s file \"%s\"", kinds[i], paths[i]);
    }
    if (!change_wanted(task, "generate SSH key '%s' for user '%s'", key->path, user->name))
        return true;
    return account_key_generate(task->system, task->scratch, key, user, err);
}

static bool user_key(struct user_job *job, const struct account_user *user, struct error *err)
{
    struct task_context *task = job->task;
    const struct user_args *args = job->args;
    const char *file = args->ssh_key_file, *fingerprint = "";
    struct account_key key = { .type = args->ssh_key_type,
                               .bits = args->ssh_key_bits,
                               .passphrase = args->ssh_key_passphrase };

    if (!args->generate_ssh_key)
        return true;
    if (file == NULL)
        file = arena_printf(task->scratch, ".ssh/id_%s", args->ssh_key_type);
    if (file[0] != '/' && !path_exists(user->home) && !task->check_mode)
        return error_set(err, "User %s home directory does not exist", args->name);
    key.path = path_join(task->scratch, user->home, file);
    key.comment = key_comment(task, args);
    if (!key_make(job, &key, user, err) ||
        !account_key_fingerprint(task->system, task->scratch, key.path, &fingerprint, err))
        return false;
    result_set_string(task, "ssh_fingerprint", fingerprint);
    result_set_string(task, "ssh_key_file", key.path);
    result_set_string(task, "ssh_public_key", account_key_public(task->scratch, key.path));
    return true;
}

static bool user_age(struct user_job *job, struct error *err)
{
    struct account_commands commands = { .count = 0 };

    account_user_age(job->task->scratch, &job->database, &job->wish, &commands);
    if (commands.count == 0 ||
        !change_wanted(job->task, "change user '%s': %s", job->args->name, first_words(job->task->scratch, &commands)))
        return true;
    struct account_outcome outcome;
    if (!account_commands_run(job->task->system, job->task->scratch, &commands, &outcome, err))
        return false;
    if (outcome.status == 0)
        return true;
    result_set_int(job->task, "rc", outcome.status);
    return result_fail(job->task, "%s", outcome.errors);
}

static void user_describe(struct user_job *job, const struct account_user *user)
{
    struct task_context *task = job->task;
    struct text groups = text_new(task->scratch);

    result_set_int(task, "uid", user->uid);
    result_set_int(task, "group", user->gid);
    result_set_string(task, "comment", user->comment);
    result_set_string(task, "home", user->home);
    result_set_string(task, "shell", user->shell);
    for (size_t i = 0; i < value_count(job->args->groups); i++)
        text_printf(&groups, "%s%s", i > 0 ? "," : "", value_text(value_item(job->args->groups, i)));
    if (job->args->groups != NULL)
        result_set_string(task, "groups", groups.data);
}

static bool user_present(struct user_job *job, struct error *err)
{
    struct task_context *task = job->task;
    bool exists = account_user_find(&job->database, job->args->name) != NULL;

    if (!(exists ? user_modify(job, err) : user_create(job, err)))
        return false;
    if (task->result->failed || (!exists && task->check_mode))
        return true;
    if (job->args->password != NULL)
        result_set_string(task, "password", "NOT_LOGGING_PASSWORD");
    const struct account_user *user = account_user_find(&job->database, job->args->name);
    if (user == NULL)
        return error_set(err, "failed to look up user name: %s", job->args->name);
    user_describe(job, user);
    return user_home(job, user, err) && user_key(job, user, err) && user_age(job, err);
}

/* Of a failed task only the message and, when a program failed, its exit code and the name are of use. */
static void user_report_failure(struct task_context *task, const struct user_args *args)
{
    const struct value *fields = task->result->fields;
    const struct value *message = value_map_get(fields, "msg"), *status = value_map_get(fields, "rc");

    task->result->fields = value_map(task->scratch);
    if (message != NULL)
        result_set(task, "msg", message);
    if (status == NULL)
        return;
    result_set_string(task, "name", args->name);
    result_set(task, "rc", status);
}

static bool user_carry_out(struct task_context *task, const struct user_args *args, struct error *err)
{
    struct user_job job = { .task = task, .args = args };

    if (!isnan(args->expires) && fabs(args->expires) > EXPIRES_LIMIT)
        return error_set(err, "Invalid value for 'expires' %g: it is beyond all calendars", args->expires);
    if (args->password != NULL && strpbrk(args->password, "\n:") != NULL)
        return error_set(err, "a password hash holds neither ':' nor line ends");
    warn_odd(task, args);
    job.wish = wish_of(task, args);
    if (!database_refresh(&job, err))
        return false;
    bool exists = account_user_find(&job.database, args->name) != NULL;
    if (!exists && args->local)
        result_warn(
            task,
            "'local: true' specified and user '%s' was not found in /etc/passwd. The local user account may already "
            "exist if the local account database exists somewhere other than /etc/passwd.",
            args->name);
    bool is_absent = strcmp(args->state, "absent") == 0;
    bool only_changed = task->check_mode && exists == is_absent; /* Ansible's result says nothing else then */
    if (!only_changed) {
        result_set_string(task, "name", args->name);
        result_set_string(task, "state", args->state);
    }
    if (!is_absent)
        return user_present(&job, err);
    return !exists || user_remove(&job, err);
}

static bool user_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct user_args *args = raw;
    bool ok = refuse_foreign(args, err) && user_carry_out(task, args, err);

    if (!ok || task->result->failed)
        user_report_failure(task, args);
    return ok;
}

MODULE_DEFINE(user) = {
    .spec = {
        .name = "user",
        .summary = "Manage user accounts",
        .args = user_args,
        .args_size = sizeof(struct user_args),
    },
    .order = "name state force remove system create_home append move_home password changed stdout stderr uid group comment home shell groups",
    .run = user_run,
};
