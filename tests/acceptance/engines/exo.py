# SPDX-License-Identifier: Apache-2.0
"""Packs a source archive laid out as exo's: VERSION SOURCE ARCHIVE. SOURCE becomes src/exo/main.py. It builds with no network."""

import io
import pathlib
import sys
import tarfile

VERSION, SOURCE, ARCHIVE = sys.argv[1:]
BACKEND = '''
import base64, hashlib, pathlib, zipfile


def get_requires_for_build_editable(config_settings=None):
    return []


def build_editable(folder, config_settings=None, metadata_directory=None):
    info = "exo-0.3.70.dist-info"
    files = {
        "exo.pth": str(pathlib.Path("src").resolve()) + "\\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\\nName: exo\\nVersion: 0.3.70\\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        f"{info}/entry_points.txt": "[console_scripts]\\nexo = exo.main:main\\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\\n"
    name = "exo-0.3.70-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return name
'''
PROJECT = """[project]
name = "exo"
version = "0.3.70"

[project.scripts]
exo = "exo.main:main"

[project.optional-dependencies]
cpu = []

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
files = {
    "pyproject.toml": PROJECT,
    "backend.py": BACKEND,
    "uv.lock": "version = 1\n",
    "src/exo/__init__.py": "",
    "src/exo/main.py": pathlib.Path(SOURCE).read_text(encoding="utf-8").replace("VERSION", VERSION),
    "resources/README": "model cards\n",
    "dashboard/package.json": '{ "name": "exo-dashboard", "scripts": { "build": "vite build" } }\n',
    "dashboard/package-lock.json": "{}\n",
}
folders = {str(folder) for path in files for folder in pathlib.PurePath(f"exo-{VERSION}/{path}").parents} - {"."}
with tarfile.open(ARCHIVE, "w:gz") as archive:
    for path in sorted(folders):
        entry = tarfile.TarInfo(path)
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(entry)
    for path, text in files.items():
        entry = tarfile.TarInfo(f"exo-{VERSION}/{path}")
        entry.size, entry.mode = len(text.encode()), 0o644
        archive.addfile(entry, io.BytesIO(text.encode()))
