/* SPDX-License-Identifier: Apache-2.0 */
/* Table b-trees of SQLite: pages, cells, records, overflow chains. */
#include "agent/system/file/sqlite_table.h"

#include <string.h>
#include <unistd.h>

#define DEPTH_MAX 16
#define BYTES_READ_MAX ((size_t)16 * 1024 * 1024) /* of one file: a hostile tree may point to itself */
#define HEADER_BYTES 100

enum { PAGE_INTERIOR = 0x05, PAGE_LEAF = 0x0d };

struct sqlite_file {
    struct arena *arena;
    int fd;
    uint32_t page_size, usable, page_count;
    size_t bytes_read;
};

/* One page in memory. `at` is where its b-tree header begins: behind the file's own header on page 1. */
struct page {
    const unsigned char *data;
    size_t at, cells, cell_array;
    bool is_leaf;
};

static uint32_t be16(const unsigned char *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t be32(const unsigned char *at)
{
    return be16(at) << 16 | be16(at + 2);
}

/* Seven bits a byte, the ninth byte whole. False when it would reach beyond the end. */
static bool varint_read(const unsigned char *data, size_t length, size_t *at, int64_t *out)
{
    uint64_t number = 0;

    for (int i = 0; i < 9; i++) {
        if (*at >= length)
            return false;
        unsigned char byte = data[(*at)++];
        if (i == 8) {
            number = number << 8 | byte;
            break;
        }
        number = number << 7 | (byte & 0x7fU);
        if (!(byte & 0x80))
            break;
    }
    *out = (int64_t)number;
    return true;
}

static const unsigned char *page_bytes(struct sqlite_file *file, uint32_t number)
{
    if (number == 0 || number > file->page_count || file->bytes_read > BYTES_READ_MAX)
        return NULL;
    file->bytes_read += file->page_size;
    unsigned char *data = arena_alloc(file->arena, file->page_size);
    ssize_t got = pread(file->fd, data, file->page_size, (off_t)(number - 1) * (off_t)file->page_size);
    return got == (ssize_t)file->page_size ? data : NULL;
}

static bool page_read(struct sqlite_file *file, uint32_t number, struct page *out)
{
    struct page page = { .data = page_bytes(file, number), .at = number == 1 ? HEADER_BYTES : 0 };

    if (page.data == NULL)
        return false;
    unsigned char kind = page.data[page.at];
    page.is_leaf = kind == PAGE_LEAF;
    page.cells = be16(page.data + page.at + 3);
    page.cell_array = page.at + (page.is_leaf ? 8 : 12);
    if ((kind != PAGE_LEAF && kind != PAGE_INTERIOR) || page.cell_array + page.cells * 2 > file->usable)
        return false;
    *out = page;
    return true;
}

struct sqlite_file *sqlite_open(struct arena *arena, int fd)
{
    unsigned char header[HEADER_BYTES];
    off_t size = lseek(fd, 0, SEEK_END);

    if (size < 512 || pread(fd, header, sizeof header, 0) != (ssize_t)sizeof header ||
        memcmp(header, "SQLite format 3", 16) != 0)
        return NULL;
    uint32_t page_size = be16(header + 16) == 1 ? 65536 : be16(header + 16);
    if (page_size < 512 || (page_size & (page_size - 1)) != 0 || size / page_size > UINT32_MAX ||
        header[20] > page_size - 480)
        return NULL;
    struct sqlite_file *file = arena_new_of(arena, struct sqlite_file);
    *file = (struct sqlite_file){ .arena = arena,
                                  .fd = fd,
                                  .page_size = page_size,
                                  .usable = page_size - header[20],
                                  .page_count = (uint32_t)(size / page_size) };
    return file;
}

/* --- records --- */

/* How much of a payload of this size lies in the leaf itself. */
static size_t local_size(const struct sqlite_file *file, size_t payload)
{
    size_t most = file->usable - 35, least = (file->usable - 12) * 32 / 255 - 23;

    if (payload <= most)
        return payload;
    size_t kept = least + (payload - least) % (file->usable - 4);
    return kept <= most ? kept : least;
}

/* The first bytes of a payload, in the page and along its chain; *length_out is what was got. */
static unsigned char *payload_read(struct sqlite_file *file, const struct page *page, size_t at, size_t wanted,
                                   size_t local)
{
    unsigned char *out = arena_alloc(file->arena, wanted + 1);
    size_t got = local < wanted ? local : wanted;

    memcpy(out, page->data + at, got);
    uint32_t next = got < wanted ? be32(page->data + at + local) : 0;
    while (got < wanted) {
        const unsigned char *data = page_bytes(file, next);
        if (data == NULL)
            return NULL;
        size_t step = wanted - got < file->usable - 4 ? wanted - got : file->usable - 4;
        memcpy(out + got, data + 4, step);
        got += step;
        next = be32(data);
    }
    return out;
}

static size_t serial_length(int64_t serial)
{
    static const unsigned char sizes[] = { 0, 1, 2, 3, 4, 6, 8, 8, 0, 0 };

    if (serial < 0)
        return 0;
    return serial >= 12 ? (size_t)(serial - 12) / 2 : serial < 10 ? sizes[serial] : 0;
}

static int64_t integer_of(const unsigned char *data, size_t length, int64_t serial)
{
    uint64_t number = length > 0 && data[0] & 0x80 ? UINT64_MAX : 0;

    if (serial == 8 || serial == 9)
        return serial - 8;
    for (size_t i = 0; i < length; i++)
        number = number << 8 | data[i];
    return (int64_t)number;
}

static void column_fill(struct sqlite_file *file, struct sqlite_column *column, const unsigned char *data,
                        size_t length, int64_t serial)
{
    column->is_integer = serial < 12 && serial != 7 && serial != 0;
    if (column->is_integer)
        column->integer = integer_of(data, length, serial);
    else if (serial >= 12) {
        column->data = arena_copy_n(file->arena, (const char *)data, length);
        column->length = length;
    }
}

static bool record_parse(struct sqlite_file *file, const unsigned char *data, size_t length, struct sqlite_row *out)
{
    size_t at = 0, body;
    int64_t header, serial;

    if (!varint_read(data, length, &at, &header) || header < (int64_t)at || (uint64_t)header > length)
        return false;
    body = (size_t)header;
    for (out->count = 0; at < (size_t)header && out->count < SQLITE_COLUMNS_MAX; out->count++) {
        if (!varint_read(data, (size_t)header, &at, &serial))
            return false;
        size_t column = serial_length(serial), rest = length - body;
        if (column > rest && serial < 12)
            return false;
        column = column < rest ? column : rest;
        out->columns[out->count] = (struct sqlite_column){ 0 };
        column_fill(file, &out->columns[out->count], data + body, column, serial);
        body += column;
    }
    return true;
}

/* --- the tree --- */

struct cell {
    uint32_t child; /* interior pages */
    int64_t rowid;
    size_t payload, payload_at, local; /* leaves */
};

static bool cell_read(const struct sqlite_file *file, const struct page *page, size_t index, struct cell *out)
{
    size_t at = be16(page->data + page->cell_array + index * 2);
    int64_t payload;

    if (at + 4 > file->usable)
        return false;
    *out = (struct cell){ 0 };
    if (!page->is_leaf) {
        out->child = be32(page->data + at);
        at += 4;
        return varint_read(page->data, file->usable, &at, &out->rowid);
    }
    if (!varint_read(page->data, file->usable, &at, &payload) ||
        !varint_read(page->data, file->usable, &at, &out->rowid) || payload < 0 ||
        (uint64_t)payload > (uint64_t)file->page_count * file->page_size)
        return false;
    out->payload = (size_t)payload;
    out->payload_at = at;
    out->local = local_size(file, out->payload);
    return at + out->local + (out->local < out->payload ? 4 : 0) <= file->usable;
}

static bool row_read(struct sqlite_file *file, const struct page *page, const struct cell *cell, size_t limit,
                     struct sqlite_row *out)
{
    size_t wanted = cell->payload < limit ? cell->payload : limit;
    const unsigned char *data = payload_read(file, page, cell->payload_at, wanted, cell->local);

    out->rowid = cell->rowid;
    return data != NULL && record_parse(file, data, wanted, out);
}

static uint32_t right_child(const struct page *page)
{
    return be32(page->data + page->at + 8);
}

static bool leaf_scan(struct sqlite_file *file, const struct page *page, const struct sqlite_scan *scan)
{
    struct cell cell;
    struct sqlite_row row;

    for (size_t i = 0; i < page->cells; i++)
        if (!cell_read(file, page, i, &cell) || !row_read(file, page, &cell, scan->payload_limit, &row) ||
            !scan->visit(scan->context, &row))
            return false;
    return true;
}

static bool tree_scan(struct sqlite_file *file, uint32_t number, const struct sqlite_scan *scan, int depth)
{
    struct page page;
    struct cell cell;

    if (depth > DEPTH_MAX || !page_read(file, number, &page))
        return false;
    if (page.is_leaf)
        return leaf_scan(file, &page, scan);
    for (size_t i = 0; i < page.cells; i++)
        if (!cell_read(file, &page, i, &cell) || !tree_scan(file, cell.child, scan, depth + 1))
            return false;
    return tree_scan(file, right_child(&page), scan, depth + 1);
}

void sqlite_scan(struct sqlite_file *file, const struct sqlite_scan *scan)
{
    (void)tree_scan(file, scan->root, scan, 0);
}

/* The child of an interior page where the row must be; 0 when the page is broken. */
static uint32_t child_for(const struct sqlite_file *file, const struct page *page, int64_t rowid)
{
    struct cell cell;

    for (size_t i = 0; i < page->cells; i++) {
        if (!cell_read(file, page, i, &cell))
            return 0;
        if (rowid <= cell.rowid)
            return cell.child;
    }
    return right_child(page);
}

bool sqlite_find(struct sqlite_file *file, uint32_t root, int64_t rowid, size_t payload_limit, struct sqlite_row *out)
{
    uint32_t number = root;
    struct page page;
    struct cell cell;

    for (int depth = 0; depth <= DEPTH_MAX; depth++) {
        if (!page_read(file, number, &page))
            return false;
        if (!page.is_leaf) {
            number = child_for(file, &page, rowid);
            continue;
        }
        for (size_t i = 0; i < page.cells; i++)
            if (cell_read(file, &page, i, &cell) && cell.rowid == rowid)
                return row_read(file, &page, &cell, payload_limit, out);
        return false;
    }
    return false;
}

/* Page 1 is the table of the tables: type, name, tbl_name, rootpage, sql. */
struct root_search {
    const char *table;
    uint32_t root;
};

static bool root_visit(void *context, const struct sqlite_row *row)
{
    struct root_search *search = context;
    const struct sqlite_column *columns = row->columns;

    if (row->count < 4 || columns[0].data == NULL || columns[1].data == NULL || !columns[3].is_integer ||
        strcmp(columns[0].data, "table") != 0 || strcmp(columns[1].data, search->table) != 0)
        return true;
    search->root = columns[3].integer > 0 && columns[3].integer <= UINT32_MAX ? (uint32_t)columns[3].integer : 0;
    return false;
}

uint32_t sqlite_table_root(struct sqlite_file *file, const char *table)
{
    struct root_search search = { .table = table };
    struct sqlite_scan scan = { .root = 1, .payload_limit = 4096, .visit = root_visit, .context = &search };

    sqlite_scan(file, &scan);
    return search.root;
}
