/* SPDX-License-Identifier: Apache-2.0 */
/* Machine, kernel, processor, IOMMU, tuned, packages. docs/facts.md says which file is behind which key. */
#include "agent/facts/roost_parts.h"

#include <string.h>

#include "agent/system/package/package_versions.h"
#include "common/base/text.h"

struct value *roost_machine(const struct sysfs *fs)
{
    static const char folder[] = "/sys/class/dmi/id";
    struct value *map = value_map(fs->arena);

    sysfs_put_text(fs, map, "vendor", folder, "sys_vendor");
    sysfs_put_text(fs, map, "product", folder, "product_name");
    sysfs_put_text(fs, map, "board", folder, "board_name");
    sysfs_put_text(fs, map, "bios_version", folder, "bios_version");
    sysfs_put_text(fs, map, "bios_date", folder, "bios_date");
    return map;
}

/* "6.18.9" of "6.18.9-200.fc43.x86_64". */
static const char *kernel_version(struct arena *arena, const char *release)
{
    size_t length = release != NULL ? strspn(release, "0123456789.") : 0;

    while (length > 0 && release[length - 1] == '.')
        length--;
    return length > 0 ? arena_copy_n(arena, release, length) : NULL;
}

struct value *roost_kernel(const struct sysfs *fs)
{
    struct value *map = value_map(fs->arena);
    const char *release = sysfs_text(fs, "/proc/sys/kernel", "osrelease");

    sysfs_put(fs, map, "release", release);
    sysfs_put(fs, map, "version", kernel_version(fs->arena, release));
    sysfs_put_text(fs, map, "build", "/proc/sys/kernel", "version");
    sysfs_put_text(fs, map, "command_line", "/proc", "cmdline");
    return map;
}

struct value *roost_cpu(const struct sysfs *fs)
{
    static const char folder[] = "/sys/devices/system/cpu/cpu0/cpufreq";
    struct value *map = value_map(fs->arena);

    sysfs_put_text(fs, map, "driver", folder, "scaling_driver");
    sysfs_put_text(fs, map, "governor", folder, "scaling_governor");
    sysfs_put_text(fs, map, "energy_preference", folder, "energy_performance_preference");
    sysfs_put_text(fs, map, "platform_profile", "/sys/firmware/acpi", "platform_profile");
    return map;
}

struct value *roost_iommu(const struct sysfs *fs)
{
    static const char folder[] = "/sys/kernel/iommu_groups";
    const char *const *groups = sysfs_numbered(fs, folder, "");
    struct value *map = value_map(fs->arena);
    int64_t count = 0;

    while (groups[count] != NULL)
        count++;
    value_map_put_bool(fs->arena, map, "is_enabled", count > 0);
    value_map_put_int(fs->arena, map, "groups_count", count);
    if (count > 0)
        sysfs_put_text(fs, map, "domain_type", arena_printf(fs->arena, "%s/%s", folder, groups[0]), "type");
    return map;
}

struct value *roost_tuned(const struct sysfs *fs)
{
    struct value *map = value_map(fs->arena);

    if (!sysfs_exists(fs, "/etc", "tuned"))
        return map;
    sysfs_put_text(fs, map, "profile", "/etc/tuned", "active_profile");
    sysfs_put_text(fs, map, "mode", "/etc/tuned", "profile_mode");
    value_map_put_bool(fs->arena, map, "is_running", sysfs_exists(fs, "/run/tuned", "tuned.pid"));
    return map;
}

/* What the rules of `roost doctor` and the roles ask about. */
static const char *const package_names[] = {
    "linux-firmware",
    "firmware-amd-graphics",
    "amd-gpu-firmware",
    "amd-ucode-firmware",
    "amd64-microcode",
    "amdgpu-dkms",
    "amdgpu-dkms-firmware",
    "rocm-core",
    "rocm",
    "rocm-hip-runtime",
    "rocm-runtime",
    "amdrocm",
    "mesa-vulkan-drivers",
    "libdrm-amdgpu1",
    "llama.cpp",
    "llama.cpp-tools",
    "llama-cpp",
    "libggml0",
    "libggml0-backend-hip",
    "libggml0-backend-vulkan",
    "ollama",
    "libggml0-backend-rpc",
    "lemonade-server",
    "tuned",
    "tuned-ppd",
    "power-profiles-daemon",
    "nvidia-dkms",
    "dracut",
    "initramfs-tools",
    NULL,
};

/* The package that holds the GPU's firmware, the most particular one first. */
static const char *const firmware_names[] = { "amd-gpu-firmware", "firmware-amd-graphics", "linux-firmware" };

void roost_put_packages(const struct sysfs *fs, struct value *roost)
{
    struct value *packages = value_map(fs->arena);
    const char *manager = package_versions(fs, package_names, packages);
    int64_t date = 0;

    for (size_t i = 0; i < sizeof firmware_names / sizeof firmware_names[0] && date == 0; i++) {
        const char *version = value_map_text(packages, firmware_names[i]);
        date = version != NULL ? package_version_date(version) : 0;
    }
    value_map_put(fs->arena, roost, "packages", packages);
    sysfs_put(fs, roost, "package_manager", manager);
    if (date > 0)
        value_map_put_int(fs->arena, roost, "linux_firmware_date", date);
}
