# SPDX-License-Identifier: Apache-2.0
"""An archive server for tests: ADDRESS FOLDER PORT-FILE LOG PID. Ends when the process PID is gone."""

import functools
import http.server
import os
import sys
import threading

ADDRESS, FOLDER, PORT_FILE, LOG, PID = sys.argv[1:]


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of one folder; every request is a line of the log."""

    def log_message(self, format, *args):  # pylint: disable=redefined-builtin
        with open(LOG, "a", encoding="utf-8") as log:
            log.write(format % args + "\n")


def end_with(owner):
    """Waits for the owner's end."""
    descriptor = os.pidfd_open(owner)
    import select  # pylint: disable=import-outside-toplevel

    select.select([descriptor], [], [])
    os._exit(0)  # pylint: disable=protected-access


open(LOG, "a", encoding="utf-8").close()
server = http.server.ThreadingHTTPServer((ADDRESS, 0), functools.partial(Handler, directory=FOLDER))
threading.Thread(target=end_with, args=(int(PID),), daemon=True).start()
with open(PORT_FILE + ".new", "w", encoding="utf-8") as file:
    file.write(str(server.server_address[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
