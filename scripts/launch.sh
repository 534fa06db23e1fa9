# Sourced by the launchers beside it. Runs a TypeScript entry point with this clone's own Node.js and dependencies.
#
# It stands between the user and every command: once set up, it starts no other program and asks no version.

# launch NEEDS ENTRY ARGS...: NEEDS is "run" (what the product needs) or "dev" (tests and benchmarks as well).
# Sets by the caller: root, the clone's folder.
launch() {
  needs=$1
  entry=$2
  shift 2
  # Children may change their folder, and the compile cache must not follow them.
  case $root in /*) ;; *) root=$PWD/$root ;; esac
  if ! is_ready; then
    exec sh "$root/scripts/setup.sh" "$needs" "$entry" "$@"
  fi
  export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$root/.cache/compile}"
  # A small young generation: each child that is started pays for the memory of its parent.
  if is_built "$@"; then exec "$node" --max-semi-space-size=1 "$built" "$@"; fi
  exec "$node" --disable-warning=ExperimentalWarning "$root/$entry" "$@"
}

# Whether what is asked for was built after its sources were last written; sets built. Sources run as they are otherwise.
is_built() {
  built=${entry##*/}
  built=$root/dist/cli/${built%.ts}.cjs
  [ "${entry%/*}" = src/cli ] && [ -f "$built" ] || return 1
  # What answers at once is made of few of them.
  case $#$1 in
    1--help | 1-h | 1--version | 1--status)
      [ -f "$root/dist/cli/quick-sources.sh" ] || return 1
      # shellcheck source=/dev/null
      . "$root/dist/cli/quick-sources.sh"
      for source in $sources; do
        if [ "$root/$source" -nt "$built" ]; then return 1; fi
      done
      set -- "$root"/src/cli/help/*
      ;;
    *) set -- "$root"/src/*/*.ts "$root"/src/*/*/*.ts "$root"/src/*/*/*/*.ts "$root"/src/*/*.pl "$root"/src/cli/help/* ;;
  esac
  for source in "$@"; do
    if [ "$source" -nt "$built" ]; then return 1; fi
  done
}

# Whether set-up is done and still fits the lock file; sets node. npm writes node_modules/.package-lock.json last.
is_ready() {
  installed=$root/node_modules/.package-lock.json
  [ -f "$installed" ] && [ -f "$root/.node/stamp" ] || return 1
  [ ! "$root/package-lock.json" -nt "$installed" ] || return 1
  holds_needs || return 1
  read -r node <"$root/.node/stamp" || return 1
  case $node in /*) ;; *) node=$root/$node ;; esac
  [ -x "$node" ]
}

holds_needs() { [ "$needs" = run ] || [ -d "$root/node_modules/vitest" ]; }
