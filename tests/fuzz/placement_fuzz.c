/* SPDX-License-Identifier: Apache-2.0 */
/* Placements of arbitrary bytes: a piece that is taken comes back the same, and its unit file holds one ExecStart and no line of its own. */
#include <stdlib.h>
#include <string.h>

#include "agent/pieces/piece_firewall.h"
#include "agent/pieces/piece_text.h"
#include "common/json/json.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static size_t lines_with(const char *text, const char *begin)
{
    size_t count = 0;

    for (const char *at = strstr(text, begin); at != NULL; at = strstr(at + 1, begin))
        count += at == text || at[-1] == '\n' ? 1 : 0;
    return count;
}

static void check_piece(struct arena *arena, const struct piece *piece)
{
    const struct piece_host host = { .gpu_groups = "" };
    const struct piece_unit_parts parts = { .piece = piece, .program = "/bin/x", .host = &host };
    const struct value *written = piece_value(arena, piece);
    const char *unit = piece_unit_text(arena, &parts), *secrets = piece_secrets_text(arena, piece);
    struct piece again;
    struct error err = ERROR_INIT;

    if (!piece_bind(arena, written, &again, &err) || !value_equal(written, piece_value(arena, &again)))
        abort();
    if (lines_with(unit, "ExecStart=") != 1 || lines_with(unit, "[") != 2 ||
        lines_with(unit, "Environment=") != value_count(piece->environment) + (piece->user == NULL ? 1 : 0))
        abort();
    size_t lines = 0;
    for (const char *at = secrets; *at != '\0'; at++)
        lines += *at == '\n' ? 1 : 0;
    if (lines != value_count(piece->secrets))
        abort();
    (void)piece_firewall_rules(arena, &piece, 1, "10.0.0.1");
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *map = NULL;
    struct placement placement;
    struct error err = ERROR_INIT;

    if (!json_read(arena, (const char *)data, size, NULL, &map, &err) || !placement_bind(arena, map, &placement, &err))
        return 0;
    for (size_t i = 0; i < placement.pieces_count; i++) {
        if (placement.pieces[i].wrong == NULL)
            check_piece(arena, &placement.pieces[i].piece);
    }
    return 0;
}
