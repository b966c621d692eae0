#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# port-holder.sh UNIT ADDRESS PORT: prints who listens there and is not of that unit; nothing if nobody does.
unit=$1 address=$2 port=$3
command -v ss >/dev/null || exit 0

while read -r _ _ _ local _ process; do
    where=${local%:*}
    case $where in '*' | 0.0.0.0 | '[::]' | "$address" | "[$address]") ;; *)
        case $address in 0.0.0.0 | ::) ;; *) continue ;; esac
        ;;
    esac
    pids=$(grep -o 'pid=[0-9]*' <<<"$process" | cut -d= -f2)
    for pid in $pids; do
        ! grep -q "/$unit\(/\|$\)" "/proc/$pid/cgroup" 2>/dev/null || continue 2
    done
    name=$(grep -o '"[^"]*"' <<<"$process" | head -n 1 | tr -d '"')
    owner=$(sed -n 's#.*/\([^/]*\.\(service\|scope\)\)\(/.*\)\{0,1\}$#\1#p' "/proc/${pids%%[!0-9]*}/cgroup" 2>/dev/null | head -n 1)
    echo "${name:-another process} (process ${pids%%[!0-9]*}${owner:+, $owner})"
    exit 0
done < <(ss -Hltnp "sport = :$port")
