/* SPDX-License-Identifier: Apache-2.0 */
/*
 * firewalld: one setting of a firewalld zone, in the running firewall, in the stored configuration, or both. Follows
 * ansible.posix.firewalld, messages included. A running firewalld is spoken to over D-Bus; firewall-cmd moves interfaces, as it
 * knows what NetworkManager holds, and firewall-offline-cmd changes the files where firewalld does not run.
 */
#include <string.h>

#include "agent/system/network/firewall_bus.h"
#include "agent/system/network/firewall_cmd.h"
#include "agent/system/file/word_list.h"
#include "agent/task/module.h"
#include "common/base/text.h"

struct firewalld_args {
    const char *icmp_block, *icmp_block_inversion, *service, *protocol, *port, *rich_rule, *zone, *source, *state;
    const char *interface, *masquerade, *target;
    const struct value *port_forward;
    int64_t timeout;
    enum arg_tri permanent, offline;
    bool immediate;
};

static const struct arg_spec firewalld_args[] = {
    ARG(firewalld_args, icmp_block, ARG_STRING, .help = "kind of ICMP messages to block"),
    ARG(firewalld_args, icmp_block_inversion, ARG_STRING, .help = "let only the blocked kinds pass"),
    ARG(firewalld_args, service, ARG_STRING, .help = "service, as firewall-cmd --get-services names it"),
    ARG(firewalld_args, protocol, ARG_STRING, .help = "protocol to accept"),
    ARG(firewalld_args, port, ARG_STRING, .help = "PORT/PROTOCOL or PORT-PORT/PROTOCOL to accept"),
    ARG(firewalld_args, port_forward, ARG_VALUES, .help = "one mapping of port, proto, toport and perhaps toaddr"),
    ARG(firewalld_args, rich_rule, ARG_STRING, .help = "rule in firewalld's rich language"),
    ARG(firewalld_args, zone, ARG_STRING, .help = "the zone; default: firewalld's default zone"),
    ARG(firewalld_args, immediate, ARG_BOOL, .default_text = "no", .help = "in the running firewall"),
    ARG(firewalld_args, source, ARG_STRING, .help = "address or network that belongs to the zone"),
    ARG(firewalld_args, permanent, ARG_TRI, .help = "in the stored configuration; otherwise immediate is meant"),
    ARG(firewalld_args, state, ARG_STRING, .required = true,
        .choices = ARG_NAMES("absent", "disabled", "enabled", "present"),
        .help = "enabled or disabled; present or absent for zones and targets"),
    ARG(firewalld_args, timeout, ARG_INT, .default_text = "0", .help = "seconds it lasts in the running firewall"),
    ARG(firewalld_args, interface, ARG_STRING, .help = "interface that belongs to the zone"),
    ARG(firewalld_args, masquerade, ARG_STRING, .help = "hide addresses behind this node's"),
    ARG(firewalld_args, offline, ARG_TRI, .help = "no effect: the stored configuration can always be changed"),
    ARG(firewalld_args, target, ARG_STRING, .choices = ARG_NAMES("default", "ACCEPT", "DROP", "%%REJECT%%"),
        .help = "what happens to what no rule of the zone names"),
    ARG_END,
};

static const struct arg_rule firewalld_rules[] = {
    { .kind = ARG_RULE_REQUIRED_BY, .key = "interface", .names = ARG_NAMES("zone") },
    { .kind = ARG_RULE_REQUIRED_BY, .key = "target", .names = ARG_NAMES("zone") },
    { .kind = ARG_RULE_REQUIRED_BY, .key = "source", .names = ARG_NAMES("permanent") },
    { .kind = ARG_RULE_EXCLUSIVE,
      .names = ARG_NAMES("icmp_block", "icmp_block_inversion", "service", "protocol", "port", "port_forward",
                         "rich_rule", "interface", "masquerade", "source", "target") },
    { .kind = ARG_RULE_END },
};

/* One setting as firewall-cmd knows it, and as the bus does. */
struct setting {
    const char *query, *enable, *disable; /* options */
    struct firewall_setting bus;          /* without method: by firewall-cmd alone */
    const char *enabled, *disabled;       /* sentences of Ansible's; NULL: none */
    const char *change;                   /* "Changed service x to": the state follows; NULL: none */
    bool wanted;
};

struct firewall_job {
    struct task_context *task;
    const struct firewalld_args *args;
    struct firewall firewall;
    struct firewall_bus *bus; /* NULL: firewalld does not run, or cannot be reached by the bus */
    bool permanent, immediate;
    struct word_list messages;
};

/* --- settings --- */

/* `method`: NULL where the bus is not enough. */
static struct setting setting_of(struct firewall_job *job, const char *name, const char *method, const char *value)
{
    struct arena *arena = job->task->scratch;
    const char *equals = value != NULL ? "=" : "", *text = value != NULL ? value : "";

    return (struct setting){
        .query = arena_printf(arena, "--query-%s%s%s", name, equals, text),
        .enable = arena_printf(arena, "--add-%s%s%s", name, equals, text),
        .disable = arena_printf(arena, "--remove-%s%s%s", name, equals, text),
        .bus = { .method = method, .parts = { value }, .has_timeout = true },
        .wanted = strcmp(job->args->state, "enabled") == 0 || strcmp(job->args->state, "present") == 0,
    };
}

/* Switches that take a boolean as text; what is none counts as yes, with a warning. */
static bool switch_wanted(struct firewall_job *job, const char *name, const char *value)
{
    bool on = true;

    if (!text_to_bool(value, &on))
        result_warn(job->task, "The value of the %s option is \"%s\", which is no boolean: it counts as true.", name,
                    value);
    return (strcmp(job->args->state, "enabled") == 0) == on;
}

static bool port_setting(struct firewall_job *job, struct setting *out, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *port = text_trim(arena, job->args->port, strlen(job->args->port)), *slash = strchr(port, '/');

    if (slash == NULL || slash[1] == '\0')
        return error_set(err, "improper port format (missing protocol?)");
    *out = setting_of(job, "port", "Port", port);
    out->bus.parts[0] = arena_copy_n(arena, port, (size_t)(slash - port));
    out->bus.parts[1] = slash + 1;
    out->change = arena_printf(arena, "Changed port %s to", port);
    return true;
}

static const char *forward_part(struct firewall_job *job, const char *key)
{
    const struct value *value = value_map_get(value_item(job->args->port_forward, 0), key);

    if (value_is(value, VALUE_INT))
        return arena_printf(job->task->scratch, "%lld", (long long)value->as.integer);
    return value_text(value);
}

static bool forward_setting(struct firewall_job *job, struct setting *out, struct error *err)
{
    const char *port = forward_part(job, "port"), *proto = forward_part(job, "proto");
    const char *toport = forward_part(job, "toport"), *toaddr = forward_part(job, "toaddr");
    struct arena *arena = job->task->scratch;

    if (value_count(job->args->port_forward) > 1)
        return error_set(err, "Only one port forward supported at a time");
    if (port == NULL)
        return error_set(err, "port must be specified for port forward");
    if (proto == NULL)
        return error_set(err, "proto udp/tcp must be specified for port forward");
    if (toport == NULL)
        return error_set(err, "toport must be specified for port forward");
    if (toaddr == NULL)
        toaddr = "";
    const char *text = arena_printf(arena, "port=%s:proto=%s:toport=%s:toaddr=%s", port, proto, toport, toaddr);
    *out = setting_of(job, "forward-port", "ForwardPort", text);
    memcpy(out->bus.parts, (const char *[]){ port, proto, toport, toaddr }, sizeof(out->bus.parts));
    out->change = arena_printf(arena, "Changed port_forward %s to", text);
    return true;
}

static struct setting interface_setting(struct firewall_job *job)
{
    struct arena *arena = job->task->scratch;
    const char *name = job->args->interface, *zone = job->firewall.zone;
    struct setting setting = setting_of(job, "interface", NULL, name);

    setting.enable = arena_printf(arena, "--change-interface=%s", name);
    setting.enabled = arena_printf(arena, "Changed %s to zone %s", name, zone);
    setting.disabled = arena_printf(arena, "Removed %s from zone %s", name, zone);
    return setting;
}

static struct setting source_setting(struct firewall_job *job)
{
    struct arena *arena = job->task->scratch;
    struct setting setting = setting_of(job, "source", "Source", job->args->source);

    setting.bus.has_timeout = false;
    setting.enabled = arena_printf(arena, "Added %s to zone %s", job->args->source, job->firewall.zone);
    setting.disabled = arena_printf(arena, "Removed %s from zone %s", job->args->source, job->firewall.zone);
    return setting;
}

static struct setting masquerade_setting(struct firewall_job *job)
{
    struct arena *arena = job->task->scratch;
    struct setting setting = setting_of(job, "masquerade", "Masquerade", NULL);

    setting.wanted = switch_wanted(job, "masquerade", job->args->masquerade);
    setting.enabled = arena_printf(arena, "Added masquerade to zone %s", job->firewall.zone);
    setting.disabled = arena_printf(arena, "Removed masquerade from zone %s", job->firewall.zone);
    return setting;
}

static struct setting simple_setting(struct firewall_job *job)
{
    const struct firewalld_args *args = job->args;
    const struct {
        const char *name, *method, *shown, *value;
    } kinds[] = {
        { "icmp-block", "IcmpBlock", "icmp-block", args->icmp_block },
        { "service", "Service", "service", args->service },
        { "protocol", "Protocol", "protocol", args->protocol },
        { "rich-rule", "RichRule", "rich_rule", args->rich_rule },
    };
    struct setting setting = { .query = NULL };

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].value == NULL)
            continue;
        setting = setting_of(job, kinds[i].name, kinds[i].method, kinds[i].value);
        setting.change = arena_printf(job->task->scratch, "Changed %s %s to", kinds[i].shown, kinds[i].value);
    }
    return setting;
}

/* *out without a query: nothing in a zone is asked for. */
static bool setting_find(struct firewall_job *job, struct setting *out, struct error *err)
{
    const struct firewalld_args *args = job->args;

    if (args->port != NULL)
        return port_setting(job, out, err);
    if (args->port_forward != NULL)
        return forward_setting(job, out, err);
    if (args->icmp_block_inversion != NULL) {
        *out = setting_of(job, "icmp-block-inversion", "IcmpBlockInversion", NULL);
        out->bus.has_timeout = false;
        out->wanted = switch_wanted(job, "icmp_block_inversion", args->icmp_block_inversion);
        out->change =
            arena_printf(job->task->scratch, "Changed icmp-block-inversion %s to", args->icmp_block_inversion);
    } else if (args->interface != NULL) {
        *out = interface_setting(job);
    } else if (args->source != NULL) {
        *out = source_setting(job);
    } else if (args->masquerade != NULL) {
        *out = masquerade_setting(job);
    } else {
        *out = simple_setting(job);
    }
    return true;
}

/* --- changing --- */

static bool caught(struct firewall_job *job, struct error *err)
{
    struct error cause = *err;

    if (strstr(cause.text, "INVALID_SERVICE") != NULL)
        word_list_add(&job->messages, "Services are defined by port/tcp relationship and named as they are in "
                                      "/etc/services (on most systems)");
    return error_set(err, "ERROR: Exception caught: %s%s%s", cause.text, job->messages.count > 0 ? " " : "",
                     word_list_join(&job->messages, ", "));
}

static bool by_bus(const struct firewall_job *job, const struct setting *setting)
{
    return job->bus != NULL && setting->bus.method != NULL;
}

static bool setting_apply(struct firewall_job *job, const struct setting *setting, bool permanent, struct error *err)
{
    const char *option = setting->wanted ? setting->enable : setting->disable;
    int64_t timeout = setting->wanted ? job->args->timeout : 0;

    if (!change_wanted(job->task, "%s firewall, zone %s: %s", permanent ? "stored" : "running", job->firewall.zone,
                       option))
        return true;
    bool is_done = false;
    if (!by_bus(job, setting))
        is_done = firewall_tell(&job->firewall, permanent, option, timeout, err);
    else if (setting->wanted)
        is_done = firewall_bus_add(job->bus, job->firewall.zone, permanent, &setting->bus, timeout, err);
    else
        is_done = firewall_bus_remove(job->bus, job->firewall.zone, permanent, &setting->bus, err);
    return is_done || caught(job, err);
}

static const char *operation_name(const struct firewall_job *job)
{
    if (job->permanent && job->immediate)
        return "Permanent and Non-Permanent(immediate) operation";
    return job->permanent ? "Permanent operation" : "Non-permanent operation";
}

static void note_change(struct firewall_job *job, const struct setting *setting)
{
    word_list_add(&job->messages, setting->wanted ? setting->enabled : setting->disabled);
    if (setting->change != NULL)
        word_list_add(&job->messages, arena_printf(job->task->scratch, "%s %s", setting->change, job->args->state));
}

/* A service that does not exist is not enabled, and cannot be. */
static bool setting_ask(struct firewall_job *job, const struct setting *setting, bool permanent, bool *out,
                        struct error *err)
{
    if (by_bus(job, setting) ? firewall_bus_has(job->bus, job->firewall.zone, permanent, &setting->bus, out, err)
                             : firewall_ask(&job->firewall, permanent, setting->query, out, NULL, err))
        return true;
    bool is_unknown = strstr(err->text, "INVALID_SERVICE") != NULL;
    if (is_unknown && !setting->wanted) {
        *out = false;
        return true;
    }
    if (is_unknown)
        word_list_add(&job->messages, operation_name(job));
    return caught(job, err);
}

static bool setting_run(struct firewall_job *job, const struct setting *setting, struct error *err)
{
    bool stored = setting->wanted, running = setting->wanted;

    if (job->permanent && !setting_ask(job, setting, true, &stored, err))
        return false;
    if (job->immediate && !setting_ask(job, setting, false, &running, err))
        return false;
    word_list_add(&job->messages, operation_name(job));
    if (stored != setting->wanted && !setting_apply(job, setting, true, err))
        return false;
    if (running != setting->wanted && !setting_apply(job, setting, false, err))
        return false;
    if (job->task->result->changed)
        note_change(job, setting);
    return true;
}

/* --- zones and targets: stored only --- */

static bool stored_only(struct firewall_job *job, struct error *err)
{
    return !job->immediate ||
           error_set(err, "Zone operations must be permanent. Make sure you didn't set the 'permanent' "
                          "flag to 'false' or the 'immediate' flag to 'true'.");
}

static bool target_ask(struct firewall_job *job, const char **out, struct error *err)
{
    return job->bus != NULL ? firewall_bus_target(job->bus, job->firewall.zone, out, err)
                            : firewall_ask(&job->firewall, true, "--get-target", NULL, out, err);
}

static bool target_set(struct firewall_job *job, const char *target, struct error *err)
{
    const char *option = arena_printf(job->task->scratch, "--set-target=%s", target);

    return job->bus != NULL ? firewall_bus_set_target(job->bus, job->firewall.zone, target, err)
                            : firewall_tell(&job->firewall, true, option, 0, err);
}

static bool target_run(struct firewall_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *zone = job->firewall.zone, *target = job->args->target, *current = NULL;
    bool wanted = strcmp(job->args->state, "present") == 0 || strcmp(job->args->state, "enabled") == 0;

    if (!stored_only(job, err))
        return false;
    if (!target_ask(job, &current, err))
        return caught(job, err);
    word_list_add(&job->messages, "Permanent operation");
    if ((strcmp(current, target) == 0) == wanted)
        return true;
    const char *next = wanted ? target : "default";
    if (!change_wanted(job->task, "set the target of zone %s to %s", zone, next))
        return true;
    if (!target_set(job, next, err))
        return caught(job, err);
    word_list_add(&job->messages, wanted ? arena_printf(arena, "Set zone %s target to %s", zone, target)
                                         : arena_printf(arena, "Reset zone %s target to default", zone));
    return true;
}

static bool zone_ask(struct firewall_job *job, bool *out, struct error *err)
{
    const char *zones = NULL;

    if (job->bus != NULL)
        return firewall_bus_has_zone(job->bus, job->firewall.zone, out, err);
    if (!firewall_tell_stored(&job->firewall, "--get-zones", &zones, err))
        return false;
    const struct word_list names = word_list_split(job->task->scratch, zones, strlen(zones));
    *out = word_list_has(&names, job->firewall.zone);
    return true;
}

static bool zone_set(struct firewall_job *job, bool wanted, struct error *err)
{
    const char *zone = job->firewall.zone;
    const char *option = arena_printf(job->task->scratch, "--%s-zone=%s", wanted ? "new" : "delete", zone);

    if (job->bus == NULL)
        return firewall_tell_stored(&job->firewall, option, NULL, err);
    return wanted ? firewall_bus_add_zone(job->bus, zone, err) : firewall_bus_remove_zone(job->bus, zone, err);
}

static bool zone_run(struct firewall_job *job, struct error *err)
{
    struct arena *arena = job->task->scratch;
    const char *zone = job->firewall.zone;
    bool wanted = strcmp(job->args->state, "present") == 0, is_there = false;

    if (!stored_only(job, err))
        return false;
    if (!zone_ask(job, &is_there, err))
        return caught(job, err);
    word_list_add(&job->messages, "Permanent operation");
    if (is_there == wanted)
        return true;
    if (!change_wanted(job->task, "%s zone %s", wanted ? "add" : "remove", zone))
        return true;
    if (!zone_set(job, wanted, err))
        return caught(job, err);
    word_list_add(&job->messages, arena_printf(arena, "%s zone %s", wanted ? "Added" : "Removed", zone));
    word_list_add(&job->messages, arena_printf(arena, "Changed zone %s to %s", zone, job->args->state));
    return true;
}

static bool job_run(struct firewall_job *job, struct error *err)
{
    struct setting setting = { .query = NULL };
    bool is_zone_state = strcmp(job->args->state, "present") == 0 || strcmp(job->args->state, "absent") == 0;

    if (job->args->target != NULL)
        return target_run(job, err);
    if (!setting_find(job, &setting, err))
        return false;
    if (setting.query == NULL && is_zone_state)
        return zone_run(job, err);
    if (setting.query == NULL)
        return error_set(err, "there is nothing to be %s: no service, port or other setting is given",
                         job->args->state);
    if (is_zone_state)
        return error_set(err, "absent and present state can only be used in zone level operations");
    return setting_run(job, &setting, err);
}

static bool job_open(struct firewall_job *job, struct error *err)
{
    const struct system *system = job->task->system;
    struct arena *arena = job->task->scratch;
    const char *zone = job->args->zone;

    job->bus = firewall_bus_open(system, arena);
    if (job->bus == NULL)
        return firewall_open(system, arena, zone, &job->firewall, err);
    job->firewall = (struct firewall){ .system = system, .arena = arena, .zone = zone };
    return zone != NULL || firewall_bus_default_zone(job->bus, &job->firewall.zone, err);
}

static bool job_do(struct firewall_job *job, struct error *err)
{
    struct task_context *task = job->task;

    if (job->args->timeout < 0)
        return error_set(err, "timeout is %lld, expected seconds, or 0 for good", (long long)job->args->timeout);
    if (!job_open(job, err))
        return false;
    if (job->immediate && job->firewall.is_offline)
        return error_set(err,
                         "firewall is not currently running, unable to perform immediate actions without a running "
                         "firewall daemon");
    if (!job_run(job, err))
        return false;
    if (job->firewall.is_offline)
        word_list_add(&job->messages, "(offline operation: only on-disk configs were altered)");
    if (!task->check_mode || !task->result->changed)
        result_message(task, "%s", word_list_join(&job->messages, ", "));
    return true;
}

static bool firewalld_run(struct task_context *task, const void *raw, struct error *err)
{
    const struct firewalld_args *args = raw;
    struct firewall_job job = { .task = task, .args = args, .messages = word_list_new(task->scratch) };

    job.permanent = args->permanent == ARG_TRUE;
    job.immediate = args->immediate || !job.permanent;
    bool is_done = job_do(&job, err);
    firewall_bus_close(job.bus);
    return is_done;
}

MODULE_DEFINE(firewalld) = {
    .spec = {
        .name = "firewalld",
        .summary = "Settings of firewalld's zones",
        .args = firewalld_args,
        .rules = firewalld_rules,
        .args_size = sizeof(struct firewalld_args),
    },
    .run = firewalld_run,
};
