#!/bin/sh
# Installs the Debian packages that are missing for the given purposes: build, test, lint, bench.
#
#     cmake/packages.sh build test
#
# Does nothing, and needs no rights, when all are there. Needs root or sudo otherwise.
set -eu

build_packages="
    cmake g++ git libboost1.81-dev libboost-json1.81-dev libcli11-dev
    libfmt-dev libncurses-dev libsqlite3-dev libyaml-dev ninja-build"
test_packages="
    clang fish libfaketime libgmock-dev libgtest-dev make man-db mandoc pkgconf python3 python3-pyte
    zsh"
lint_packages="clang-format clang-tidy"
bench_packages="libbenchmark-dev nq python3 task-spooler"

say() { printf '%s\n' "packages: $*" >&2; }
fail() {
    say "$*"
    exit 2
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        env DEBIAN_FRONTEND=noninteractive "$@"
    else
        sudo env DEBIAN_FRONTEND=noninteractive "$@"
    fi
}

# Fails when becoming root would need a password and there is nobody to type it.
can_become_root() {
    [ "$(id -u)" -eq 0 ] && return 0
    command -v sudo >/dev/null || return 1
    sudo -n true 2>/dev/null || [ -t 0 ]
}

[ $# -gt 0 ] || fail "which? Give one or more of: build test lint bench"
wanted=
for purpose; do
    case $purpose in
        build) wanted="$wanted $build_packages" ;;
        test) wanted="$wanted $test_packages" ;;
        lint) wanted="$wanted $lint_packages" ;;
        bench) wanted="$wanted $bench_packages" ;;
        *) fail "unknown purpose '$purpose'; use: build test lint bench" ;;
    esac
done

if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian; going on in the hope that these are here:" $wanted
    exit 0
fi

missing=
for package in $wanted; do
    installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! can_become_root; then
    fail "missing:$missing; install them as root: apt-get install$missing"
fi
say "installing$missing"
# --no-remove: never take away what somebody else installed, say another version of Boost.
as_root apt-get -q -o DPkg::Lock::Timeout=300 update ||
    say "the lists of packages could not be refreshed; trying with those that are here"
as_root apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends --no-remove \
    install $missing </dev/null ||
    fail "could not install$missing; the lines above say why"
