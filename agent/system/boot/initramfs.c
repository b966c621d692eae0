/* SPDX-License-Identifier: Apache-2.0 */
/* Initial RAM disks: found in /boot, listed and made anew by the distribution's own programs. */
#include "agent/system/boot/initramfs.h"

#include <glob.h>
#include <string.h>

#include "agent/system/process/process.h"
#include "common/base/path.h"
#include "common/base/text.h"

static bool is_image(const char *name)
{
    /* Not those for a crash, for a rescue, or what update-initramfs keeps of before. */
    return strstr(name, "kdump") == NULL && strstr(name, "-0-rescue") == NULL && !text_ends(name, ".bak") &&
           !text_ends(name, ".old") && !text_ends(name, ".new") && !text_ends(name, "-backup");
}

static void find_images(const struct system *system, struct arena *arena, const char *pattern, struct initramfs *out)
{
    glob_t found;

    if (glob(system_path(system, arena, pattern), 0, NULL, &found) != 0)
        return;
    for (size_t i = 0; i < found.gl_pathc && out->count < INITRAMFS_IMAGES_MAX; i++) {
        const char *name = path_basename(found.gl_pathv[i]);

        if (is_image(name))
            out->images[out->count++] = arena_printf(arena, "/boot/%s", name);
    }
    globfree(&found);
}

void initramfs_find(const struct system *system, struct arena *arena, struct initramfs *out)
{
    bool has_debian = process_find(system, arena, "update-initramfs") != NULL;
    bool has_dracut = process_find(system, arena, "dracut") != NULL;
    bool has_debian_lister = process_find(system, arena, "lsinitramfs") != NULL;
    bool has_dracut_lister = process_find(system, arena, "lsinitrd") != NULL;

    *out = (struct initramfs){ 0 };
    find_images(system, arena, "/boot/initrd.img-*", out);
    bool is_debian = out->count > 0; /* by the images' name; dracut on Debian uses it too */
    find_images(system, arena, "/boot/initramfs-*.img", out);
    if (has_dracut && !(has_debian && is_debian))
        out->command = "dracut --force --regenerate-all";
    else if (has_debian)
        out->command = "update-initramfs -u -k all";
    if (has_dracut_lister && !(has_debian_lister && is_debian))
        out->lister = "lsinitrd";
    else if (has_debian_lister)
        out->lister = "lsinitramfs";
}

/* A line of the listing ends in .../ttm.ko, perhaps compressed. */
static bool listing_has(struct arena *arena, const char *listing, const char *module)
{
    const char *wanted = arena_printf(arena, "/%s.ko", module);

    for (const char *at = strstr(listing, wanted); at != NULL; at = strstr(at + 1, wanted)) {
        const char *end = at + strlen(wanted);
        if (*end == '\n' || *end == '\0' || *end == '.' || *end == '\r')
            return true;
    }
    return false;
}

bool initramfs_with_module(const struct system *system, struct arena *arena, const struct initramfs *initramfs,
                           const char *module, const char **out, struct error *err)
{
    *out = NULL;
    if (initramfs->count == 0)
        return true;
    if (initramfs->lister == NULL)
        return error_set(err, "cannot tell whether %s holds the module %s: neither lsinitramfs nor lsinitrd is there",
                         initramfs->images[0], module);
    for (size_t i = 0; i < initramfs->count; i++) {
        const char *image = system_path(system, arena, initramfs->images[i]);
        struct process_request request = PROCESS(initramfs->lister, image);
        struct process_result result;

        if (!process_run_ok(system, arena, &request, &result, err))
            return error_prefix(err, "listing %s", initramfs->images[i]);
        if (!listing_has(arena, result.output, module))
            continue;
        *out = initramfs->images[i];
        return true;
    }
    return true;
}

bool initramfs_refresh(const struct system *system, struct arena *arena, const struct initramfs *initramfs,
                       struct error *err)
{
    struct process_result result;
    size_t count = 0;

    if (initramfs->command == NULL)
        return error_set(err, "%s must be made anew, but neither update-initramfs nor dracut is there",
                         initramfs->count > 0 ? initramfs->images[0] : "the initramfs");
    struct process_request request = PROCESS("");
    request.argv = (const char *const *)text_split(arena, initramfs->command, ' ', &count);
    return process_run_ok(system, arena, &request, &result, err);
}
