#!/bin/sh
# Sets this clone up: setup.sh run|dev [ENTRY ARGS...]. Finds or fetches Node.js, installs the locked dependencies,
# and then runs the entry point that was asked for.
#
# Everything stays inside the clone (.node, node_modules), progress goes to stderr, and an interrupted set-up is
# simply repeated. CONTEXTCORE_NODE_DIST replaces the address of the official Node.js archive (a mirror).
set -u
needs=$1
shift
root=$(cd -P "${0%/*}/.." && pwd) || exit 3
here=$root/.node
child=
last=

# shellcheck source=scripts/setup-lock.sh source=scripts/setup-node.sh source=scripts/launch.sh
. "$root/scripts/setup-lock.sh"
. "$root/scripts/setup-node.sh"
. "$root/scripts/launch.sh"

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 3; }

# Words for every use of npm: quiet, and on a dead network an answer within seconds.
npm_words='--ignore-scripts --no-audit --no-fund --loglevel=error --fetch-retries=2 --fetch-retry-mintimeout=1000
  --fetch-retry-maxtimeout=5000'

# Runs a program that a signal to us ends too, with its output on stderr.
run() {
  "$@" >&2 </dev/null &
  child=$!
  wait "$child"
  set -- $?
  last=$child
  child=
  return "$1"
}

stop() {
  trap '' INT TERM HUP
  # The signal may have come just after a child was started, and before it was noted.
  [ -n "$child" ] || [ "${!:-}" = "$last" ] || child=$!
  if [ -n "$child" ]; then
    kill -TERM "$child" 2>/dev/null
    # A child that is still on its way to its program loses it.
    { sleep 1; kill -TERM "$child"; } >/dev/null 2>&1 &
    wait "$child"
    kill -KILL "$!" 2>/dev/null
  fi
  say 'set-up interrupted; the same command carries on'
  exit "$1"
}

# npm that is new enough for the lock file, run by the Node.js that will run us; sets npm.
find_npm() {
  for npm in "${node%/*}/npm" "$(command -v npm)"; do
    [ -x "$npm" ] || continue
    version=$(PATH="${node%/*}:$PATH" "$npm" --version 2>/dev/null) || continue
    [ "${version%%.*}" -ge 8 ] 2>/dev/null && return 0
  done
  return 1
}

install_dependencies() {
  kept=$here/package-lock.json
  if [ -f "$installed" ] && holds_needs; then
    [ "$root/package-lock.json" -nt "$installed" ] || return 0
    # Only its time has changed, as when a branch was changed and changed back.
    if cmp -s "$root/package-lock.json" "$kept"; then touch "$installed" && return; fi
  fi
  find_npm || { fetch_archive && find_npm; } || fail 'no npm 8 or newer was found beside Node.js or on the PATH'
  # A tree in which tests have been run keeps what they need.
  if [ "$needs" = dev ] || [ -d "$root/node_modules/vitest" ]; then kinds=--include=dev; else kinds=--omit=dev; fi
  say '- installing dependencies (npm ci)'
  # shellcheck disable=SC2086
  run env PATH="${node%/*}:$PATH" "$npm" ci "$kinds" $npm_words ||
    fail 'npm ci failed (see above): it needs an npm registry this once; the same command tries again'
  cp "$root/package-lock.json" "$kept"
}

set_up() {
  started_in=$PWD
  cd "$root" || exit 3
  say "Setting up $root (once; nothing outside it is changed)"
  find_node || fetch_node
  install_dependencies
  run "$node" --disable-warning=ExperimentalWarning "$root/scripts/build.ts" || say '- could not be built: it runs from its sources, and starts slower'
  case $node in "$root"/*) node=${node#"$root"/} ;; esac
  { printf '%s\n' "$node" >"$here/stamp.new" && mv "$here/stamp.new" "$here/stamp"; } ||
    fail "cannot write $here/stamp"
  say '- ready'
  cd "$started_in" || exit 3
}

mkdir -p "$here" 2>/dev/null && [ -w "$here" ] && [ -w "$root" ] ||
  fail "cannot write to $root: the first use sets the clone up inside its own folder; clone it to a folder of yours"
trap 'stop 130' INT
trap 'stop 143' TERM
trap 'stop 129' HUP
take_lock
trap give_lock EXIT
is_ready || set_up
give_lock
trap - EXIT INT TERM HUP
[ $# -gt 0 ] || exit 0
is_ready || fail "the set-up is incomplete; remove $here and try again"
launch "$needs" "$@"
