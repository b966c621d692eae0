# SPDX-License-Identifier: Apache-2.0
"""What changed on a node's disk since its image, as JSON: path -> what is there now, or null when it is gone.

Arguments: the node's root as it sees it, the overlay's upper layer, its lower layers (joined by colons). What is in the
upper layer but says the same as the image is no change.
"""
import hashlib
import json
import os
import stat
import sys

KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
         stat.S_IFCHR: "device", stat.S_IFBLK: "device", stat.S_IFSOCK: "socket"}


def describe(path):
    """A file's kind, mode, owner and content; None if there is none."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    kind = KINDS.get(stat.S_IFMT(status.st_mode), "?")
    result = {"kind": kind, "owner": f"{status.st_uid}:{status.st_gid}"}
    if kind == "link":
        result["target"] = os.readlink(path)
    else:
        result["mode"] = f"{stat.S_IMODE(status.st_mode):04o}"
    if kind == "file":
        with open(path, "rb") as file:
            data = file.read()
        result["sha256"] = hashlib.sha256(data).hexdigest()
        if len(data) < 65536:
            result["text"] = data.decode("utf-8", "surrogateescape").encode("utf-8", "replace").decode()
    return result


def is_opaque(path):
    try:
        return os.getxattr(path, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False


def in_image(lowers, path):
    for lower in lowers:
        found = describe(os.path.join(lower, path))
        if found:
            return found if found["kind"] != "device" else None
    return None


def hidden_names(lowers, path):
    names = set()
    for lower in lowers:
        folder = os.path.join(lower, path)
        if os.path.isdir(folder) and not os.path.islink(folder):
            names.update(os.listdir(folder))
    return names


def changes(root, upper, lowers):
    found = {}

    def look(path):
        now, before = describe(os.path.join(root, path)), in_image(lowers, path)
        if now != before:
            found["/" + path] = now

    for folder, folders, files in os.walk(upper):
        inside = os.path.relpath(folder, upper)
        inside = "" if inside == "." else inside
        names = set(folders) | set(files)
        if is_opaque(folder):
            names |= hidden_names(lowers, inside)
        for name in sorted(names):
            look(os.path.join(inside, name))
    return found


def main():
    root, upper, lowers = sys.argv[1], sys.argv[2], sys.argv[3].split(":")
    json.dump(changes(root, upper, lowers), sys.stdout, indent=0, sort_keys=True)


main()
