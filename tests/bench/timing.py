# SPDX-License-Identifier: Apache-2.0
"""How long a command takes, for the benches beside this file."""
import os
import statistics
import subprocess
import sys
import time

TIMES = 21


def milliseconds(command, may_end_with=(0,)):
    """Median of wall and of processor time."""
    walls, processors = [], []
    for _ in range(TIMES):
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        walls.append(1000 * (time.perf_counter() - start))
        processors.append(1000 * (used.ru_utime + used.ru_stime))
        if process.returncode not in may_end_with:
            sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    return statistics.median(walls), statistics.median(processors)
