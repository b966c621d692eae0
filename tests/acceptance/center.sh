#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The controller's core with a daemon on this machine: lost and back, told by webhook and by the fleet's log, which is followed over a
# restart; refusals in the audit log; a backup while it runs, restored in another place, with which the node goes on.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
export XDG_CONFIG_HOME=$DESK/config
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
address=127.0.0.1:$port

controller_start() { # FOLDER
    setpriv --pdeathsig KILL "$BUILD/roost" controller --state "$1" --listen "$address" --address "$address" --lost-after 8 >controller.log 2>&1 &
    controller=$!
    eventually 20 curl -sfk "https://$address/health"
}

controller_stop() {
    kill "$controller"
    wait "$controller" || fail "the controller ended with $?"
}

says() { # PATTERN VERB...: roost's output holds it
    local pattern=$1
    shift
    "$BUILD/roost" "$@" | grep -E "$pattern" >/dev/null # not -q: who is cut off while writing has failed
}
file_says() { grep -Eq "$1" "$2"; }

step "a controller, and who is told"
roost_ends 0 controller init --state one --listen "$address" --address "$address"
roost_ends 0 controller init --state one --listen "$address" --address "$address"
check_contains "a second init" "All is there" "$OUT"
controller_start one
cat >receiver.py <<'PYTHON'
import hashlib, hmac, http.server, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stamp, given = (part.split("=", 1)[1] for part in self.headers["Roost-Signature"].split(","))
        good = hmac.new(open("secret").read().strip().encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest() == given
        print(self.headers["Roost-Event"], "signed" if good else "FORGED", body.decode(), flush=True)
        self.send_response(204)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
open("receiver.port", "w").write(str(server.server_port))
server.serve_forever()
PYTHON
setpriv --pdeathsig KILL python3 -B receiver.py >received 2>receiver.log &
eventually 10 test -s receiver.port
roost_ends 1 webhooks add far "http://192.0.2.1/x"
check_contains "no plain http to elsewhere" "http:// goes to loopback only" "$NOTES"
roost_ends 0 webhooks add near "http://127.0.0.1:$(cat receiver.port)/token-in-path" --kinds node_lost,node_back
printf '%s' "$OUT" >secret
roost_ends 0 webhooks
check_contains "of the URL the host only" "/..." "$OUT"
roost_ends 0 webhooks test near
eventually 10 file_says '^test signed' received

step "a node joins, and goes silent"
setpriv --pdeathsig KILL "$BUILD/roost" events -f >followed 2>followed.notes &
roost_ends 0 joins token --name box
"$BUILD/roost-agent" join - --name box --state "$DESK/agent" <<<"$OUT" >join.log 2>&1 || fail "join: $(cat join.log)"
echo "policy: report" >agent.yml
setpriv --pdeathsig KILL "$BUILD/roost-agent" daemon --state "$DESK/agent" --config "$DESK/agent.yml" >daemon.log 2>&1 &
daemon=$!
eventually 20 says '"agent": "' nodes show box --json
kill -STOP "$daemon"
eventually 20 says 'box +active +lost' nodes
roost_ends 0 nodes check box
check_contains "it is told when it comes back" "it will be told when it comes back" "$OUT"
roost_ends 0 status
check_contains "counted as lost" "lost" "$OUT"
eventually 10 file_says '^node_lost signed .*"node":"box"' received
roost_ends 0 joins token
roost_ends 0 joins tokens
roost_ends 0 joins take-back "$(awk 'NR == 2 { print $1 }' <<<"$OUT")"
roost_ends 0 joins tokens
check_contains "taken back" "No join string is waiting" "$OUT"

step "a restart: who follows goes on behind the last number, and the node comes back"
controller_stop
controller_start one
kill -CONT "$daemon"
eventually 20 file_says '^node_back signed' received
eventually 20 file_says 'node.back +box' followed
check_equal "each event once" "$(sort -u followed | wc -l)" "$(wc -l <followed)"
for kind in node.joined node.lost node.back; do
    check_equal "$kind is told once" 1 "$(grep -c "$kind" followed)"
done

step "what is refused is in the audit log, which is whole"
for _ in 1 2 3 4 5; do
    curl -sk -o /dev/null -H "Authorization: Bearer nonsense" "https://$address/api/v1/nodes"
done
eventually 5 says 'refused.token .*count 1' audit
roost_ends 0 audit verify
check_contains "the chain" "The audit log is whole" "$OUT"

step "a backup while it runs, restored elsewhere"
roost_ends 0 controller backup all.tar --state one
check_equal "private" 600 "$(stat -c %a all.tar)"
roost_ends 1 controller restore all.tar --state one
check_contains "not into one that runs" "another controller uses the store" "$NOTES"
before=$("$BUILD/roost" nodes show box --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["reported"])')
controller_stop
head -c 5000 all.tar >half.tar
roost_ends 1 controller restore half.tar --state two
roost_ends 0 controller restore all.tar --state two
controller_start two
roost_ends 0 nodes facts box
more_reported() { [ "$("$BUILD/roost" nodes show box --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["reported"])')" -gt "$before" ]; }
eventually 30 more_reported
roost_ends 0 nodes revoke box
roost_ends 0 nodes remove box
roost_ends 0 nodes
check_contains "forgotten" "No node has joined yet" "$OUT"
roost_ends 0 events --kind node.revoked
check_contains "its story stays" "node.revoked +box" "$(tr -s ' ' <<<"$OUT" | sed 's/ / +/g')"
kill -KILL "$daemon"
wait "$daemon" 2>/dev/null || true
controller_stop
