# Sourced by setup.sh: one set-up of a clone at a time.

# Waits for a set-up that is running, and takes over from one that was killed.
take_lock() {
  lock=$here/lock
  me="$$ $(uname -n)"
  told=
  waited=0
  until mkdir "$lock" 2>/dev/null; do
    [ "$waited" -lt 900 ] || fail "another set-up seems to be running for 15 minutes; if not, remove $lock"
    if holder_is_gone; then break_lock; continue; fi
    [ -n "$told" ] || say "waiting for another set-up of this clone (process ${holder%% *})"
    told=1
    sleep 1
    waited=$((waited + 1))
  done
  printf '%s\n' "$me" >"$lock/holder"
}

give_lock() { rm -rf "$lock"; }

# A process of this machine that no longer lives. Without a holder's name yet, it is just being taken.
holder_is_gone() {
  holder=
  [ ! -f "$lock/holder" ] || read -r holder <"$lock/holder"
  if [ -z "$holder" ]; then
    # Killed between the folder and the name in it: nobody needs this long for that.
    [ "$waited" -ge 10 ]
    return
  fi
  [ "${holder#* }" = "$(uname -n)" ] && ! kill -0 "${holder%% *}" 2>/dev/null
}

# Two that wait must not both remove it, or the second would remove the first one's new lock.
break_lock() {
  mkdir "$lock.break" 2>/dev/null || { sleep 1; waited=$((waited + 1)); return 0; }
  if holder_is_gone; then rm -rf "$lock"; fi
  rmdir "$lock.break"
}
