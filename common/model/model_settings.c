/* SPDX-License-Identifier: Apache-2.0 */
/* Settings from the environment, in the names that Hugging Face's own tools use; waiting; numbers for people. */
#include "common/model/model_settings.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/clock.h"
#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"

#define TOKEN_FILE_MAX 4096
#define TOKEN_MAX 1024
#define PAUSE_SLICE_MS 200

static const char *variable(const struct model_environment *environment, const char *name)
{
    const char *value = NULL;

    if (environment != NULL && environment->lookup != NULL)
        value = environment->lookup(environment->data, name);
    if (value == NULL)
        value = getenv(name);
    return value == NULL || value[0] == '\0' ? NULL : value;
}

static bool is_token(const char *token)
{
    if (strlen(token) > TOKEN_MAX)
        return false;
    for (const char *at = token; *at != '\0'; at++) {
        if (*at <= 0x20 || *at >= 0x7f)
            return false;
    }
    return true;
}

bool model_token_read(struct arena *arena, const char *path, const char **out, struct error *err)
{
    char *data = NULL;
    size_t length = 0;

    if (!file_read(arena, path, TOKEN_FILE_MAX, &data, &length, err))
        return error_prefix(err, "token file");
    *out = text_trim(arena, data, strcspn(data, "\n"));
    return true;
}

/* The file that `hf auth login` writes; that it is not there is no error. */
static bool token_from_files(struct arena *arena, const struct model_environment *environment, const char **out,
                             struct error *err)
{
    const char *path = variable(environment, "HF_TOKEN_PATH");
    const char *home = variable(environment, "HF_HOME"), *user = variable(environment, "HOME");

    if (path == NULL && home != NULL)
        path = path_join(arena, home, "token");
    if (path == NULL && user != NULL)
        path = path_join(arena, user, ".cache/huggingface/token");
    return path == NULL || !path_is_file(path) || model_token_read(arena, path, out, err);
}

static bool check_endpoint(struct arena *arena, struct model_settings *settings, struct error *err)
{
    size_t length = strlen(settings->endpoint);

    if ((!text_starts(settings->endpoint, "https://") && !text_starts(settings->endpoint, "http://")) ||
        strpbrk(settings->endpoint, "?#@ \t\r\n") != NULL)
        return error_set(err, "the hub's endpoint is an http or https URL without user and query");
    while (length > 0 && settings->endpoint[length - 1] == '/')
        length--;
    settings->endpoint = arena_copy_n(arena, settings->endpoint, length);
    return true;
}

bool model_settings_complete(struct arena *arena, struct model_settings *settings,
                             const struct model_environment *environment, struct error *err)
{
    const char *offline = variable(environment, "HF_HUB_OFFLINE");

    if (settings->endpoint == NULL || settings->endpoint[0] == '\0')
        settings->endpoint = variable(environment, "HF_ENDPOINT");
    if (settings->endpoint == NULL)
        settings->endpoint = MODEL_ENDPOINT_DEFAULT;
    if (settings->token == NULL)
        settings->token = variable(environment, "HF_TOKEN");
    if (settings->token == NULL && !token_from_files(arena, environment, &settings->token, err))
        return false;
    if (settings->token != NULL && settings->token[0] == '\0')
        settings->token = NULL;
    if (settings->token != NULL && !is_token(settings->token))
        return error_set(err, "the hub's token holds characters that no token has, or is too long");
    if (offline != NULL && !text_to_bool(offline, &settings->offline))
        settings->offline = true;
    if (settings->store == NULL)
        settings->store = MODEL_STORE_DEFAULT;
    if (settings->connections <= 0)
        settings->connections = MODEL_CONNECTIONS_DEFAULT;
    if (settings->connections > MODEL_CONNECTIONS_MAX)
        return error_set_kind(err, ERROR_OPTIONS, "%d connections are too many: at most %d", settings->connections,
                              MODEL_CONNECTIONS_MAX);
    if (settings->timeout_ms <= 0)
        settings->timeout_ms = 30 * 1000;
    if (settings->retries <= 0)
        settings->retries = MODEL_RETRIES_DEFAULT;
    if (settings->wait_ms <= 0)
        settings->wait_ms = 15 * 60 * 1000;
    return check_endpoint(arena, settings, err);
}

bool model_is_cancelled(const struct model_settings *settings)
{
    return settings->watch.is_cancelled != NULL && settings->watch.is_cancelled(settings->watch.data);
}

void model_note(const struct model_settings *settings, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (settings->watch.note == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    settings->watch.note(settings->watch.data, text);
}

bool model_pause(const struct model_settings *settings, int64_t milliseconds, struct error *err)
{
    int64_t until = clock_monotonic_ms() + milliseconds;

    for (;;) {
        int64_t left = until - clock_monotonic_ms();

        if (model_is_cancelled(settings))
            return error_set_kind(err, ERROR_CANCELLED, "cancelled");
        if (left <= 0)
            return true;
        (void)poll(NULL, 0, left > PAUSE_SLICE_MS ? PAUSE_SLICE_MS : (int)left);
    }
}

char *model_size_text(struct arena *arena, int64_t bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    double size = (double)bytes;
    size_t unit = 0;

    for (; size >= 1024.0 && unit + 1 < sizeof(units) / sizeof(units[0]); unit++)
        size /= 1024.0;
    return arena_printf(arena, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
}

char *model_time_text(struct arena *arena, int64_t seconds)
{
    if (seconds < 60)
        return arena_printf(arena, "%lld s", (long long)seconds);
    if (seconds < 3600)
        return arena_printf(arena, "%lld min %lld s", (long long)seconds / 60, (long long)seconds % 60);
    if (seconds < 48 * 3600)
        return arena_printf(arena, "%lld h %lld min", (long long)seconds / 3600, (long long)seconds / 60 % 60);
    return arena_printf(arena, "%lld days", (long long)seconds / 86400);
}

bool model_size_read(const char *text, int64_t *out)
{
    static const char units[] = "KMGT";
    char *end = NULL;
    double size = strtod(text, &end);
    const char *unit = *end == '\0' ? NULL : strchr(units, *end >= 'a' ? *end - 'a' + 'A' : *end);

    if (end == text || !(size > 0.0))
        return false;
    for (const char *at = units; unit != NULL && at <= unit; at++)
        size *= 1024.0;
    if (unit != NULL)
        end++;
    if (strcasecmp(end, "iB") == 0 || strcasecmp(end, "B") == 0)
        end += strlen(end);
    if (*end != '\0' || size < 1.0 || size > 1e15)
        return false;
    *out = (int64_t)size;
    return true;
}
