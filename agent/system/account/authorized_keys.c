/* SPDX-License-Identifier: Apache-2.0 */
/* Parses and writes authorized_keys lines (sshd(8), AUTHORIZED_KEYS FILE FORMAT). Pure text. */
#include "agent/system/account/authorized_keys.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

static const char *const key_types[] = {
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "ssh-ed25519",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-dss",
    "ssh-rsa",
    "ssh-xmss@openssh.com",
    "ssh-xmss-cert-v01@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-512",
    "ssh-rsa-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "ssh-dss-cert-v01@openssh.com",
    NULL,
};

static char **words_of(struct arena *arena, const char *line, size_t *count_out)
{
    static const char blanks[] = " \t\r\n";
    char **words = arena_new_array(arena, char *, strlen(line) / 2 + 2);
    size_t count = 0;

    for (const char *at = line + strspn(line, blanks); *at != '\0'; at += strspn(at, blanks)) {
        size_t length = strcspn(at, blanks);

        words[count++] = arena_copy_n(arena, at, length);
        at += length;
    }
    *count_out = count;
    return words;
}

static const char *joined(struct arena *arena, char **words, size_t count)
{
    struct text text = text_new(arena);

    for (size_t i = 0; i < count; i++)
        text_printf(&text, "%s%s", i > 0 ? " " : "", words[i]);
    return text.data != NULL ? text.data : "";
}

/* Length of one option: up to a comma that is not inside quotes. */
static size_t option_length(const char *at)
{
    const char *start = at;

    while (*at != '\0' && *at != ',') {
        const char *close = *at == '"' || *at == '\'' ? strchr(at + 1, *at) : NULL;

        at = close != NULL ? close + 1 : at + 1;
    }
    return (size_t)(at - start);
}

static void option_add(struct arena *arena, struct value *options, struct value *order, const char *option)
{
    const char *equals = strchr(option, '=');
    const char *name = equals != NULL ? arena_copy_n(arena, option, (size_t)(equals - option)) : option;
    struct value *values = value_list(arena);
    const struct value *before = value_map_get(options, name);

    for (size_t i = 0; i < value_count(before); i++)
        value_list_add(arena, values, value_item(before, i));
    value_list_add(arena, values, equals != NULL ? value_string(arena, equals + 1) : value_null());
    value_map_put(arena, options, name, values);
    value_list_add(arena, order, value_string(arena, name));
}

void authorized_key_set_options(struct arena *arena, struct authorized_key *key, const char *options)
{
    struct value *map = value_map(arena), *order = value_list(arena);

    for (const char *at = options; *at != '\0';) {
        size_t length = option_length(at);

        if (length > 0)
            option_add(arena, map, order, arena_copy_n(arena, at, length));
        at += length;
        at += *at == ',';
    }
    key->options = map;
    key->order = order;
}

/* "\#" stands for "#" in the text, as a YAML user may have escaped it. */
static const char *unescaped(struct arena *arena, const char *line)
{
    struct text text = text_new(arena);

    for (const char *at = line; *at != '\0'; at++) {
        if (at[0] != '\\' || at[1] != '#')
            text_add_char(&text, *at);
    }
    return text.data != NULL ? text.data : "";
}

bool authorized_key_parse(struct arena *arena, const char *line, struct authorized_key *out)
{
    const char *plain = unescaped(arena, line);
    size_t count = 0, type = 0;
    char **words = words_of(arena, plain, &count);

    if (count > 0 && strcmp(words[0], "#") == 0)
        return false;
    while (type < count && !text_in(words[type], key_types))
        type++;
    if (type + 1 >= count)
        return false;
    *out = (struct authorized_key){ .id = words[type + 1], .type = words[type] };
    out->comment = joined(arena, words + type + 2, count - type - 2);
    authorized_key_set_options(arena, out, joined(arena, words, type));
    return true;
}

bool authorized_key_equal(const struct authorized_key *a, const struct authorized_key *b)
{
    return text_equal(a->id, b->id) && text_equal(a->type, b->type) && text_equal(a->comment, b->comment) &&
           value_equal(a->options, b->options);
}

struct authorized_key *authorized_keys_find(struct authorized_keys *keys, const char *id)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (!keys->items[i].is_removed && strcmp(keys->items[i].id, id) == 0)
            return &keys->items[i];
    }
    return NULL;
}

void authorized_keys_put(struct authorized_keys *keys, const struct authorized_key *key)
{
    struct authorized_key *old = authorized_keys_find(keys, key->id);
    size_t size = keys->count * sizeof(*key);

    if (old != NULL) {
        *old = *key;
        return;
    }
    keys->items = arena_grow(keys->arena, keys->items, size, size + sizeof(*key));
    keys->items[keys->count++] = *key;
}

void authorized_keys_parse(struct arena *arena, const char *text, size_t length, struct authorized_keys *out)
{
    const char *cursor = text, *end = text + length, *raw;
    size_t rank = 0;

    *out = (struct authorized_keys){ .arena = arena };
    while (text_line(&cursor, end, &raw, &length)) {
        const char *line = arena_copy_n(arena, raw, length);
        struct authorized_key key;

        if (!authorized_key_parse(arena, line, &key))
            key = (struct authorized_key){ .id = line };
        key.rank = rank++;
        authorized_keys_put(out, &key);
    }
}

size_t authorized_keys_count(const struct authorized_keys *keys)
{
    size_t count = 0;

    for (size_t i = 0; i < keys->count; i++)
        count += !keys->items[i].is_removed;
    return count;
}

static void key_write(struct text *out, struct arena *arena, const struct authorized_key *key)
{
    struct value *used = value_map(arena);

    for (size_t i = 0; i < value_count(key->order); i++) {
        const char *name = value_text(value_item(key->order, i));
        const struct value *seen = value_map_get(used, name);
        int64_t index = seen != NULL ? seen->as.integer : 0;
        const char *value = value_text(value_item(value_map_get(key->options, name), (size_t)index));

        value_map_put_int(arena, used, name, index + 1);
        text_printf(out, "%s%s", i > 0 ? "," : "", name);
        if (value != NULL)
            text_printf(out, "=%s", value);
    }
    text_printf(out, "%s%s %s %s\n", value_count(key->order) > 0 ? " " : "", key->type, key->id, key->comment);
}

static int rank_order(const void *a, const void *b)
{
    const struct authorized_key *left = *(const struct authorized_key *const *)a;
    const struct authorized_key *right = *(const struct authorized_key *const *)b;

    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return left < right ? -1 : left > right;
}

char *authorized_keys_text(const struct authorized_keys *keys)
{
    const struct authorized_key **sorted = arena_new_array(keys->arena, const struct authorized_key *, keys->count + 1);
    struct text out = text_new(keys->arena);

    for (size_t i = 0; i < keys->count; i++)
        sorted[i] = &keys->items[i];
    qsort(sorted, keys->count, sizeof(const struct authorized_key *), rank_order);
    for (size_t i = 0; i < keys->count; i++) {
        if (sorted[i]->is_removed)
            continue;
        if (sorted[i]->type == NULL)
            text_printf(&out, "%s\n", sorted[i]->id);
        else
            key_write(&out, keys->arena, sorted[i]);
    }
    return out.data != NULL ? out.data : arena_copy(keys->arena, "");
}
