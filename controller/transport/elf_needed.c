/* SPDX-License-Identifier: Apache-2.0 */
/* PT_INTERP of a 64-bit ELF file, bounds checked. */
#include "controller/transport/elf_needed.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/base/fd.h"

#define PROGRAM_HEADERS_MAX 64

static bool read_at(int fd, void *data, size_t length, off_t offset)
{
    return pread(fd, data, length, offset) == (ssize_t)length;
}

bool elf_interpreter(struct arena *arena, const char *path, const char **out, struct error *err)
{
    Elf64_Ehdr header;
    FD_SCOPED fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(err, "cannot read '%s'", path);
    if (!read_at(fd, &header, sizeof(header), 0) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 ||
        header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_phentsize != sizeof(Elf64_Phdr) ||
        header.e_phnum > PROGRAM_HEADERS_MAX)
        return error_set(err, "'%s' is not a 64-bit ELF program", path);
    for (unsigned i = 0; i < header.e_phnum; i++) {
        Elf64_Phdr part;
        if (!read_at(fd, &part, sizeof(part), (off_t)(header.e_phoff + i * sizeof(part))) || part.p_type != PT_INTERP)
            continue;
        if (part.p_filesz < 2 || part.p_filesz > LIMIT_PATH)
            break;
        char *name = arena_alloc(arena, part.p_filesz + 1);
        if (!read_at(fd, name, part.p_filesz, (off_t)part.p_offset))
            break;
        *out = name;
        return true;
    }
    return error_set(err, "'%s' names no dynamic loader: it is not a dynamically linked program", path);
}
