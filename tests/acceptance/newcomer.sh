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

says() { # TEXT...: the last run said it
    local text
    for text in "$@"; do
        check_contains "what was said" "$text" "$OUT$NOTES"
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

step "vault values are refused, wherever they are read"
vault="Roost cannot decrypt vault values yet"
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
roost_ends 1 inventory -i localhost, --playbook-dir . --host localhost
says "$vault" group_vars/all.yml:2:9
cp whole.yml group_vars/all.yml
roost_ends 4 inventory -i localhost, --playbook-dir . --host localhost
says "$vault"
rm -r group_vars
roost_ends 4 apply shows.yml "${here[@]}" -e @whole.yml
says "$vault" whole.yml
roost_ends 4 apply whole.yml "${here[@]}"
says "$vault"
roost_ends 4 apply shows.yml -i whole.yml
says "$vault"
for option in -J --vault-id=x --vault-password-file=x; do
    roost_ends 5 apply plain.yml "${here[@]}" $option
    says "$vault"
done

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
roost_ends 5 inventory --list -i localhost, --limit localhost
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
roost_ends 0 doc lineinfile
says docs/modules/lineinfile.md
says_not "default: no"
roost_ends 4 run lost -i lost, -m ping --private-key "$DESK/nokey" -vvvv -e ansible_host=127.0.0.1 -e ansible_port=1
says "the private key file '$DESK/nokey' does not exist" "<lost> SSH: EXEC ssh"
