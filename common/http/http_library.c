/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading libcurl. A program that transfers nothing does not pay for it; one that does keeps it: the second
 * load finds it in memory.
 */
#include "common/http/http_library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct http_symbol {
    const char *name;
    size_t offset;
};

#define SYMBOL(field)                                                                                                  \
    {                                                                                                                  \
        "curl_" #field, offsetof(struct http_library, field)                                                           \
    }

static void *library_open(void)
{
    static const char *const names[] = { "libcurl-gnutls.so.4", "libcurl.so.4" };
    void *library = NULL;

    for (size_t i = 0; library == NULL && i < sizeof(names) / sizeof(names[0]); i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

bool http_library_load(struct http_library *out, struct error *err)
{
    static const struct http_symbol symbols[] = {
        SYMBOL(easy_init),
        SYMBOL(easy_setopt),
        SYMBOL(easy_perform),
        SYMBOL(easy_getinfo),
        SYMBOL(easy_cleanup),
        SYMBOL(easy_strerror),
        SYMBOL(slist_append),
        SYMBOL(slist_free_all),
        SYMBOL(multi_init),
        SYMBOL(multi_add_handle),
        SYMBOL(multi_remove_handle),
        SYMBOL(multi_socket_action),
        SYMBOL(multi_setopt),
        SYMBOL(multi_info_read),
        SYMBOL(multi_strerror),
        SYMBOL(multi_cleanup),
        SYMBOL(url),
        SYMBOL(url_set),
        SYMBOL(url_get),
        SYMBOL(url_cleanup),
        SYMBOL(free),
    };
    void *library = library_open();
    struct http_library found = { 0 };

    if (library == NULL)
        return error_set(err, "libcurl is not installed here (libcurl-gnutls.so.4 or libcurl.so.4 is needed)");
    for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
        void *symbol = dlsym(library, symbols[i].name);

        if (symbol == NULL)
            return error_set(err, "libcurl is too old: it has no %s", symbols[i].name);
        memcpy((char *)&found + symbols[i].offset, &symbol, sizeof(symbol));
    }
    *out = found;
    return true;
}
