# SPDX-License-Identifier: Apache-2.0
"""What the checks share: which files there are, C text without comments and strings, reporting."""

import re
import subprocess
import sys

PRODUCT = ("agent/", "engine/", "common/", "controller/", "cli/")

_HIDDEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def files(*patterns):
    """Paths that git tracks, or would if they were added; from the root of the repository."""
    out = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns],
        check=True, capture_output=True, text=True).stdout
    paths = sorted(set(filter(None, out.split("\0"))))
    return [path for path in paths if _is_file(path)]


def _is_file(path):
    try:
        with open(path, "rb"):
            return True
    except OSError:
        return False


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def blank(text):
    """C text with comments, strings and characters turned to spaces; the lines stay where they are."""
    return _HIDDEN.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Report:
    """Prints file:line: sentence, and ends the program with 1 if there was any."""

    def __init__(self):
        self.count = 0

    def add(self, path, line, sentence):
        self.count += 1
        print(f"{path}:{line}: {sentence}")

    def finish(self):
        sys.exit(1 if self.count else 0)
