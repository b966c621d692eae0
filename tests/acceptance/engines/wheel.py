# SPDX-License-Identifier: Apache-2.0
"""Makes a small wheel for tests: NAME VERSION SOURCE FOLDER. SOURCE becomes the module NAME, NAME:main a program of that name."""

import base64
import hashlib
import pathlib
import sys
import zipfile

NAME, VERSION, SOURCE, FOLDER = sys.argv[1:]
INFO = f"{NAME}-{VERSION}.dist-info"
files = {
    f"{NAME}/__init__.py": pathlib.Path(SOURCE).read_text(encoding="utf-8").replace("VERSION", VERSION),
    f"{INFO}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n",
    f"{INFO}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    f"{INFO}/entry_points.txt": f"[console_scripts]\n{NAME} = {NAME}:main\n",
}
record = ""
for path, text in files.items():
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    record += f"{path},sha256={digest},{len(text.encode())}\n"
files[f"{INFO}/RECORD"] = record + f"{INFO}/RECORD,,\n"
with zipfile.ZipFile(pathlib.Path(FOLDER) / f"{NAME}-{VERSION}-py3-none-any.whl", "w") as wheel:
    for path, text in files.items():
        wheel.writestr(path, text)
