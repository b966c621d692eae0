/* SPDX-License-Identifier: Apache-2.0 */
/* Digests: md5, sha1, checksum, hash, to_uuid. */
#include <stdlib.h>
#include <string.h>

#include "common/base/hash.h"
#include "common/value/value_python.h"
#include "engine/template/filter.h"

#define ANSIBLE_NAMESPACE "361E6D51-FAEC-444A-9079-341386DA8E2E"

static const struct value *digest(struct eval *eval, const struct value *input, enum hash_kind kind)
{
    char hex[HASH_HEX_MAX];

    input = eval_str(eval, input);
    if (input == NULL)
        return NULL;
    return eval_text(eval, hash_hex_of(kind, input->as.string.data, input->as.string.length, hex));
}

static const struct value *filter_md5(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    return digest(eval, input, HASH_MD5);
}

static const struct value *filter_sha1(struct eval *eval, const struct value *input, struct call_args *args)
{
    (void)args;
    return digest(eval, input, HASH_SHA1);
}

static const struct value *filter_hash(struct eval *eval, const struct value *input, struct call_args *args)
{
    const char *name = args_text(eval, args->bound[0], "sha1", "hashtype");
    enum hash_kind kind;

    if (name == NULL)
        return NULL;
    if (!hash_kind_from_name(name, &kind))
        return eval_fail(eval, "unsupported hash type %s", name);
    return digest(eval, input, kind);
}

static bool parse_uuid(const char *text, unsigned char out[16])
{
    size_t count = 0;

    for (const char *c = text; *c != '\0'; c++) {
        char pair[3] = { c[0], c[1], '\0' }, *end = NULL;

        if (*c == '-')
            continue;
        if (count == 16)
            return false;
        out[count++] = (unsigned char)strtoul(pair, &end, 16);
        if (*end != '\0')
            return false;
        c++;
    }
    return count == 16;
}

/* Version 5: SHA-1 of the namespace and the name. */
static const struct value *filter_to_uuid(struct eval *eval, const struct value *input, struct call_args *args)
{
    const struct value *given = args->bound[0];
    const char *space = value_text(given);
    unsigned char bytes[16];
    char hex[HASH_HEX_MAX], out[37];
    struct hash *hash;

    if (given == NULL)
        space = ANSIBLE_NAMESPACE;
    if (space == NULL)
        return given->kind == VALUE_UNDEFINED
                   ? eval_fail_undefined(eval, given)
                   : eval_fail(eval, "Invalid value '%s' for 'namespace': '%s' object has no attribute 'replace'",
                               value_to_text(eval->arena, given), eval_type(given));
    input = space == NULL ? NULL : eval_str(eval, input);
    if (input == NULL)
        return NULL;
    if (!parse_uuid(space, bytes))
        return eval_fail(eval, "Invalid value '%s' for 'namespace': badly formed hexadecimal UUID string", space);
    hash = hash_new(eval->arena, HASH_SHA1);
    hash_add(hash, bytes, sizeof(bytes));
    hash_add(hash, input->as.string.data, input->as.string.length);
    hash_hex(hash, hex);
    hex[12] = '5';
    hex[16] = "89ab"[strtoul((char[2]){ hex[16], '\0' }, NULL, 16) & 3];
    for (size_t i = 0, k = 0; k < 36; k++)
        out[k] = k == 8 || k == 13 || k == 18 || k == 23 ? '-' : hex[i++];
    out[36] = '\0';
    return eval_text(eval, out);
}

const struct filter filters_hash[] = {
    { "md5", filter_md5, "", 0 },
    { "sha1", filter_sha1, "", 0 },
    { "checksum", filter_sha1, "", 0 },
    { "hash", filter_hash, "hashtype", 0 },
    { "to_uuid", filter_to_uuid, "namespace", 0 },
    { .name = NULL },
};
