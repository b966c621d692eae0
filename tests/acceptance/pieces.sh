#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Pieces of workloads on real nodes: made, guarded, refused, ended without a trace; and by the daemon: told within a second when one
# dies, left alone by restarts of the agent, made again after a reboot without a controller, ended when a lease runs out.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
desk_begin
node create n1 trixie+engines # it has nft, the other one has not
node boot n1
nodes_start trixie n2
node wait n1
node inventory n1 n2 >hosts.ini
export XDG_CONFIG_HOME=$DESK/config
gateway=$(node exec n1 ip -4 route show default </dev/null | awk '{ print $3 }')
n1=$(node ip n1) n2=$(node ip n2)
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])')

on() { node exec "$1" sh -c "$2" </dev/null; }

step "the agent on both nodes, a controller that they have joined"
roost_ends 0 controller init --state controller --listen "$gateway:$port" --address "$gateway:$port"
setpriv --pdeathsig KILL "$BUILD/roost" controller --state controller --listen "$gateway:$port" --address "$gateway:$port" >controller.log 2>&1 &
controller=$!
eventually 20 curl -sfk "https://$gateway:$port/health"
roost_ends 0 run -i hosts.ini all -m ping
for name in n1 n2; do
    node exec $name sh -c 'cp -a /var/lib/roost/agent-* /opt/roost-agent && cat >/usr/local/bin/roost-agent && chmod 755 /usr/local/bin/roost-agent' <<'WRAPPER'
#!/bin/sh
exec /opt/roost-agent/loader --inhibit-cache --library-path /opt/roost-agent/lib /opt/roost-agent/roost-agent "$@"
WRAPPER
done
roost_ends 0 joins token --name n1
node exec n1 roost-agent join - <<<"$OUT" >join.log 2>&1 || fail "$(cat join.log)"
kill -9 "$controller"
wait "$controller" 2>/dev/null || true

# place NODE: standard input, a placement, is made there by hand; its report is what `said` knows.
place() {
    node exec "$1" sh -c 'cat >/root/placement.json'
    place_again "$1"
}
declare -A members=()
place_again() {
    local name=$1 report key value
    report=$(on "$name" 'roost-agent pieces apply /root/placement.json --json') || fail "apply: $report"
    members=()
    while IFS= read -r -d '' key && IFS= read -r -d '' value; do
        members[$key]=$value
    done < <(python3 -ISc 'import json, sys
for piece in json.load(sys.stdin)["pieces"]:
    for key, value in piece.items(): print(piece["name"], f" {key}\0{value}\0", sep="", end="")' <<<"$report")
}
# said PIECE MEMBER: of the report
said() { printf '%s\n' "${members["$1 $2"]-}"; }
reaches() { node exec "$1" timeout "${4:-2}" bash -c "exec 3<>/dev/tcp/$2/$3" </dev/null 2>/dev/null; }
is_closed() { ! timeout 1 bash -c "exec 3<>/dev/tcp/$1/$2" 2>/dev/null; } # to this machine
listener='"program": "/usr/bin/systemd-socket-activate"'

step "made by hand: each for itself, the wrong ones with a sentence"
place n1 <<JSON
{"epoch": 1, "pieces": [
 {"name": "t.0.1.worker", $listener, "arguments": ["--accept", "--inetd", "-l", "$n1:7000", "/bin/cat"], "ports": [{"port": 7000, "address": "$n1", "from": ["$n2"]}]},
 {"name": "t.0.1.steady", "program": "/bin/sleep", "arguments": ["1000"]},
 {"name": "t.0.1.dies", "program": "/bin/sh", "arguments": ["-c", "echo last words; exit 3"]},
 {"name": "t.0.1.job", "kind": "job", "program": "/bin/sh", "state": "job", "arguments": ["-c", "id -u; echo \$A; echo \$S; ls /var/lib/roost; pwd"],
  "environment": {"A": "100% \$HOME \"x\""}, "secrets": {"S": "s3cret \$x"}},
 {"name": "t.0.1.other-build", "program": "/bin/sleep", "build": "b1"},
 {"name": "t.0.1.missing", "program": "ollama"},
 {"name": "t.0.1.taken", $listener, "ports": [{"port": 22, "address": "$n1"}]},
 {"name": "t.0.1.wrong", "program": "sleep/../x"}]}
JSON
check_equal "worker" running "$(said t.0.1.worker state)"
# what starts well may still be running when it is told, and the journal may be behind
have_ended() {
    place_again n1
    [ "$(said t.0.1.dies state) $(said t.0.1.job state)" = "failed ended" ] && [[ $(said t.0.1.dies log) == *"last words"* ]]
}
eventually 10 have_ended
check_equal "dies" "it ended with exit code 3" "$(said t.0.1.dies sentence)"
check_contains "the job's words are its own" $'100% $HOME "x"\ns3cret $x\n' "$(said t.0.1.job output)"
check_fails grep -q '^0$' <<<"$(said t.0.1.job output)"
check_contains "another build" "and 'b1' is asked for" "$(said t.0.1.other-build sentence)"
check_equal "not there" "refused ollama is not installed on this node" "$(said t.0.1.missing state) $(said t.0.1.missing sentence)"
check_contains "a port in use" "port 22 of $n1 is in use already, by 'sshd'" "$(said t.0.1.taken sentence)"
check_contains "nonsense" "'program'" "$(said t.0.1.wrong sentence)"
check_fails on n1 'grep -r "s3cre[t]" /run/systemd/system || cat /proc/[0-9]*/cmdline | grep -a "s3cre[t]"'

step "its port is closed to all but those that it names"
reaches n2 "$n1" 7000 || fail "the one that is named does not get there"
is_closed "$n1" 7000 || fail "it lets in who is not named"
on n1 'nft flush ruleset' # somebody else's doing
on n1 'roost-agent pieces apply /root/placement.json >/dev/null'
is_closed "$n1" 7000 || fail "it lets in who is not named"

step "what is the same is left alone, what is another one is made anew, what nobody knows goes"
steady=$(said t.0.1.steady pid)
on n1 'systemd-run --quiet --unit=roost-piece-old sleep 1000'
place n1 <<JSON
{"epoch": 2, "pieces": [
 {"name": "t.0.1.worker", $listener, "arguments": ["--accept", "--inetd", "-l", "$n1:7001", "/bin/cat"], "ports": [{"port": 7001, "address": "$n1", "from": ["$n2"]}]},
 {"name": "t.0.1.steady", "program": "/bin/sleep", "arguments": ["1000"]}]}
JSON
check_equal "left alone" "running $steady" "$(said t.0.1.steady state) $(said t.0.1.steady pid)"
reaches n2 "$n1" 7001 || fail "not moved to its new port"
check_equal "units" "roost-piece-t.0.1.steady.service roost-piece-t.0.1.worker.service" \
    "$(on n1 'systemctl list-units --all --plain --no-legend "roost-piece-*"' | awk '{ print $1 }' | sort | paste -sd ' ')"

step "without nft no port is opened"
place n2 <<JSON
{"epoch": 1, "pieces": [{"name": "w", $listener, "arguments": ["--accept", "--inetd", "-l", "$n2:7000", "/bin/cat"], "ports": [{"port": 7000, "address": "$n2", "from": ["$n1"]}]}]}
JSON
check_contains "nft is missing" "refused its ports cannot be closed to others: there is no nftables on this node: nft is missing" "$(said w state) $(said w sentence)"
check_fails reaches n1 "$n2" 7000

step "nothing is left"
on n1 'roost-agent pieces end >/dev/null'
check_equal "units, rules, folders" "" "$(on n1 'systemctl list-units --all --plain --no-legend "roost-*"; ls /run/systemd/system | grep roost; nft list tables | grep roost; ls -A /run/roost-pieces; ls -A /var/lib/roost/pieces' || true)"
check_contains "nothing to show" "there are no pieces" "$(on n1 'roost-agent pieces')"

# --- by the daemon, with a controller that gives what is in a file ---

mkdir -p stub
stub_start() {
    setpriv --pdeathsig KILL python3 -B "$ACCEPTANCE/placement_stub.py" "$gateway" "$port" controller/trust stub >>stub.log 2>&1 &
    stub=$!
}
stub_stop() {
    kill "$stub"
    wait "$stub" 2>/dev/null || true
}
placement() { cat >stub/placement.new && mv stub/placement.new stub/placement.json; }
# told PYTHON: true if the expression holds for one of the reports; `r` is it, p(name) its piece.
told() {
    python3 -ISB - "$1" stub/told.jsonl <<'PYTHON'
import json, sys
for line in open(sys.argv[2], encoding="utf-8"):
    r = json.loads(line)
    pieces = {p["name"]: p for p in r["body"]["pieces"]} if r["kind"] == "pieces" else {}
    if eval(sys.argv[1], {"r": r, "p": lambda name: pieces.get(name, {}), "time": r["at"]}):
        sys.exit(0)
sys.exit(1)
PYTHON
}
pid_of() { on n1 "systemctl show -p MainPID --value roost-piece-$1"; }
runs() { [ "$(on n1 "systemctl show -p SubState --value roost-piece-$1")" = running ]; }
runs_not() { ! runs "$1"; }
daemon_start() { on n1 'systemd-run --quiet --collect --unit=roost-agent /usr/local/bin/roost-agent daemon --program /usr/local/bin/roost-agent'; }

step "the daemon asks, makes, tells"
placement <<JSON
{"epoch": 5, "lease_s": 12, "logs": ["c.0.1.talks"], "measure": false, "pieces": [
 {"name": "c.0.1.steady", $listener, "arguments": ["--accept", "--inetd", "-l", "$n1:7000", "/bin/cat"], "ports": [{"port": 7000, "address": "$n1", "from": ["controller"]}]},
 {"name": "c.0.1.talks", "program": "/bin/sh", "arguments": ["-c", "i=0; while sleep 0.2; do i=\$((i+1)); printf 'line %d\\\\nline %d, too\\\\n' \$i \$i; done"]},
 {"name": "c.0.1.lease", "program": "/bin/sleep", "arguments": ["1000"], "lease": true},
 {"name": "c.0.1.job", "kind": "job", "program": "/bin/sh", "state": "count", "arguments": ["-c", "echo ran >>count; cat count"]}]}
JSON
stub_start
daemon_start
eventually 20 told 'r["kind"] == "pieces" and r["body"]["epoch"] == 5 and p("c.0.1.steady").get("state") == "running" and p("c.0.1.lease").get("state") == "running" and p("c.0.1.job").get("output") == "ran\n"'
eventually 5 told 'r["kind"] == "engines"'
eventually 5 told 'r["kind"] == "memory" and r["body"]["memory_total"] > 0 and [q for q in r["body"]["pieces"] if q["name"] == "c.0.1.steady" and q["rss"] > 0]'
eventually 5 told 'r["kind"] == "log" and r["body"]["piece"] == "c.0.1.talks" and r["body"]["lines"][0]["text"].startswith("line ")'
eventually 5 timeout 2 bash -c "exec 3<>/dev/tcp/$n1/7000" # the controller's address is let in
check_fails reaches n2 "$n1" 7000 1

on n1 'nft flush table inet roost' # somebody else's doing
eventually 5 on n1 'nft list table inet roost | grep -q "dport 7000.*drop"'
check_fails reaches n2 "$n1" 7000 1

log_is_whole() { # each line once, from the first on
    python3 -ISB - stub/told.jsonl <<'PYTHON'
import json, sys
lines = [line["text"] for r in map(json.loads, open(sys.argv[1], encoding="utf-8")) if r["kind"] == "log" and r["body"]["piece"] == "c.0.1.talks" for line in r["body"]["lines"]]
wanted = [text for i in range(1, len(lines)) for text in (f"line {i}", f"line {i}, too")][:len(lines)]
sys.exit(len(lines) < 10 or lines != wanted)
PYTHON
}
eventually 20 log_is_whole

step "a placement with a smaller number holds too (a controller from a backup), and the log goes on where it was"
sed 's/"epoch": 5/"epoch": 4/; s/"logs": \[/&"c.0.1.steady", /' stub/placement.json | placement
eventually 10 told 'r["kind"] == "pieces" and r["body"]["epoch"] == 4 and p("c.0.1.talks").get("state") == "running"'
lines=$(grep -c '"log"' stub/told.jsonl)
goes_on() { [ "$(grep -c '"log"' stub/told.jsonl)" -gt $((lines + 2)) ]; }
eventually 10 goes_on
log_is_whole || fail "lines are lost or told twice: $(tail -n 3 stub/told.jsonl)"

step "a death is told within a second"
on n1 'systemctl kill -s KILL roost-piece-c.0.1.talks'
eventually 5 told 'p("c.0.1.talks").get("state") == "failed" and p("c.0.1.talks")["signal"] == 9 and p("c.0.1.talks")["log"][-1].startswith("line ")'
died=$(on n1 'journalctl --sync && journalctl -u roost-piece-c.0.1.talks -o short-unix --no-pager' | grep 'Main process exited' | tail -n 1 | awk '{ print $1 }')
told "p('c.0.1.talks').get('state') == 'failed' and time - $died < 1.0 + $(cut -d. -f1 /proc/loadavg)" || fail "it took longer"

step "the agent comes and goes, the pieces stay"
runs c.0.1.steady || fail "steady does not run"
runs c.0.1.lease || fail "lease does not run"
steady=$(pid_of c.0.1.steady) lease=$(pid_of c.0.1.lease)
on n1 'systemctl kill -s KILL roost-agent'
eventually 10 on n1 '! systemctl is-active -q roost-agent'
: >stub/told.jsonl
daemon_start
eventually 20 told 'p("c.0.1.steady").get("state") == "running"'
check_equal "the same processes" "$steady $lease" "$(pid_of c.0.1.steady) $(pid_of c.0.1.lease)"

step "the controller is away: the lease runs out, the rest goes on; it is back: all is back"
stub_stop
eventually 30 runs_not c.0.1.lease
check_equal "goes on" "$steady" "$(pid_of c.0.1.steady)"
stub_start
eventually 20 runs c.0.1.lease

step "a reboot without the controller"
stub_stop
node reboot n1
node wait n1
daemon_start
eventually 20 runs c.0.1.steady
runs_not c.0.1.lease || fail "a piece with a lease was started though the controller was not heard"
: >stub/told.jsonl
stub_start
eventually 20 runs c.0.1.lease
eventually 10 told 'p("c.0.1.job").get("sentence") == "the node was restarted while it ran" or p("c.0.1.job").get("state") == "failed"'
check_equal "a job runs once" ran "$(on n1 'cat /var/lib/private/roost-pieces/count/count')"

step "all is taken away, after a lease that was over"
stub_stop
eventually 30 runs_not c.0.1.lease
placement <<<'{"epoch": 6, "pieces": []}'
stub_start
eventually 40 told 'r["kind"] == "pieces" and r["body"]["epoch"] == 6 and not [q for q in r["body"]["pieces"] if q["state"] != "gone"]'
check_equal "units, rules, folders" "" "$(on n1 'systemctl list-units --all --plain --no-legend "roost-piece-*" "roost-lease*"; ls /run/systemd/system | grep roost; nft list tables | grep roost; ls -A /run/roost-pieces; ls -A /var/lib/roost/pieces' || true)"
on n1 'pgrep -f "pieces kee[p]" >/dev/null' || fail "the child did not wait for the next pieces"
on n1 'systemctl kill -s KILL roost-agent'
eventually 10 on n1 '! systemctl is-active -q roost-agent'
: >stub/told.jsonl
daemon_start
eventually 20 told 'r["kind"] == "asked"'
no_child() { on n1 '! pgrep -f "pieces kee[p]"'; }
eventually 10 no_child # there never were any
