#!/usr/bin/env bash
# Installs what building and testing Vedetta needs on Debian or Ubuntu. Says what and why before it
# does anything, does nothing when all is there, and may be run again at any time.
#
#   scripts/setup.sh build     what `make up` needs
#   scripts/setup.sh cluster   that and what `make cluster` needs
#   scripts/setup.sh test      that and what `make test` needs
set -euo pipefail

what=${1:-build}
case "$what" in build | cluster | test) ;; *) echo "usage: $0 build|cluster|test" >&2; exit 2 ;; esac

RUST_MIN=1.95 NODE_MIN=20.19
LLVM=22 BPF_LINKER=0.13.0

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }   # at_least MIN VERSION

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif have sudo; then sudo "$@"
  else die "installing packages needs root: run as root, or install sudo, or install by hand: $*"; fi
}

missing=() reasons=()
need() { # need PACKAGE WHY TEST…
  local package=$1 why=$2; shift 2
  if ! "$@" >/dev/null 2>&1; then missing+=("$package"); reasons+=("  $package: $why"); fi
}
deb() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

have apt-get || die "this script knows Debian and Ubuntu; elsewhere install by hand: Rust $RUST_MIN, Node $NODE_MIN, a C compiler, cmake, OpenSSL and libcurl with headers, LLVM $LLVM, bpf-linker $BPF_LINKER"

need build-essential "C compiler for zstd and the TLS library" have cc
need cmake "builds the TLS library and the Kafka client" have cmake
need libssl-dev "the Kafka client's TLS" deb libssl-dev
need libcurl4-openssl-dev "the Kafka client fetches tokens with it" deb libcurl4-openssl-dev
need pkg-config "finds libraries" have pkg-config
need git "version in the binary" have git
need curl "waits for the console to answer" have curl
need rustc-web "compiles the kernel programs (a Rust with the BPF target)" test -x /usr/bin/rustc
need libstd-rust-web-dev-bpf "core library for the BPF target" deb libstd-rust-web-dev-bpf
need "llvm-$LLVM-dev" "bpf-linker links with it" test -x "/usr/lib/llvm-$LLVM/bin/llvm-config"
need "libpolly-$LLVM-dev" "bpf-linker links with it" deb "libpolly-$LLVM-dev"
if ! have cargo; then missing+=(cargo-web); reasons+=("  cargo-web: no Rust toolchain on this machine"); fi
if ! have node; then missing+=(nodejs npm); reasons+=("  nodejs npm: build the console"); fi
if [ "$what" = test ]; then
  need chromium "the console is tested in a real browser" have chromium
  need e2fsprogs "disks that fail are tested on a file system of their own" have mkfs.ext4
fi
if [ "$what" != build ]; then
  need openjdk-17-jre-headless "runs a real Kafka and Cassandra" have java
  need maven "fetches them" have mvn
  need iproute2 "puts processes into networks that are cut and slowed" have tc
fi

if [ ${#missing[@]} -gt 0 ]; then
  say "Installing with apt-get:"
  printf '%s\n' "${reasons[@]}" >&2
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    die "apt-get could not install: ${missing[*]}. On a release without them, see docs/operations/build.md"
fi

rust=$(cargo --version 2>/dev/null | awk '{print $2}')
at_least "$RUST_MIN" "${rust:-0}" || die "Rust $RUST_MIN or newer is needed, found ${rust:-none}: install it with rustup (https://rustup.rs) or the Debian package cargo-web"
node=$(node --version 2>/dev/null | tr -d v)
at_least "$NODE_MIN" "${node:-0}" || die "Node $NODE_MIN or newer is needed to build the console, found ${node:-none}: install it from https://nodejs.org or your distribution"

bin=${CARGO_HOME:-$HOME/.cargo}/bin
linker=$(PATH=$bin:$PATH bpf-linker --version 2>/dev/null | awk '{print $2}' || true)
if [ "$linker" != "$BPF_LINKER" ]; then
  say "Building bpf-linker $BPF_LINKER (links the kernel programs; about a minute)"
  env -u CARGO_TARGET_DIR LLVM_PREFIX=/usr/lib/llvm-$LLVM LLVM_SYS_221_PREFIX=/usr/lib/llvm-$LLVM \
    cargo install --quiet --locked bpf-linker --version "$BPF_LINKER" --no-default-features --features "llvm-$LLVM" ||
    die "bpf-linker did not build; see docs/operations/build.md"
fi

# Unoptimised: they build in half the time and are fast enough.
tool() { # tool SUBCOMMAND PACKAGE VERSION WHY
  PATH=$bin:$PATH cargo "$1" --version >/dev/null 2>&1 && return
  say "Building $2 $3 ($4; two or three minutes)"
  env -u CARGO_TARGET_DIR cargo install --quiet --locked --debug "$2" --version "$3" || die "$2 did not build"
}
if [ "$what" = test ]; then
  tool deny cargo-deny 0.19.0 "guards the dependencies"
  tool nextest cargo-nextest 0.9.128 "runs the tests"
fi
