#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# wait-ready.sh UNIT HOST PORT SECONDS CRASHES: until the server says that its model is loaded. Ends early, with a sentence
# and status 1, when the unit has failed for good, crashes again and again, or ended.
unit=$1 host=$2 port=$3 seconds=$4 crashes=$5

property() { systemctl show --property="$1" --value "$unit"; }

health() {
    exec 3<>"/dev/tcp/$host/$port" || return 1
    printf 'GET /health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$host" >&3
    IFS= read -r -t 5 line <&3 || line=
    exec 3>&-
    [[ $line == *' 200 '* ]]
} 2>/dev/null

# A restart wipes how the process before it ended, so that is noted while it is there.
ended='it ended'
note_end() {
    local status
    status=$(property ExecMainStatus)
    case $(property ExecMainCode) in
    1) ended="it ended with status $status" ;;
    2 | 3) ended="it was ended by signal $status" ;;
    esac
}

before=$(property NRestarts)
deadline=$((SECONDS + seconds))
until [ "$(property ActiveState)" = active ] && health; do
    note_end
    state=$(property ActiveState) restarts=$(($(property NRestarts) - before))
    if [ "$state" = failed ]; then
        echo "does not run: $ended (systemd: $(property Result))"
        exit 1
    elif [ "$restarts" -ge "$crashes" ]; then
        echo "crashes again and again: $restarts restarts by systemd, at last $ended"
        exit 1
    elif [ "$state" = inactive ]; then
        echo "ended by itself: $ended"
        exit 1
    elif [ $SECONDS -ge $deadline ]; then
        echo "is not ready after $seconds seconds (systemd: $state, $(property SubState))"
        exit 1
    fi
    sleep 0.2
done
