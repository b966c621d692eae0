/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File descriptors: scoped closing, whole reads and writes. Everything opens with O_CLOEXEC.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/base/arena.h"
#include "common/base/error.h"

void fd_close(int fd); /* keeps errno; negative is fine */
void fd_guard(int *fd);
#define FD_SCOPED __attribute__((cleanup(fd_guard))) int

/* All bytes or an error; restarts on EINTR, waits on EAGAIN. */
bool fd_write_all(int fd, const void *data, size_t length, struct error *err);
/* Reads up to `length`; *got_out is smaller only at end of file. */
bool fd_read_all(int fd, void *data, size_t length, size_t *got_out, struct error *err);
bool fd_set_nonblocking(int fd, bool on, struct error *err);

/* The folder and those above it that are missing, which get mode 0755; one that is there stays as it is. */
bool folder_create(struct arena *arena, const char *path, mode_t mode, struct error *err);
/* What was made, renamed and removed in it survives a power cut from now on. "" is the current folder. */
bool folder_sync(const char *folder, struct error *err);

/* Whole file, NUL added behind it. Refuses files over `limit` bytes by name. */
bool file_read(struct arena *arena, const char *path, size_t limit, char **data_out, size_t *length_out,
               struct error *err);
