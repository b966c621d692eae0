# SPDX-License-Identifier: Apache-2.0
"""Stands in for uv in tests: `uv sync --locked --no-dev --python VERSION --extra=NAME` makes .venv with Python's own venv and pip."""

import os
import pathlib
import subprocess
import sys
import tomllib


def main():
    """uv sync in the current folder."""
    if sys.argv[1:4] != ["sync", "--locked", "--no-dev"]:
        sys.exit("uv: unknown arguments " + " ".join(sys.argv[1:]))
    project = tomllib.loads(pathlib.Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    if not pathlib.Path("uv.lock").exists():
        sys.exit("error: Unable to find lockfile at `uv.lock`")
    for word in sys.argv[1:]:
        if word.startswith("--extra=") and word[8:] not in project["optional-dependencies"]:
            sys.exit(f"error: Extra `{word[8:]}` is not defined in the project's `optional-dependencies` table")
    if os.getuid() == 0:
        sys.exit("uv: builds run as root")
    subprocess.run(["cargo", "--version"], check=True)
    pathlib.Path(os.environ["UV_CACHE_DIR"]).mkdir(parents=True)
    subprocess.run(["/usr/bin/python3", "-m", "venv", ".venv"], check=True)
    subprocess.run([".venv/bin/pip", "install", "--quiet", "--no-index", "--editable", "."], check=True)
