#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What somebody new runs into: mistakes in inventories, playbooks and options are said in one sentence, with the place and
# the nearest right word, and a check that looked at nothing never says "in sync". Needs no node: this machine is the host.

. "$(dirname "$0")/helpers.bash"

built roost roost-agent
DESK=$(mktemp -d)
trap 'rm -rf "$DESK"' EXIT
: >"$DESK/ansible.cfg"
export ANSIBLE_CONFIG=$DESK/ansible.cfg XDG_CACHE_HOME=$DESK/cache
cd "$DESK"
here=(-i "localhost," -c local)

says() { # TEXT...: the last run said it, perhaps wrapped, as warnings are: where depends on the length of the folder's name
    local text
    for text in "$@"; do
        [[ $OUT$NOTES == *"$text"* ]] || check_contains "what was said" "$text" "$OUT${NOTES//$'\n'/ }"
    done
}

says_not() {
    [[ $OUT$NOTES != *"$1"* ]] || fail "it says '$1'"$'\n'"$OUT"$'\n'"$NOTES"
}

agent_ends() { # CODE ARGUMENT...
    local wanted=$1 code=0
    shift
    "$BUILD/roost-agent" "$@" >"$DESK/out" 2>"$DESK/notes" </dev/null || code=$?
    OUT=$(cat "$DESK/out") NOTES=$(cat "$DESK/notes")
    check_equal "code of roost-agent $1" "$wanted" "$code"
}

play() { # NAME: the tasks are read
    { printf -- '- hosts: localhost\n  gather_facts: false\n  tasks:\n' && sed 's/^/    /'; } >"$1.yml"
}

step "help of a verb, both ways"
roost_ends 0 help apply
check_contains "the verb's own help" "usage: roost apply" "$OUT"
roost_ends 5 help appply
check_contains "the nearest verb" "did you mean 'apply'" "$NOTES"

step "vault values need a password, wherever they are read"
vault="Attempting to decrypt but no vault secrets found"
# shellcheck disable=SC2016
envelope='$ANSIBLE_VAULT;1.1;AES256'
printf 'plain: 1\nsecret: !vault |\n  %s\n  3130\n' "$envelope" >secret.yml
printf '%s\n3130\n' "$envelope" >whole.yml
printf 'lines {{ secret }}\n' >secret.j2
play shows <<<'- debug: {msg: "is {{ secret }}"}'
play writes <<<"- template: {src: secret.j2, dest: $DESK/leaked}"
play plain <<<'- debug: {var: plain}'
for name in shows writes; do
    roost_ends 2 apply $name.yml "${here[@]}" -e @secret.yml
    says "$vault ($DESK/secret.yml:2:9)"
    says_not 3130
done
[ ! -e leaked ] || fail "the envelope was written"
roost_ends 0 apply plain.yml "${here[@]}" -e @secret.yml
mkdir group_vars && cp secret.yml group_vars/all.yml
roost_ends 2 apply shows.yml "${here[@]}"
says "$vault" group_vars/all.yml:2:9
cp whole.yml group_vars/all.yml
roost_ends 4 inventory -i localhost, --playbook-dir . --host localhost
says "$vault"
rm -r group_vars
roost_ends 1 apply shows.yml "${here[@]}" -e @whole.yml
says "$vault" whole.yml
roost_ends 1 apply whole.yml "${here[@]}"
says "$vault"
roost_ends 2 apply shows.yml -i whole.yml # a warning, as in Ansible: the host is there without it
says "$vault"
for option in --vault-id=x --vault-password-file=x; do
    roost_ends 1 apply plain.yml "${here[@]}" $option
    says "The vault password file $DESK/x was not found"
done

step "with the password they are used, but not shown; what was made is opened again"
echo desk-password >password
printf 'secret: planted-secret\npin: 471147114\nshort: 4711\n' >secret.yml
roost_ends 0 vault encrypt --vault-password-file password secret.yml
roost_ends 0 apply writes.yml "${here[@]}" -e @secret.yml --vault-password-file password --diff -v
says_not planted-secret
[ "$(cat leaked)" = "lines planted-secret" ] || fail "the secret was not written"
mkdir group_vars && cp secret.yml group_vars/all.yml
play leaks <<'EOF'
- debug: {var: hostvars}
- debug: {var: vars}
- debug: {msg: "{{ hostvars[inventory_hostname] | to_nice_yaml }}"}
- {name: "task {{ secret }}", set_fact: {fact: "{{ secret }}"}}
- debug: {msg: "{{ item }}"}
  loop: ["{{ fact }}"]
- {command: "false {{ secret }}", ignore_errors: true}
- {debug: {msg: "{{ secret | to_datetime }}"}, ignore_errors: true}
- assert: {that: "secret == 'planted-' ~ 'secret'", success_msg: "it is {{ secret }}"}
- {fail: {msg: "not {{ secret }}"}, ignore_errors: true}
- {debug: {msg: "pin {{ pin }}, {{ -pin }}, {{ short }}, {{ [short] }}"}}
- {debug: {var: "{{ short }}"}}
- {command: "echo {{ pin }}", register: echoed}
- {debug: {var: echoed}}
- assert: {that: "echoed.stdout_lines == [pin | string]"}
- {copy: {dest: "{{ playbook_dir }}/leaked", content: "port = 2\nword = {{ short }}\n"}, register: copied}
- {debug: {var: copied}}
- {lineinfile: {path: "{{ playbook_dir }}/leaked", line: "pin = {{ pin }}"}}
EOF
printf 'port = 1\nword = former-word\n' >leaked # nobody knows that this was a secret
roost_ends 0 apply leaks.yml "${here[@]}" --vault-password-file password --diff -vvv --json-lines lines.jsonl
says $'"stdout_lines": [\n        "********"\n' "(the diff is withheld: it may show secret text; lines 1 to 2 differ)" \
    "(the diff is withheld: it may show secret text; line 3 differs)"
for text in planted-secret 471147114 "word = 4711" '"4711"' former-word; do
    says_not "$text"
    if grep "$text" lines.jsonl; then fail "the record has '$text'"; fi
done
rm -r group_vars leaked
roost_ends 1 apply writes.yml "${here[@]}" -e @secret.yml --vault-password-file secret.j2
says "Decryption failed (no vault secrets were found that could decrypt) on " secret.yml
roost_ends 0 vault rekey --vault-password-file password --new-vault-id other@secret.j2 secret.yml
roost_ends 0 vault view --vault-id secret.j2 secret.yml
says planted-secret

if command -v ansible-vault >"$DESK/where"; then
    step "ansible-vault opens what Roost made, and the other way round"
    head -c 1000 /dev/urandom >bytes
    cp bytes ours && cp bytes theirs
    roost_ends 0 vault encrypt --vault-id label@password ours
    ansible-vault encrypt --vault-id label@password theirs 2>"$DESK/notes"
    [ "$(head -1 ours)" = "$(head -1 theirs)" ] || fail "the heads differ: $(head -1 ours theirs)"
    ansible-vault decrypt --vault-id password ours 2>"$DESK/notes"
    roost_ends 0 vault decrypt --vault-id password theirs
    if ! cmp bytes ours || ! cmp bytes theirs; then fail "another text came back"; fi
fi

if command -v ansible-config >"$DESK/where"; then
    step "roost config dump prints what ansible-config dump prints"
    printf '[defaults]\nforks = 7\nroles_path = roles:~/r\ncallback_whitelist = timer, x\nnocows = yes\n[ssh_connection]\nssh_args = -C # x\n[diff]\nalways = on\n' >own.cfg
    # shellcheck disable=SC2030,SC2031
    (
        export ANSIBLE_CONFIG=$DESK/own.cfg ANSIBLE_TIMEOUT=9 ANSIBLE_INVENTORY=a,b
        for kind in base all; do
            for format in display json yaml; do
                ansible-config dump -t $kind --only-changed --format $format >theirs 2>"$DESK/notes"
                "$BUILD/roost" config dump -t $kind --only-changed --format $format >ours
                diff theirs ours || fail "they differ: -t $kind --format $format"
            done
        done
        ansible-config dump 2>"$DESK/notes" | grep -v ^DEFAULT_LOCAL_TMP >theirs
        "$BUILD/roost" config dump | grep -v ^DEFAULT_LOCAL_TMP >ours
        diff theirs ours || fail "they differ"
    )
fi

step "an editor that is not there makes no vault, and plaintext does not outlive a terminal that goes away"
echo word >word-of-vault
EDITOR=no-such-editor roost_ends 1 vault create --vault-password-file word-of-vault edited.yml
says 'Unable to execute the command "no-such-editor"'
[ ! -e edited.yml ] || fail "there is a vault"
cat >editor <<'END'
#!/bin/sh
dirname "$1" >"$0.folder"
echo "a: 1" >"$1"
pid=$PPID
while [ "$(cat "/proc/$pid/comm")" != roost ]; do pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status"); done
kill -HUP "$pid"
END
chmod +x editor
EDITOR=$DESK/editor roost_ends 129 vault create --vault-password-file word-of-vault edited.yml
[ -e edited.yml ] || fail "what was typed is lost"
[ ! -e "$(cat editor.folder)" ] || fail "plaintext was left in $(cat editor.folder)"

step "what a vault or no_log hides is in no warning and no error about a file"
mkdir -p library
cat >library/talks <<'END'
#!/bin/sh
# WANT_JSON
echo '{"changed": false}'
grep -o 'HIDDEN-[A-Z]*' "$1"
END
chmod +x library/talks
echo "word: HIDDEN-WORD" >hidden.yml
roost_ends 0 vault encrypt --vault-password-file word-of-vault hidden.yml
play talks <<'END'
- talks: {text: '{{ word }}'}
- talks: {text: HIDDEN-OTHER}
  no_log: true
- include_tasks: '{{ word }}.yml'
END
roost_ends 2 apply talks.yml "${here[@]}" --vault-password-file word-of-vault -e @hidden.yml
says "a text out of a vault" "has no_log" '"reason": "********"'
says_not HIDDEN

step "a password for debconf is shown nowhere, nor is it in a log, and is there as a variable"
mkdir -p stand-ins
printf '#!/bin/sh\nexit 0\n' >stand-ins/debconf-show
printf '#!/bin/sh\ncat >/dev/null\n' >stand-ins/debconf-set-selections
chmod +x stand-ins/*
play answers <<END
- debconf: {name: x, question: x/pw, vtype: password, value: HIDDEN-ANSWER}
  environment: {PATH: "$DESK/stand-ins:/usr/bin:/bin"}
  register: it
- assert: {that: "it.current['x/pw'] | length == 13"}
- debug: {var: it}
END
ANSIBLE_LOG_PATH=run.log roost_ends 0 apply answers.yml "${here[@]}" -vvv --diff --json-lines answers.jsonl
says_not HIDDEN
check_contains "the log" " n=ansible | PLAY RECAP" "$(cat run.log)"
check_fails grep -q HIDDEN run.log answers.jsonl

step "a check that looked at nothing is no good news"
echo new >file.txt
play copies <<<"- copy: {src: file.txt, dest: $DESK/there, mode: '0600'}"
sed 's/hosts: localhost/hosts: web/' copies.yml >nobody.yml
roost_ends 1 check copies.yml -c local -i nowhere
says "nowhere as an inventory source: it does not exist" "nothing was checked"
roost_ends 1 check nobody.yml "${here[@]}"
says "nothing was checked: no host matches"
roost_ends 1 check copies.yml "${here[@]}" --tags none
says "nothing was checked: the tags leave no task"
roost_ends 1 check copies.yml "${here[@]}" --start-at-task Nosuch
says "nothing was checked: there is no task 'Nosuch'"
roost_ends 0 apply copies.yml "${here[@]}" --tags none
roost_ends 0 check copies.yml "${here[@]}" --syntax-check
agent_ends 1 check copies.yml --tags none
says "nothing was checked"

step "what differs is shown: content, rights, and what Ansible has no diff for"
echo old >there
agent_ends 2 check copies.yml
says -old +new
agent_ends 0 apply -D copies.yml
says -old +new
agent_ends 0 check copies.yml
chmod 644 there
roost_ends 2 check copies.yml "${here[@]}"
says '-    "mode": "0644"' '+    "mode": "0600"'
play rights <<<"- copy: {src: $DESK/file.txt, remote_src: true, dest: $DESK/there, mode: '0640'}"
roost_ends 2 check rights.yml "${here[@]}"
says "set mode 0640 on '$DESK/there' (was 0644)"
roost_ends 0 apply -CD rights.yml "${here[@]}"
says_not "set mode"

step "all modules that are missing, at once"
play missing <<'YAML'
- name: One
  nobody.knows.this: {}
- name: Two
  copyy: {src: a}
- name: Three
  some.other.thing: {}
YAML
roost_ends 4 apply missing.yml "${here[@]}"
says missing.yml:5:7 "'copyy' ($DESK/missing.yml:7:7), did you mean 'copy'?" "'some.other.thing' ($DESK/missing.yml:9:7)"

step "inventories with mistakes"
wrong() { # FILE SENTENCE...: the text is read
    local file=$1
    shift
    cat >"$file"
    roost_ends 0 inventory -i "$file" --list
    says "$@"
    roost_ends 1 check copies.yml -c local -i "$file"
    says "nothing was checked: the inventory '$DESK/$file'"
}
wrong one "one:1:1: Invalid section entry: '[web': the closing ] is missing" <<<'[web'
says_not "with yaml plugin"
wrong two "two:2:4: Expected key=value" "did you mean ansible_host=1.2.3.4?" <<<$'[web]\nn1 ansible_host 1.2.3.4'
wrong three "three:1:6: Section [web:childrun] has unknown type" "did you mean 'children'?" <<<'[web:childrun]'
wrong four.yml "unexpected key (hsots)" 'did you mean "hosts"? ('"$DESK/four.yml:2:3)" <<<$'all:\n  hsots:\n    n1:'
wrong five.yml "five.yml:2:10" <<<$'all:\n  hosts: [n1'
says_not "with ini plugin"

step "where a mistake is"
roost_ends 4 apply plain.yml "${here[@]}" -e '{bad'
says "--extra-vars '{bad'" "--extra-vars:1:1"
printf 'b: 1\na: [1\n' >open.yml
roost_ends 4 apply plain.yml "${here[@]}" -e @open.yml
says open.yml:2:4 "a: [1"
roost_ends 1 apply plain.yml "${here[@]}" -e @nofile
says "extra vars file 'nofile' does not exist"
at() { # PLACE TEXT: a task of that text is wrong there
    play wrong <<<"$2"
    roost_ends 4 apply wrong.yml "${here[@]}"
    says "wrong.yml:$1"
}
at 6:7 $'- name: One\n  debug: {msg: 1}\n  whenn: true'
at 7:9 $'- name: One\n  file:\n    state: directory\n    pth: /x'
at 5:33 $'- name: One\n  debug: {msg: "to {{ foo | uper }}"}'
at 7:22 $'- name: One\n  debug:\n    msg: |\n      a {{ foo | uper }}'
at 5:31 $'- name: One\n  file: {path: /x, state: tuch}'
says "did you mean 'touch'?"

step "ad-hoc commands, facts, help"
roost_ends 5 run localhost "${here[@]}"
says "No argument passed to command module"
roost_ends 5 run localhost "${here[@]}" -m shell
roost_ends 1 facts localhost hostnam "${here[@]}"
says "there is no fact 'hostnam', did you mean 'hostname'?"
roost_ends 0 facts localhost 'ansible_host*' kernel "${here[@]}"
says '"hostname"' '"kernel"'
roost_ends 5 facts localhost "${here[@]}" -m ping
says "unrecognized option '-m': other verbs have it (--module-name)"
roost_ends 5 facts localhost "${here[@]}" --check
roost_ends 5 inventory --list -i localhost, --check
agent_ends 5 apply copies.yml --private-key none
roost_ends 0 inventory --host localhost -i localhost, -e plain=1
says '"plain": "1"'
roost_ends 0 facts --help
says_not --module-name
says_not --diff
says "Exit codes"
roost_ends 0 check --help
says "nothing was checked" "site.yml"
roost_ends 5 apply
mkdir playbooks && cp plain.yml playbooks/site.yml
roost_ends 0 apply "${here[@]}" -e plain=1
says "taking playbooks/site.yml"
ln -s "$BUILD/roost" ansible-playbook
code=0
./ansible-playbook "${here[@]}" -e plain=1 >out 2>notes </dev/null || code=$?
check_equal "ansible-playbook without a playbook takes none" "2 " "$code $(cat out)"
play implicit <<'EOF'
- assert: {that: [inventory_dir is undefined, inventory_file is undefined, ansible_host == '127.0.0.1']}
EOF
roost_ends 0 apply implicit.yml
roost_ends 0 doc lineinfile
says docs/modules/lineinfile.md
says_not "default: no"
roost_ends 4 run lost -i lost, -m ping --private-key "$DESK/nokey" -vvvv -e ansible_host=127.0.0.1 -e ansible_port=1
says "the private key file '$DESK/nokey' does not exist" "<lost> SSH: EXEC ssh"
