/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All properties of a unit as texts, in the words of `systemctl show`: the `status` that playbooks look at.
 * Types that systemctl itself cannot print are left out, and so are empty values.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "agent/system/unit/unit_bus.h"
#include "common/base/text.h"

struct show {
    struct arena *arena;
    sd_bus_message *message;
    struct value *map;
    const char *name; /* property at hand */
};

/* Each reads one property of its type. False: the message is broken. */
typedef bool show_reader(struct show *show);

static void show_put(struct show *show, const char *text)
{
    if (text != NULL && text[0] != '\0')
        value_map_put_string(show->arena, show->map, show->name, text);
}

static bool read_failed(int status)
{
    return status < 0;
}

static bool show_string(struct show *show)
{
    const char *text = NULL;

    if (read_failed(sd_bus_message_read(show->message, "s", &text)))
        return false;
    show_put(show, strchr(text, '\n') == NULL ? text : "[unprintable]");
    return true;
}

static bool show_bool(struct show *show)
{
    int boolean = 0;

    if (read_failed(sd_bus_message_read(show->message, "b", &boolean)))
        return false;
    show_put(show, boolean ? "yes" : "no");
    return true;
}

static bool show_uint64(struct show *show)
{
    uint64_t number = 0;

    if (read_failed(sd_bus_message_read(show->message, "t", &number)))
        return false;
    show_put(show, unit_text_uint64(show->arena, show->name, number));
    return true;
}

static bool show_int64(struct show *show)
{
    int64_t number = 0;

    if (read_failed(sd_bus_message_read(show->message, "x", &number)))
        return false;
    show_put(show, arena_printf(show->arena, "%" PRId64, number));
    return true;
}

static bool show_uint32(struct show *show)
{
    uint32_t number = 0;

    if (read_failed(sd_bus_message_read(show->message, "u", &number)))
        return false;
    show_put(show, unit_text_uint32(show->arena, show->name, number));
    return true;
}

static bool show_int32(struct show *show)
{
    int32_t number = 0;

    if (read_failed(sd_bus_message_read(show->message, "i", &number)))
        return false;
    if (strcmp(show->name, "NUMAPolicy") == 0 && number < 0)
        show_put(show, "n/a");
    else if (!text_ends(show->name, "ActionExitStatus") || number >= 0)
        show_put(show, arena_printf(show->arena, "%" PRId32, number));
    return true;
}

/* A word of a list, in double quotes where a shell would need them. */
static void add_word(struct text *out, const char *word)
{
    bool plain = true;

    for (const char *at = word; *at != '\0'; at++)
        plain =
            plain && (unsigned char)*at > ' ' && (unsigned char)*at < 0x7f && strchr("\"\\`$*?['()<>|&;!", *at) == NULL;
    if (out->length > 0)
        text_add_char(out, ' ');
    if (plain) {
        text_add(out, word);
        return;
    }
    text_add_char(out, '"');
    for (const char *at = word; *at != '\0'; at++) {
        if (strchr("\"\\`$", *at) != NULL)
            text_add_char(out, '\\');
        text_add_char(out, *at);
    }
    text_add_char(out, '"');
}

static bool read_words(struct show *show, struct text *out, bool quoted)
{
    const char *word = NULL;
    int status = sd_bus_message_enter_container(show->message, 'a', "s");

    while (status >= 0 && (status = sd_bus_message_read(show->message, "s", &word)) > 0) {
        if (quoted)
            add_word(out, word);
        else
            text_printf(out, "%s%s", out->length > 0 ? " " : "", word);
    }
    return status >= 0 && sd_bus_message_exit_container(show->message) >= 0;
}

static bool show_strings(struct show *show)
{
    struct text out = text_new(show->arena);

    if (!read_words(show, &out, true))
        return false;
    show_put(show, out.data);
    return true;
}

/* (bas): an allow list, or a deny list with a tilde before it. */
static bool show_filter(struct show *show)
{
    struct text out = text_new(show->arena);
    int is_allow_list = 0;

    if (sd_bus_message_enter_container(show->message, 'r', "bas") < 0 ||
        sd_bus_message_read(show->message, "b", &is_allow_list) < 0 || !read_words(show, &out, false) ||
        sd_bus_message_exit_container(show->message) < 0)
        return false;
    if (out.length > 0)
        show_put(show, is_allow_list ? out.data : arena_printf(show->arena, "~%s", out.data));
    return true;
}

/* (ss): only LoadError is of interest. */
static bool show_load_error(struct show *show)
{
    const char *id = NULL, *message = NULL;

    if (sd_bus_message_read(show->message, "(ss)", &id, &message) < 0)
        return false;
    if (id[0] != '\0')
        show_put(show, message[0] != '\0' ? arena_printf(show->arena, "%s \"%s\"", id, message) : id);
    return true;
}

static bool show_job(struct show *show)
{
    uint32_t job = 0;
    const char *path = NULL;

    if (sd_bus_message_read(show->message, "(uo)", &job, &path) < 0)
        return false;
    if (job > 0)
        show_put(show, arena_printf(show->arena, "%" PRIu32, job));
    return true;
}

/* a(ss): systemctl prints a line for each pair; of lines with the same name the last one is what Ansible keeps. */
static bool show_pairs(struct show *show)
{
    bool plain = strcmp(show->name, "DeviceAllow") == 0;
    bool known = plain || strcmp(show->name, "Listen") == 0 || strcmp(show->name, "Paths") == 0;
    const char *first = NULL, *second = NULL, *left, *right;
    int status = sd_bus_message_enter_container(show->message, 'a', "(ss)");

    while (status >= 0 && (status = sd_bus_message_read(show->message, "(ss)", &first, &second)) > 0) {
        left = strcmp(show->name, "Paths") == 0 ? second : first;
        right = strcmp(show->name, "Paths") == 0 ? first : second;
        if (strcmp(show->name, "Listen") == 0) {
            left = second;
            right = first;
        }
        if (known)
            show_put(show, arena_printf(show->arena, plain ? "%s %s" : "%s (%s)", left, right));
    }
    return status >= 0 && sd_bus_message_exit_container(show->message) >= 0;
}

static bool show_environment_files(struct show *show)
{
    const char *path = NULL;
    int ignore = 0;
    int status = sd_bus_message_enter_container(show->message, 'a', "(sb)");

    while (status >= 0 && (status = sd_bus_message_read(show->message, "(sb)", &path, &ignore)) > 0)
        show_put(show, arena_printf(show->arena, "%s (ignore_errors=%s)", path, ignore ? "yes" : "no"));
    return status >= 0 && sd_bus_message_exit_container(show->message) >= 0;
}

static bool show_timers_monotonic(struct show *show)
{
    const char *base = NULL;
    uint64_t span = 0, next = 0;
    int status = sd_bus_message_enter_container(show->message, 'a', "(stt)");

    while (status >= 0 && (status = sd_bus_message_read(show->message, "(stt)", &base, &span, &next)) > 0)
        show_put(show, arena_printf(show->arena, "{ %s=%s ; next_elapse=%s }", base,
                                    unit_text_timespan(show->arena, span), unit_text_timespan(show->arena, next)));
    return status >= 0 && sd_bus_message_exit_container(show->message) >= 0;
}

static bool show_timers_calendar(struct show *show)
{
    const char *base = NULL, *expression = NULL;
    uint64_t next = 0;
    int status = sd_bus_message_enter_container(show->message, 'a', "(sst)");

    while (status >= 0 && (status = sd_bus_message_read(show->message, "(sst)", &base, &expression, &next)) > 0) {
        const char *when = unit_text_timestamp(show->arena, next);

        if (strcmp(show->name, "TimersCalendar") == 0)
            show_put(show,
                     arena_printf(show->arena, "{ %s=%s ; next_elapse=%s }", base, expression, when ? when : "(null)"));
    }
    return status >= 0 && sd_bus_message_exit_container(show->message) >= 0;
}

/* (aiai): exit codes, then signals. */
static bool show_exit_status(struct show *show)
{
    struct text out = text_new(show->arena);
    int status = sd_bus_message_enter_container(show->message, 'r', "aiai");

    for (int part = 0; status >= 0 && part < 2; part++) {
        const void *data = NULL;
        size_t size = 0;

        status = sd_bus_message_read_array(show->message, 'i', &data, &size);
        for (size_t i = 0; status >= 0 && i < size / sizeof(int32_t); i++) {
            int32_t number = ((const int32_t *)data)[i];
            const char *name = part == 1 ? sigabbrev_np(number) : NULL;

            text_add(&out, out.length > 0 ? " " : "");
            text_add(&out, name != NULL ? name : arena_printf(show->arena, "%" PRId32, number));
        }
    }
    show_put(show, out.data);
    return status >= 0 && sd_bus_message_exit_container(show->message) >= 0;
}

/* a(iayu): networks. */
static bool show_networks(struct show *show)
{
    struct text out = text_new(show->arena);
    int status = sd_bus_message_enter_container(show->message, 'a', "(iayu)");

    while (status >= 0 && (status = sd_bus_message_enter_container(show->message, 'r', "iayu")) > 0) {
        int32_t family = 0;
        uint32_t prefix = 0;
        const void *address = NULL;
        size_t size = 0;
        char printed[INET6_ADDRSTRLEN] = "";

        if (sd_bus_message_read(show->message, "i", &family) < 0 ||
            sd_bus_message_read_array(show->message, 'y', &address, &size) < 0 ||
            sd_bus_message_read(show->message, "u", &prefix) < 0)
            return false;
        if (size == (family == AF_INET ? 4 : 16) && inet_ntop(family, address, printed, sizeof(printed)) != NULL)
            text_printf(&out, "%s%s/%" PRIu32, out.length > 0 ? " " : "", printed, prefix);
        status = sd_bus_message_exit_container(show->message);
    }
    show_put(show, out.data);
    return status >= 0 && sd_bus_message_exit_container(show->message) >= 0;
}

static const char *exit_code_text(int code)
{
    static const char *const names[] = { "(null)", "exited", "killed", "dumped", "trapped", "stopped", "continued" };

    return code >= 0 && code < 7 ? names[code] : "(null)";
}

/* The part of an Exec* entry behind the arguments: what became of its last run. */
static bool read_run(struct show *show, struct text *out)
{
    uint64_t start = 0, start_monotonic = 0, stop = 0, stop_monotonic = 0;
    uint32_t pid = 0;
    int32_t code = 0, status = 0;

    if (sd_bus_message_read(show->message, "ttttuii", &start, &start_monotonic, &stop, &stop_monotonic, &pid, &code,
                            &status) < 0)
        return false;
    const char *started = unit_text_timestamp(show->arena, start), *stopped = unit_text_timestamp(show->arena, stop);
    text_printf(out, " ; start_time=[%s] ; stop_time=[%s] ; pid=%" PRIu32 " ; code=%s ; status=%" PRId32,
                started ? started : "n/a", stopped ? stopped : "n/a", pid, exit_code_text(code), status);
    const char *signal_name = status > 0 ? sigabbrev_np(status) : NULL;
    if (code != CLD_EXITED)
        text_printf(out, "/%s", signal_name != NULL ? signal_name : "0");
    text_add(out, " }");
    return true;
}

static bool read_exec(struct show *show, bool is_extended)
{
    struct text out = text_new(show->arena), words = text_new(show->arena), flags = text_new(show->arena);
    const char *path = NULL;
    int ignore = 0;

    if (sd_bus_message_read(show->message, "s", &path) < 0 || !read_words(show, &words, false))
        return false;
    text_printf(&out, "{ path=%s ; argv[]=%s ; ", path, words.data);
    if (is_extended) {
        if (!read_words(show, &flags, false))
            return false;
        text_printf(&out, "flags=%s", flags.data);
    } else {
        if (sd_bus_message_read(show->message, "b", &ignore) < 0)
            return false;
        text_printf(&out, "ignore_errors=%s", ignore ? "yes" : "no");
    }
    if (!read_run(show, &out))
        return false;
    show_put(show, out.data);
    return true;
}

static bool show_exec(struct show *show)
{
    bool is_extended = text_ends(show->name, "Ex");
    const char *contents = is_extended ? "sasasttttuii" : "sasbttttuii";
    int status = sd_bus_message_enter_container(show->message, 'a', is_extended ? "(sasasttttuii)" : "(sasbttttuii)");

    while (status >= 0 && (status = sd_bus_message_enter_container(show->message, 'r', contents)) > 0) {
        if (!read_exec(show, is_extended))
            return false;
        status = sd_bus_message_exit_container(show->message);
    }
    return status >= 0 && sd_bus_message_exit_container(show->message) >= 0;
}

static show_reader *reader_of(const char *type)
{
    static const struct {
        const char *type;
        show_reader *reader;
    } readers[] = {
        { "s", show_string },
        { "b", show_bool },
        { "t", show_uint64 },
        { "x", show_int64 },
        { "u", show_uint32 },
        { "i", show_int32 },
        { "as", show_strings },
        { "(bas)", show_filter },
        { "(ss)", show_load_error },
        { "(uo)", show_job },
        { "a(ss)", show_pairs },
        { "a(sb)", show_environment_files },
        { "a(stt)", show_timers_monotonic },
        { "a(sst)", show_timers_calendar },
        { "(aiai)", show_exit_status },
        { "a(iayu)", show_networks },
        { "a(sasbttttuii)", show_exec },
        { "a(sasasttttuii)", show_exec },
    };

    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        if (strcmp(readers[i].type, type) == 0)
            return readers[i].reader;
    }
    return NULL;
}

static bool show_property(struct show *show)
{
    const char *type = NULL;
    sd_bus_message *message = show->message;

    if (sd_bus_message_read(message, "s", &show->name) < 0 || sd_bus_message_peek_type(message, NULL, &type) < 0)
        return false;
    show->name = arena_copy(show->arena, show->name);
    show_reader *reader = reader_of(type);
    if (reader == NULL)
        return sd_bus_message_skip(message, "v") >= 0;
    return sd_bus_message_enter_container(message, 'v', type) >= 0 && reader(show) &&
           sd_bus_message_exit_container(message) >= 0;
}

static bool show_all(struct show *show)
{
    int status = sd_bus_message_enter_container(show->message, 'a', "{sv}");

    while (status >= 0 && (status = sd_bus_message_enter_container(show->message, 'e', "sv")) > 0) {
        if (!show_property(show))
            return false;
        status = sd_bus_message_exit_container(show->message);
    }
    return status >= 0;
}

bool unit_show(struct unit_manager *manager, const char *unit, struct value **out, struct error *err)
{
    BUS_ERROR_SCOPED bus_error = SD_BUS_ERROR_NULL;
    BUS_MESSAGE_SCOPED reply = NULL;
    char *path = NULL;
    int status = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);

    if (status < 0)
        return bus_error_to(err, &bus_error, status, "naming the unit");
    const char *copy = arena_copy(manager->arena, path);
    free(path);
    status = sd_bus_call_method(manager->bus, UNIT_SERVICE, copy, "org.freedesktop.DBus.Properties", "GetAll",
                                &bus_error, &reply, "s", "");
    if (status < 0)
        return bus_error_to(err, &bus_error, status, NULL);
    struct show show = { .arena = manager->arena, .message = reply, .map = value_map(manager->arena) };
    if (!show_all(&show))
        return error_set(err, "systemd's answer about '%s' cannot be read", unit);
    *out = show.map;
    return true;
}
