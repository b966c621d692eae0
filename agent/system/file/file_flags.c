/* SPDX-License-Identifier: Apache-2.0 */
/* Inode flags: one table of letters, two ioctls. */
#include "agent/system/file/file_flags.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/fd.h"

struct flag {
    char letter;
    bool settable; /* chattr takes it */
    unsigned bit;
    const char *name; /* Ansible's word; NULL: it has none */
};

/* In lsattr's order. */
static const struct flag flag_table[] = {
    { 's', true, 0x00000001, "zero" },        { 'u', true, 0x00000002, "undelete" },
    { 'S', true, 0x00000008, "synchronous" }, { 'D', true, 0x00010000, "dirsync" },
    { 'i', true, 0x00000010, "immutable" },   { 'a', true, 0x00000020, "append" },
    { 'd', true, 0x00000040, "nodump" },      { 'A', true, 0x00000080, "noatime" },
    { 'c', true, 0x00000004, "compressed" },  { 'E', false, 0x00000800, "encrypted" },
    { 'j', true, 0x00004000, "journalled" },  { 'I', false, 0x00001000, "indexed" },
    { 't', true, 0x00008000, "notail" },      { 'T', true, 0x00020000, "blockroot" },
    { 'e', true, 0x00080000, "extents" },     { 'C', true, 0x00800000, "nocow" },
    { 'x', true, 0x02000000, NULL },          { 'F', true, 0x40000000, NULL },
    { 'N', false, 0x10000000, "inline" },     { 'P', true, 0x20000000, NULL },
    { 'V', false, 0x00100000, NULL },         { 'm', true, 0x00000400, NULL },
};
#define FLAG_COUNT (sizeof(flag_table) / sizeof(flag_table[0]))
#define FLAG_DIRSYNC 0x00010000u

static const struct flag *flag_find(char letter)
{
    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (flag_table[i].letter == letter)
            return &flag_table[i];
    }
    return NULL;
}

/* Only files and folders have flags; opening a device could have effects of its own. */
static int flags_open(const char *path)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return -1;
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

bool file_flags_get(const char *path, struct file_flags *out)
{
    int bits = 0, version = 0;
    FD_SCOPED fd = flags_open(path);

    if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &bits) != 0)
        return false;
    bool has_version = ioctl(fd, FS_IOC_GETVERSION, &version) == 0;
    *out = (struct file_flags){ .bits = (unsigned)bits, .version = (uint32_t)version, .has_version = has_version };
    return true;
}

void file_flags_letters(unsigned bits, char out[FILE_FLAGS_LETTERS])
{
    size_t length = 0;

    for (size_t i = 0; i < FLAG_COUNT; i++) {
        if (bits & flag_table[i].bit)
            out[length++] = flag_table[i].letter;
    }
    out[length] = '\0';
}

struct value *file_flags_names(struct arena *arena, const char *letters)
{
    struct value *list = value_list(arena);

    for (; *letters; letters++) {
        const struct flag *flag = flag_find(*letters);
        if (flag && flag->name)
            value_list_add(arena, list, value_string(arena, flag->name));
    }
    return list;
}

bool file_flags_parse(const char *text, unsigned bits, unsigned *out, struct error *err)
{
    char operation = '=';
    unsigned given = 0;

    if (*text == '+' || *text == '-' || *text == '=')
        operation = *text++;
    for (; *text; text++) {
        const struct flag *flag = flag_find(*text);
        if (!flag || !flag->settable)
            return error_set(err, "'%c' is not an attribute that can be set", *text);
        given |= flag->bit;
    }
    *out = operation == '+' ? bits | given : operation == '-' ? bits & ~given : given;
    return true;
}

bool file_flags_set(const char *path, unsigned bits, struct error *err)
{
    struct stat info;
    FD_SCOPED fd = flags_open(path);

    if (fd < 0 || fstat(fd, &info) != 0)
        return error_set_errno(err, "cannot set the attributes of '%s'", path);
    int wanted = (int)(S_ISDIR(info.st_mode) ? bits : bits & ~FLAG_DIRSYNC);
    if (ioctl(fd, FS_IOC_SETFLAGS, &wanted) != 0)
        return error_set_errno(err, "cannot set the attributes of '%s'", path);
    return true;
}
