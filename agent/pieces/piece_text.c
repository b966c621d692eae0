/* SPDX-License-Identifier: Apache-2.0 */
/* See the header; hardened like the units of role inference. */
#include "agent/pieces/piece_text.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/hash.h"

#define STOP_S 10
#define STOP_LEASE_S 4 /* the controller counts five seconds more than the lease */
#define STEPS_VERSION 254

/* Between double quotes. `dollars`: of ExecStart, where $ begins a variable. */
static void quoted_add(struct text *out, const char *text, bool dollars)
{
    text_add_char(out, '"');
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\')
            text_add_char(out, '\\');
        else if (*at == '%' || (*at == '$' && dollars))
            text_add_char(out, *at);
        text_add_char(out, *at);
    }
    text_add_char(out, '"');
}

void piece_word_add(struct text *out, const char *word)
{
    quoted_add(out, word, true);
}

/* --- parts of the file --- */

static void command_add(struct text *out, const struct piece_unit_parts *parts)
{
    text_add(out, "ExecStart=");
    quoted_add(out, parts->program, false); /* the program's own word is no place for variables */
    for (size_t i = 0; i < value_count(parts->piece->arguments); i++) {
        text_add_char(out, ' ');
        piece_word_add(out, value_text(value_item(parts->piece->arguments, i)));
    }
    text_add_char(out, '\n');
}

static const char *state_path(struct arena *arena, const struct piece *piece)
{
    return arena_printf(arena, PIECES_STATES "/%s", piece->state);
}

static void environment_add(struct text *out, const struct piece *piece)
{
    struct arena *arena = out->arena;

    if (piece->user == NULL)
        text_printf(out, "Environment=HOME=%s\n", piece->state == NULL ? "/tmp" : state_path(arena, piece));
    for (size_t i = 0; i < value_count(piece->environment); i++) {
        const struct value_pair *pair = value_pair_at(piece->environment, i);

        text_add(out, "Environment=");
        quoted_add(out, arena_printf(arena, "%s=%s", value_text(pair->key), value_text(pair->item)), false);
        text_add_char(out, '\n');
    }
    if (value_count(piece->secrets) > 0)
        text_printf(out, "EnvironmentFile=" PIECES_MADE "/%s/secrets\n", piece->name);
}

/* Pieces that share a folder share an account: otherwise each start would give all files to another one. */
static const char *account_of(struct arena *arena, const char *state)
{
    char hash[HASH_HEX_MAX];

    hash_hex_of(HASH_SHA256, state, strlen(state), hash);
    return arena_printf(arena, "roost-p-%.16s", hash);
}

static void account_add(struct text *out, const struct piece *piece)
{
    if (piece->user != NULL)
        text_printf(out, "User=%s\n", piece->user);
    else
        text_add(out, "DynamicUser=yes\n");
    if (piece->state == NULL)
        return;
    if (piece->user == NULL)
        text_printf(out, "User=%s\n", account_of(out->arena, piece->state));
    text_printf(out, "StateDirectory=roost-pieces/%s\nStateDirectoryMode=0700\nWorkingDirectory=%s\n", piece->state,
                state_path(out->arena, piece));
}

/* Files of its own are put where it starts by root, as they lie where only root gets to. */
static void start_folder_add(struct text *out, const struct piece *piece)
{
    if (value_count(piece->files) == 0)
        return;
    text_printf(out,
                "RuntimeDirectory=roost-piece-%s\nRuntimeDirectoryMode=0700\nWorkingDirectory=/run/roost-piece-%s\n"
                "ExecStartPre=+/usr/bin/install -m 0644 -t /run/roost-piece-%s --",
                piece->name, piece->name, piece->name);
    for (size_t i = 0; i < value_count(piece->files); i++)
        text_printf(out, " " PIECES_MADE "/%s/files/%s", piece->name, value_text(value_pair_at(piece->files, i)->key));
    text_add_char(out, '\n');
}

static void devices_add(struct text *out, const struct piece *piece, const struct piece_host *host)
{
    text_add(out, "DevicePolicy=closed\n");
    if (value_count(piece->devices) == 0)
        return;
    text_add(out, "DeviceAllow=/dev/kfd rw\nDeviceAllow=char-drm rw\nDeviceAllow=char-nvidia* rw\n");
    if (host->gpu_groups[0] != '\0')
        text_printf(out, "SupplementaryGroups=%s\n", host->gpu_groups);
}

static void bind_add(struct text *out, const char *from, const char *to)
{
    text_add(out, "BindReadOnlyPaths=");
    quoted_add(out, from, false);
    text_add_char(out, ':');
    quoted_add(out, to, false);
    text_add_char(out, '\n');
}

static void files_add(struct text *out, const struct piece_unit_parts *parts)
{
    text_add(out, "ProtectSystem=strict\nProtectHome=tmpfs\nPrivateTmp=yes\n"
                  "TemporaryFileSystem=/var/lib/roost:ro,mode=755\n");
    if (parts->host->models_store != NULL) /* there may be none yet */
        bind_add(out, arena_printf(out->arena, "-%s", parts->host->models_store), parts->host->models_store);
    for (size_t i = 0; parts->hidden_read != NULL && parts->hidden_read[i] != NULL; i += 2)
        bind_add(out, parts->hidden_read[i], parts->hidden_read[i + 1]);
}

static void limits_add(struct text *out, const struct piece *piece)
{
    if (piece->memory_max > 0)
        text_printf(out, "MemoryMax=%" PRId64 "\n", piece->memory_max);
    text_add(out, "# When memory runs out, this goes before the machine's own services.\nOOMScoreAdjust=500\n"
                  "LimitMEMLOCK=infinity\nLimitCORE=0\nUMask=0077\n");
}

static void hardening_add(struct text *out)
{
    text_add(out, "NoNewPrivileges=yes\nCapabilityBoundingSet=\nAmbientCapabilities=\nProtectProc=invisible\n"
                  "ProtectClock=yes\nProtectHostname=yes\nProtectControlGroups=yes\nProtectKernelLogs=yes\n"
                  "ProtectKernelModules=yes\nProtectKernelTunables=yes\n"
                  "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK\nRestrictNamespaces=yes\n"
                  "RestrictRealtime=yes\nRestrictSUIDSGID=yes\nRemoveIPC=yes\nLockPersonality=yes\n"
                  "KeyringMode=private\nSystemCallArchitectures=native\nSystemCallFilter=@system-service\n"
                  "SystemCallErrorNumber=EPERM\n"
                  "# Not MemoryDenyWriteExecute: GPU drivers compile shaders to memory.\n");
}

static void restart_add(struct text *out, const struct piece *piece, const struct piece_host *host)
{
    if (strcmp(piece->restart, "on-failure") != 0)
        return;
    text_add(out, "Restart=on-failure\nRestartSec=1\n");
    if (host->systemd_version >= STEPS_VERSION)
        text_add(out, "RestartSteps=5\nRestartMaxDelaySec=60\n");
}

static void life_add(struct text *out, const struct piece *piece, const struct piece_host *host)
{
    bool is_job = strcmp(piece->kind, "job") == 0;
    int64_t stop_s = piece->stop_s > 0 ? piece->stop_s : STOP_S;

    if (piece->lease && stop_s > STOP_LEASE_S)
        stop_s = STOP_LEASE_S;
    text_printf(out, "Type=%s\n# its end is to be seen, however it ended\nRemainAfterExit=yes\n",
                is_job ? "oneshot" : "exec");
    if (is_job && piece->timeout_s > 0)
        text_printf(out, "TimeoutStartSec=%" PRId64 "\n", piece->timeout_s);
    else if (is_job)
        text_add(out, "TimeoutStartSec=infinity\n");
    text_printf(out, "TimeoutStopSec=%" PRId64 "\n", stop_s);
    restart_add(out, piece, host);
}

static void output_add(struct text *out, const struct piece *piece)
{
    if (strcmp(piece->kind, "job") == 0)
        text_printf(out, "StandardOutput=append:" PIECES_OUTPUTS "/%s.output\n", piece->name);
    else
        text_add(out, "StandardOutput=journal\n");
    text_printf(out, "StandardError=journal\nSyslogIdentifier=%s\n", piece->name);
}

char *piece_unit_text(struct arena *arena, const struct piece_unit_parts *parts)
{
    const struct piece *piece = parts->piece;
    bool restarts = strcmp(piece->restart, "on-failure") == 0;
    struct text out = text_new(arena);

    text_printf(&out,
                "# Made by roost-agent; gone with the next boot, and with the piece.\n[Unit]\n"
                "Description=Roost piece %s\nStartLimitIntervalSec=%d\n",
                piece->name, restarts ? 600 : 0);
    if (restarts)
        text_add(&out, "StartLimitBurst=10\n");
    if (piece->lease)
        text_add(&out, "Conflicts=" PIECES_LEASE_TARGET "\n");
    text_add(&out, "\n[Service]\n");
    life_add(&out, piece, parts->host);
    command_add(&out, parts);
    environment_add(&out, piece);
    output_add(&out, piece);
    account_add(&out, piece);
    start_folder_add(&out, piece);
    limits_add(&out, piece);
    devices_add(&out, piece, parts->host);
    files_add(&out, parts);
    hardening_add(&out);
    return out.data;
}

char *piece_secrets_text(struct arena *arena, const struct piece *piece)
{
    struct text out = text_new(arena);

    for (size_t i = 0; i < value_count(piece->secrets); i++) {
        const struct value_pair *pair = value_pair_at(piece->secrets, i);

        text_printf(&out, "%s=\"", value_text(pair->key));
        for (const char *at = value_text(pair->item); *at != '\0'; at++) {
            if (strchr("\"\\`$", *at) != NULL)
                text_add_char(&out, '\\');
            text_add_char(&out, *at);
        }
        text_add(&out, "\"\n");
    }
    return out.data;
}

char *piece_lease_timer_text(struct arena *arena, int64_t lease_s)
{
    return arena_printf(arena,
                        "# Made by roost-agent: begun anew with each answer of the controller.\n[Unit]\n"
                        "Description=Lease of Roost's pieces\nStartLimitIntervalSec=0\n\n[Timer]\nOnActiveSec=%" PRId64
                        "s\nAccuracySec=100ms\nUnit=" PIECES_LEASE_TARGET "\n",
                        lease_s);
}

char *piece_lease_target_text(struct arena *arena)
{
    return arena_copy(arena,
                      "# Made by roost-agent: pieces with a lease conflict with it, so that its start ends them.\n"
                      "[Unit]\nDescription=The lease of Roost's pieces is over\nStartLimitIntervalSec=0\n");
}
