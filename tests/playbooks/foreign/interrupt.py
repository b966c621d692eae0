# SPDX-License-Identifier: Apache-2.0
# interrupt.py FILE COMMAND...: starts COMMAND, sends it Ctrl-C once FILE is there, and waits until it has ended and the
# processes whose numbers are in FILE, too.
import os
import signal
import subprocess
import sys
import time

LONGEST = 100  # seconds


def wait_for(what, sentence):
    end = time.monotonic() + LONGEST
    while not what():
        if time.monotonic() > end:
            sys.exit(sentence)
        time.sleep(0.05)


def is_gone(process):
    try:
        with open("/proc/%d/stat" % process) as stat:
            return stat.read().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


command = subprocess.Popen(sys.argv[2:], start_new_session=True)
wait_for(lambda: os.path.exists(sys.argv[1]) or command.poll() is not None, "the plugin was not started")
if command.poll() is not None:
    sys.exit("the command has ended before")
with open(sys.argv[1]) as file:
    processes = [int(word) for word in file.read().split()]
command.send_signal(signal.SIGINT)
wait_for(lambda: command.poll() is not None, "the command does not end")
if command.returncode == 0:
    sys.exit("an interrupted run must not end with 0")
wait_for(lambda: all(map(is_gone, processes)), "the plugin goes on, or what it has started")
