/* SPDX-License-Identifier: Apache-2.0 */
/* The hosts of a play: its pattern, the order, and the batches that `serial` makes of them. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/base/text.h"
#include "common/value/value_python.h"
#include "engine/run/job_parts.h"
#include "engine/run/play_run.h"

bool play_keyword_undefined(enum keyword keyword, struct error *err)
{
    if (err->kind != ERROR_UNDEFINED)
        return false;
    (void)keyword_undefined(keyword, err);
    err->kind = ERROR_PARSE;
    return false;
}

static bool pattern_entry_check(struct arena *arena, const struct play *play, const struct value *entry,
                                struct error *err)
{
    const char *text = value_text(entry);

    if (text == NULL)
        return error_set_at(err, &play->at, "the field 'hosts' should be a list of strings, but the item '%s' is a %s",
                            value_to_text(arena, entry), value_kind_text(entry));
    if (*text_trim(arena, text, strlen(text)) == '\0')
        return error_set_at(err, &play->at, "the field 'hosts' is required, and cannot have empty values");
    return true;
}

/* What templates left: a play must not run on all hosts because nothing is left. A list without entries is no hosts, and so
 * is nothing at all, as far as no host has the name that it is told by. */
static bool pattern_check(struct arena *arena, const struct play *play, const struct value **pattern, struct error *err)
{
    if (value_is(*pattern, VALUE_NULL))
        *pattern = value_string(arena, "None");
    if (!value_is(*pattern, VALUE_LIST))
        return pattern_entry_check(arena, play, *pattern, err);
    for (size_t i = 0; i < value_count(*pattern); i++)
        if (!pattern_entry_check(arena, play, value_item(*pattern, i), err))
            return false;
    return true;
}

bool play_pattern(struct arena *arena, const struct play *play, struct template_call *call, const struct value **out,
                  struct error *err)
{
    const struct value *written = play->keywords[KEYWORD_HOSTS];

    if (written == NULL)
        return error_set_at(err, &play->at, "the field 'hosts' is required but was not set");
    if (!template_value(call, written, out, err)) {
        error_locate(err, &play->at);
        return play_keyword_undefined(KEYWORD_HOSTS, err);
    }
    return pattern_check(arena, play, out, err);
}

/* As written: the name, else the hosts. */
static const struct value *title_written(struct arena *arena, const struct play *play)
{
    const struct value *hosts = play->keywords[KEYWORD_HOSTS];
    struct text text;
    struct value *joined;

    if (play->name != NULL && play->name[0] != '\0')
        return play->keywords[KEYWORD_NAME];
    if (!value_is(hosts, VALUE_LIST))
        return hosts;
    text = text_new(arena);
    for (size_t i = 0; i < value_count(hosts); i++)
        text_printf(&text, "%s%s", i == 0 ? "" : ",", value_to_text(arena, value_item(hosts, i)));
    joined = value_string(arena, text.data);
    joined->marks |= VALUE_TRUSTED;
    return joined;
}

const char *play_title(struct arena *arena, const struct play *play, struct template_call *call)
{
    const struct value *written = title_written(arena, play), *title = NULL;
    struct error err = ERROR_INIT;

    if (!template_value(call, written, &title, &err))
        title = written;
    return value_is(title, VALUE_NULL) ? "" : value_to_text(arena, title);
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct inventory_host *const *)a)->name, (*(struct inventory_host *const *)b)->name);
}

static void reverse(struct inventory_host **hosts, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct inventory_host *host = hosts[i];

        hosts[i] = hosts[count - 1 - i];
        hosts[count - 1 - i] = host;
    }
}

static void shuffle(struct inventory_host **hosts, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        uint32_t random = 0;
        size_t other;
        struct inventory_host *host = hosts[i - 1];

        if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
            return;
        other = random % i;
        hosts[i - 1] = hosts[other];
        hosts[other] = host;
    }
}

/* *out: NULL when nothing is said. */
static bool order_of(struct arena *arena, const struct play *play, struct template_call *call, const char **out,
                     struct error *err)
{
    const struct value *order = play->keywords[KEYWORD_ORDER];

    *out = NULL;
    if (order == NULL)
        return true;
    if (!template_value(call, order, &order, err)) {
        error_locate(err, &play->at);
        return play_keyword_undefined(KEYWORD_ORDER, err);
    }
    if (!value_is(order, VALUE_NULL))
        *out = value_to_text(arena, order);
    return true;
}

static bool put_in_order(const struct play *play, const char *order, struct inventory_host **hosts, size_t count,
                         struct error *err)
{
    if (order == NULL || strcmp(order, "inventory") == 0)
        return true;
    if (strcmp(order, "sorted") == 0 || strcmp(order, "reverse_sorted") == 0)
        qsort(hosts, count, sizeof(*hosts), by_name);
    else if (strcmp(order, "shuffle") == 0)
        shuffle(hosts, count);
    else if (strcmp(order, "reverse_inventory") != 0)
        return error_set_at(err, &play->at, "Invalid 'order' specified for inventory hosts: %s", order);
    if (text_starts(order, "reverse_"))
        reverse(hosts, count);
    return true;
}

/* 3, "3" or "30%": hosts of one batch. 0 or less: all. */
static bool batch_size(struct arena *arena, const struct value *written, size_t all, int64_t *out, struct error *err)
{
    char *text = value_to_text(arena, written);
    size_t length = strlen(text);
    bool is_percent = length > 0 && text[length - 1] == '%';
    double percent = 0;

    if (!is_percent)
        return text_to_int(text, out) || error_set(err, "serial: '%s' is neither a number nor a percentage", text);
    text[length - 1] = '\0';
    if (!text_to_real(text, &percent))
        return error_set(err, "serial: '%s%%' is not a percentage", text);
    *out = (int64_t)(percent / 100.0 * (double)all);
    if (*out == 0)
        *out = 1;
    return true;
}

/* What a batch's size is worked out from. */
struct cutting {
    struct arena *arena;
    const struct play *play;
    struct template_call *call;
    const struct run_options *options;
    const struct value *entries; /* the list of sizes as written; NULL: all at once */
};

static bool serial_entries(const struct cutting *cutting, const struct value **out, struct error *err)
{
    struct arena *arena = cutting->arena;
    const char *given = cutting->options->serial;
    const struct value *written = given != NULL ? value_string(arena, given) : cutting->play->keywords[KEYWORD_SERIAL];
    const struct value *value = NULL;
    struct value *list;

    *out = NULL;
    if (written == NULL || value_is(written, VALUE_NULL))
        return true;
    if (!template_value(cutting->call, written, &value, err)) {
        error_locate(err, &cutting->play->at);
        return play_keyword_undefined(KEYWORD_SERIAL, err);
    }
    if (value_is(value, VALUE_LIST)) {
        *out = value_count(value) > 0 ? value : NULL;
        return true;
    }
    list = value_list(arena);
    value_list_add(arena, list, value);
    *out = list;
    return true;
}

/* --canary HOST: it becomes the first. True: this play has it. */
static bool canary_first(struct host_batches *batches, const char *name)
{
    for (size_t i = 0; i < batches->count; i++) {
        struct inventory_host *host = batches->hosts[i];

        if (strcmp(host->name, name) != 0)
            continue;
        memmove(batches->hosts + 1, batches->hosts, i * sizeof(struct inventory_host *));
        batches->hosts[0] = host;
        return true;
    }
    return false;
}

/* How many hosts go before all others; 0: the play has no canary. */
static size_t canary_size(const struct cutting *cutting, struct host_batches *batches)
{
    const char *canary = cutting->options->canary;
    int64_t number = 0;

    if (canary == NULL || batches->count == 0)
        return 0;
    if (!text_to_int(canary, &number))
        return canary_first(batches, canary) ? 1 : 0;
    return number < 1 ? 0 : (size_t)number < batches->count ? (size_t)number : batches->count;
}

static bool cut(struct cutting *cutting, struct host_batches *batches, struct error *err)
{
    size_t left = batches->count, entry = 0;

    batches->sizes = arena_new_array(cutting->arena, size_t, batches->count + 1);
    if (!serial_entries(cutting, &cutting->entries, err))
        return false;
    batches->canary = canary_size(cutting, batches);
    if (batches->canary > 0) {
        batches->sizes[batches->size_count++] = batches->canary;
        left -= batches->canary;
    }
    while (left > 0) {
        int64_t size = 0;

        if (cutting->entries != NULL &&
            !batch_size(cutting->arena, value_item(cutting->entries, entry), batches->count, &size, err))
            return error_locate(err, &cutting->play->at);
        if (size <= 0 || (size_t)size > left)
            size = (int64_t)left;
        batches->sizes[batches->size_count++] = (size_t)size;
        left -= (size_t)size;
        if (entry + 1 < value_count(cutting->entries))
            entry++;
    }
    return true;
}

bool play_hosts(struct run *run, struct arena *arena, const struct play *play, struct template_call *call,
                struct host_batches *out, struct error *err)
{
    struct inventory_selection selection = { .limit = run->options->limit, .warnings = run->warnings };
    struct cutting cutting = { .arena = arena, .play = play, .call = call, .options = run->options };
    struct inventory_host_list hosts = { 0 };
    const char *order = NULL;

    *out = (struct host_batches){ 0 };
    if (!play_pattern(arena, play, call, &selection.pattern, err) || !order_of(arena, play, call, &order, err))
        return false;
    if (value_is(selection.pattern, VALUE_LIST) && value_count(selection.pattern) == 0)
        return true; /* to inventory_match no pattern is every host */
    if (!inventory_match(run->options->inventory, arena, &selection, &hosts, err))
        return error_locate(err, &play->at);
    out->count = hosts.count;
    out->all = hosts.items;
    out->hosts = arena_new_array(arena, struct inventory_host *, hosts.count + 1);
    memcpy(out->hosts, hosts.items, hosts.count * sizeof(*out->hosts));
    return put_in_order(play, order, out->hosts, out->count, err) && cut(&cutting, out, err);
}
