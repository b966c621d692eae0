/* SPDX-License-Identifier: Apache-2.0 */
/* Reading rpm's database through rpm, and rules for names and versions (rpm-version(7)). */
#include "agent/system/package/rpm_query.h"

#include <ctype.h>
#include <string.h>

#include "agent/system/process/process.h"
#include "agent/system/file/word_list.h"
#include "common/base/text.h"

#define FIELDS 5

/* --- versions --- */

static size_t separators(const char *text)
{
    size_t count = 0;

    while (text[count] != '\0' && !isalnum((unsigned char)text[count]) && text[count] != '~' && text[count] != '^')
        count++;
    return count;
}

static size_t run_length(const char *text, bool of_digits)
{
    size_t length = 0;

    while (of_digits ? isdigit((unsigned char)text[length]) : isalpha((unsigned char)text[length]))
        length++;
    return length;
}

/* Numbers by size, words by letters; of one kind and at least one character long. */
static int compare_runs(const char *a, size_t a_length, const char *b, size_t b_length)
{
    while (a_length > 0 && isdigit((unsigned char)*a) && *a == '0')
        a++, a_length--;
    while (b_length > 0 && isdigit((unsigned char)*b) && *b == '0')
        b++, b_length--;
    if (a_length != b_length && (a_length == 0 || b_length == 0 || isdigit((unsigned char)*a)))
        return a_length < b_length ? -1 : 1;
    int order = strncmp(a, b, a_length < b_length ? a_length : b_length);
    return order != 0 ? order : (a_length > b_length) - (a_length < b_length);
}

static int mark_rank(char c)
{
    static const char rising[] = { '~', '\0', '^' };
    const char *found = memchr(rising, c, sizeof(rising));

    return found != NULL ? (int)(found - rising) : (int)sizeof(rising);
}

/* A tilde sorts before the end, a caret behind it but before anything else. 2: neither is there. */
static int compare_marks(const char **a, const char **b)
{
    int a_rank = mark_rank(**a), b_rank = mark_rank(**b);

    if (strchr("~^", **a) == NULL && strchr("~^", **b) == NULL)
        return 2;
    if (a_rank != b_rank)
        return a_rank < b_rank ? -1 : 1;
    if (**a == '\0')
        return 2;
    (*a)++;
    (*b)++;
    return 0;
}

int rpm_version_compare(const char *a, const char *b)
{
    for (;;) {
        a += separators(a);
        b += separators(b);
        int marks = compare_marks(&a, &b);
        if (marks == 0)
            continue;
        if (marks != 2)
            return marks;
        if (*a == '\0' || *b == '\0')
            return (*a != '\0') - (*b != '\0');
        bool of_digits = isdigit((unsigned char)*a) != 0;
        size_t a_length = run_length(a, of_digits), b_length = run_length(b, of_digits);
        if (b_length == 0)
            return of_digits ? 1 : -1;
        int order = compare_runs(a, a_length, b, b_length);
        if (order != 0)
            return order < 0 ? -1 : 1;
        a += a_length;
        b += b_length;
    }
}

int rpm_package_compare(const struct rpm_package *a, const struct rpm_package *b)
{
    int order = rpm_version_compare(a->epoch, b->epoch);

    if (order == 0)
        order = rpm_version_compare(a->version, b->version);
    return order != 0 ? order : rpm_version_compare(a->release, b->release);
}

/* --- names --- */

static bool is_arch(const char *word)
{
    static const char *const known[] = {
        "noarch", "x86_64",  "i386",     "i486",     "i586",     "i686",  "amd64",    "ia32e",   "aarch64", "armv7hl",
        "armv6l", "armv7l",  "armv7hnl", "armv5tel", "armv6hl",  "ppc",   "ppc64",    "ppc64le", "s390",    "s390x",
        "ia64",   "riscv64", "mips",     "mipsel",   "mips64",   "sparc", "mips64el", "sparc64", "alpha",   "sh4",
        "m68k",   "athlon",  "geode",    "pentium3", "pentium4", "src",   NULL,
    };

    return text_in(word, known);
}

bool rpm_name_split(struct arena *arena, const char *text, struct rpm_package *out)
{
    char *rest = arena_copy_n(arena, text, strlen(text) - (text_ends(text, ".rpm") ? 4 : 0));
    char *dot = strrchr(rest, '.');

    *out = (struct rpm_package){ .name = rest };
    if (dot != NULL && dot > rest && is_arch(dot + 1)) {
        out->arch = dot + 1;
        *dot = '\0';
    }
    const char *whole = arena_copy(arena, rest);
    char *release = strrchr(rest, '-');
    if (release == NULL || release == rest || release[1] == '\0')
        return false;
    *release++ = '\0';
    char *version = strrchr(rest, '-');
    char *colon = version != NULL ? strchr(version, ':') : NULL;
    const char *number = colon != NULL ? colon + 1 : version != NULL ? version + 1 : "";
    size_t digits = strspn(number, "0123456789");
    out->name = whole;
    if (version == NULL || version == rest || digits == 0 || (number[digits] != '.' && number[digits] != '\0'))
        return false;
    *version = '\0';
    out->epoch = "0";
    if (colon != NULL) {
        *colon = '\0';
        out->epoch = colon > version + 1 ? version + 1 : "0";
    }
    out->name = rest;
    char *front = strchr(rest, ':');
    if (front != NULL) {
        *front = '\0';
        out->epoch = rest;
        out->name = front + 1;
    }
    out->version = number;
    out->release = release;
    return true;
}

char *rpm_package_text(struct arena *arena, const struct rpm_package *package)
{
    bool has_epoch = package->epoch != NULL && strcmp(package->epoch, "0") != 0;

    return arena_printf(arena, "%s-%s%s%s-%s.%s", package->name, has_epoch ? package->epoch : "", has_epoch ? ":" : "",
                        package->version, package->release, package->arch);
}

/* --- what is installed --- */

void rpm_packages_parse(struct arena *arena, const char *text, struct rpm_packages *out)
{
    const char *cursor = text, *end = text + strlen(text), *line;
    size_t length, lines = 1, count = 0;

    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    *out = (struct rpm_packages){ .items = arena_new_array(arena, struct rpm_package, lines) };
    while (text_line(&cursor, end, &line, &length)) {
        char **fields = text_split(arena, arena_copy_n(arena, line, length), '|', &count);

        if (count != FIELDS)
            continue;
        bool has_epoch = strcmp(fields[1], "(none)") != 0;
        out->items[out->count++] =
            (struct rpm_package){ fields[0], has_epoch ? fields[1] : "0", fields[2], fields[3], fields[4], has_epoch };
    }
}

bool rpm_packages_read(const struct system *system, struct arena *arena, const char *root, struct rpm_packages *out,
                       struct error *err)
{
    struct word_list argv = word_list_new(arena);
    struct process_request request = PROCESS("");
    struct process_result result;

    if (process_require(system, arena, "rpm", err) == NULL)
        return false;
    word_list_add(&argv, "rpm");
    word_list_add_pair(&argv, "--root", root);
    word_list_add(&argv, "-qa");
    word_list_add(&argv, "--qf");
    word_list_add(&argv, RPM_QUERY_FORMAT);
    request.argv = argv.items;
    if (!process_run_ok(system, arena, &request, &result, err))
        return false;
    rpm_packages_parse(arena, result.output, out);
    return true;
}

static bool fits(const char *wanted, const char *value)
{
    return wanted == NULL || strcmp(wanted, value) == 0;
}

const struct rpm_package *rpm_packages_find(const struct rpm_packages *packages, const struct rpm_package *wanted)
{
    for (size_t i = 0; i < packages->count; i++) {
        const struct rpm_package *item = &packages->items[i];

        if (fits(wanted->name, item->name) && fits(wanted->arch, item->arch) && fits(wanted->epoch, item->epoch) &&
            fits(wanted->version, item->version) && fits(wanted->release, item->release))
            return item;
    }
    return NULL;
}
