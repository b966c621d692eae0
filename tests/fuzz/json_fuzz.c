/* SPDX-License-Identifier: Apache-2.0 */
/* JSON and Python literals from arbitrary bytes; what JSON gave must survive being written and read again. */
#include <stdlib.h>
#include <string.h>

#include "common/json/json.h"
#include "common/value/value_python.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const struct value *value = NULL, *again = NULL;
    char *text, *text_again;

    value_from_python(arena, (const char *)data, size, &value, &err);
    if (!json_read(arena, (const char *)data, size, "fuzz.json", &value, &err))
        return 0;
    text = json_text(arena, value, JSON_COMPACT);
    if (!json_read(arena, text, strlen(text), NULL, &again, &err))
        abort();
    text_again = json_text(arena, again, JSON_COMPACT); /* NaN is not equal to itself: compare the texts */
    if (strcmp(text, text_again) != 0)
        abort();
    return 0;
}
