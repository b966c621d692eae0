#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# checkout.sh look|take FOLDER REPO VERSION: prints the commit that VERSION (a tag, a commit, a branch) means; with `take`, FOLDER becomes
# a checkout of it. A tag or commit that is already there needs no network. `look` changes nothing and knows nothing where git is missing.
set -euo pipefail
export GIT_TERMINAL_PROMPT=0
what=$1 folder=$2 repo=$3 version=$4

here() { git -C "$folder" rev-parse --quiet --verify "$1^{commit}"; }
fixed() { # of a tag, or of a whole commit
    here "refs/tags/$version" || { [[ $version =~ ^[0-9a-f]{40}$ ]] && here "$version"; }
}

if [ "$what" = look ]; then
    command -v git >/dev/null || exit 0
    [ -d "$folder/.git" ] && fixed && exit 0
    [[ ! $version =~ ^[0-9a-f]{40}$ ]] || { echo "$version" && exit 0; }
    git ls-remote "$repo" "refs/tags/$version^{}" "refs/tags/$version" "refs/heads/$version" 2>/dev/null |
        sort -k 2,2r | awk '{ found[$2] = $1 } END {
            tag = "refs/tags/'"$version"'"; print found[tag "^{}"] ? found[tag "^{}"] : found[tag] ? found[tag] : found["refs/heads/'"$version"'"] }'
    exit 0
fi

[ -d "$folder/.git" ] || git clone --quiet --no-checkout "$repo" "$folder"
git -C "$folder" remote set-url origin "$repo"
commit=$(fixed) || {
    git -C "$folder" fetch --quiet --force --prune --tags origin '+refs/heads/*:refs/remotes/origin/*'
    commit=$(fixed || here "refs/remotes/origin/$version" || here "$version") || {
        echo "$repo has no tag, branch or commit '$version'" >&2
        exit 1
    }
}
git -C "$folder" checkout --quiet --force --detach "$commit"
git -C "$folder" submodule --quiet update --init --recursive
echo "$commit"
