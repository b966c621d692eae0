/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings are checked here, with passlib's limits and wording, and crypt_r does the work. Nothing of the
 * secret stays behind.
 */
#include "engine/template/password.h"

#include <crypt.h>
#include <string.h>

#include "common/base/text.h"
#include "engine/template/python_random.h"

#define BCRYPT_ALPHABET "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
#define SALT_MAX 22

struct scheme {
    const char *short_name, *name, *prefix;
    int64_t salt_max, rounds, rounds_min, rounds_max;
    int64_t rounds_silent; /* not written into the hash */
    bool bcrypt;
};

static const struct scheme schemes[] = {
    { "md5", "md5_crypt", "$1$", 8, 0, 0, 0, 0, false },
    { "sha256", "sha256_crypt", "$5$", 16, 535000, 1000, 999999999, 5000, false },
    { "sha512", "sha512_crypt", "$6$", 16, 656000, 1000, 999999999, 5000, false },
    { "blowfish", "bcrypt", NULL, 22, 12, 4, 31, 0, true },
};

static const struct scheme *scheme_find(const char *name)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (text_equal(schemes[i].short_name, name) || text_equal(schemes[i].name, name))
            return &schemes[i];
    return NULL;
}

static bool refuse(struct eval *eval, const char *what)
{
    return eval_fail(eval, "Could not hash the secret.. %s", what) != NULL;
}

static bool check_salt(struct eval *eval, const struct scheme *scheme, const char *salt)
{
    size_t length = strlen(salt);

    if (scheme->bcrypt && length % 4 == 1)
        return eval_fail(eval, "source length must != 1 mod 4") != NULL;
    if (strspn(salt, BCRYPT_ALPHABET) != length)
        return refuse(eval, arena_printf(eval->arena, "invalid characters in %s salt", scheme->name));
    if ((int64_t)length > scheme->salt_max)
        return refuse(eval, arena_printf(eval->arena, "salt too large (%s requires %s %lld chars)", scheme->name,
                                         scheme->bcrypt ? "exactly" : "<=", (long long)scheme->salt_max));
    if (scheme->bcrypt && (int64_t)length < scheme->salt_max)
        return refuse(eval, "salt too small (bcrypt requires exactly 22 chars)");
    return true;
}

static bool random_salt(struct eval *eval, const struct scheme *scheme, int64_t size, char *out)
{
    struct random random = random_from_system();

    size = size == 0 ? scheme->salt_max : size;
    if (size < 0 || size > scheme->salt_max)
        return refuse(eval, arena_printf(eval->arena, "%s: salt_size (%lld) %s (%lld)", scheme->name, (long long)size,
                                         size < 0 ? "below min_salt_size" : "above max_salt_size",
                                         (long long)(size < 0 ? 0 : scheme->salt_max)));
    for (int64_t i = 0; i < size; i++)
        out[i] = BCRYPT_ALPHABET[random_below(&random, 64)];
    return true;
}

static bool choose_salt(struct eval *eval, const struct scheme *scheme, const struct password_options *options,
                        char out[SALT_MAX + 1])
{
    memset(out, 0, SALT_MAX + 1);
    if (options->salt == NULL || *options->salt == '\0') {
        if (!random_salt(eval, scheme, options->salt_size, out))
            return false;
    } else {
        if (!check_salt(eval, scheme, options->salt))
            return false;
        memcpy(out, options->salt, strlen(options->salt));
    }
    /* Of bcrypt's last character only two bits count. */
    if (scheme->bcrypt)
        out[SALT_MAX - 1] = BCRYPT_ALPHABET[(strchr(BCRYPT_ALPHABET, out[SALT_MAX - 1]) - BCRYPT_ALPHABET) & 0x30];
    return true;
}

static bool choose_rounds(struct eval *eval, const struct scheme *scheme, int64_t wanted, int64_t *out)
{
    *out = wanted == 0 ? scheme->rounds : wanted;
    if (wanted == 0)
        return true;
    if (scheme->rounds == 0)
        return eval_fail_type(eval, "MinimalHandler.using() got an unexpected keyword argument 'rounds'") != NULL;
    if (wanted < scheme->rounds_min)
        return refuse(eval, arena_printf(eval->arena, "%s: min_desired_rounds (%lld) is too low, must be at least %lld",
                                         scheme->name, (long long)wanted, (long long)scheme->rounds_min));
    if (wanted > scheme->rounds_max)
        return refuse(eval,
                      arena_printf(eval->arena, "%s: min_desired_rounds (%lld) is too large, cannot be more than %lld",
                                   scheme->name, (long long)wanted, (long long)scheme->rounds_max));
    return true;
}

static const char *setting_text(struct eval *eval, const struct scheme *scheme, const char *ident, int64_t rounds,
                                const char *salt)
{
    if (scheme->bcrypt) {
        if (!text_in(ident, (const char *const[]){ "2b", "2a", "2y", NULL })) {
            refuse(eval, arena_printf(eval->arena, "invalid ident: '%s'", ident));
            return NULL;
        }
        return arena_printf(eval->arena, "$%s$%02lld$%s", ident, (long long)rounds, salt);
    }
    if (rounds == scheme->rounds_silent)
        return arena_printf(eval->arena, "%s%s", scheme->prefix, salt);
    return arena_printf(eval->arena, "%srounds=%lld$%s", scheme->prefix, (long long)rounds, salt);
}

static const struct value *run_crypt(struct eval *eval, const char *secret, const char *setting)
{
    struct crypt_data *data = arena_new_of(eval->arena, struct crypt_data);
    const char *hashed = crypt_r(secret, setting, data);
    const struct value *made = hashed == NULL || *hashed == '*' ? NULL : eval_text(eval, hashed);

    explicit_bzero(data, sizeof(*data));
    return made == NULL ? eval_fail(eval, "crypt cannot hash with the setting '%s'", setting) : made;
}

const struct value *password_hash(struct eval *eval, const struct value *secret, const struct password_options *options)
{
    const struct scheme *scheme = scheme_find(options->type);
    const char *ident = options->ident == NULL || *options->ident == '\0' ? "2b" : options->ident, *setting;
    char salt[SALT_MAX + 1];
    int64_t rounds = 0;

    if (scheme == NULL)
        return eval_fail(eval, "the hash type '%s' is not supported (md5, sha256, sha512 and blowfish are)",
                         options->type);
    if (secret->kind == VALUE_UNDEFINED)
        return eval_fail_undefined(eval, secret);
    if (secret->kind != VALUE_STRING)
        return eval_fail_type(eval, "secret must be unicode or bytes, not %s", eval_type(secret));
    if (!choose_rounds(eval, scheme, options->rounds, &rounds) || !choose_salt(eval, scheme, options, salt))
        return NULL;
    if (strlen(secret->as.string.data) != secret->as.string.length)
        return refuse(eval, "null character in secret") ? secret : NULL;
    setting = setting_text(eval, scheme, ident, rounds, salt);
    return setting == NULL ? NULL : run_crypt(eval, secret->as.string.data, setting);
}
