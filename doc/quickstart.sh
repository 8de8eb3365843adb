#!/bin/sh
# Installs what is missing, builds posthorn, opens the demo mailbox. Without a
# terminal it prints the demo's inbox instead.
# Usage: sh doc/quickstart.sh [arguments of posthorn, default: demo]
set -eu
cd "$(dirname "$0")/.."

build=${POSTHORN_BUILD:-_build}

debian="gcc libc6-dev meson ninja-build pkg-config python3 libglib2.0-dev
libgmime-3.0-dev libnotmuch-dev libsqlite3-dev libssl-dev libgsasl-dev
zlib1g-dev libgumbo-dev libjson-glib-dev libncurses-dev libunbound-dev
libpsl-dev libidn2-dev libmd4c-dev libmd4c-html0-dev libcurl4-openssl-dev"
fedora="gcc meson ninja-build pkgconf-pkg-config python3 glib2-devel
gmime30-devel notmuch-devel sqlite-devel openssl-devel libgsasl-devel
zlib-devel gumbo-parser-devel json-glib-devel ncurses-devel unbound-devel
libpsl-devel libidn2-devel md4c-devel libcurl-devel"
arch="gcc meson ninja pkgconf python glib2-devel glib2 gmime3 notmuch-runtime
notmuch sqlite openssl gsasl zlib gumbo-parser json-glib ncurses unbound
libpsl libidn2 md4c curl"
alpine="gcc musl-dev meson ninja-build pkgconf python3 glib-dev gmime-dev
notmuch-dev sqlite-dev openssl-dev gsasl-dev zlib-dev gumbo-parser-dev
json-glib-dev ncurses-dev unbound-dev libpsl-dev libidn2-dev md4c-dev
curl-dev"
brew="meson ninja pkg-config python3 glib gmime notmuch sqlite openssl@3 gsasl
zlib gumbo-parser json-glib ncurses unbound libpsl libidn2 md4c curl"
freebsd="meson ninja pkgconf python3 glib gmime30 notmuch sqlite3 gsasl gumbo
json-glib unbound libpsl libidn2 md4c curl"

say() {
    printf '%s\n' "$*" >&2
}

# Runs a command as root: as it is, or through sudo or doas.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    elif command -v doas >/dev/null 2>&1; then
        doas "$@"
    else
        say "Not root, and neither sudo nor doas is here. Run as root:"
        say "  $*"
        exit 1
    fi
}

install_debian() {
    missing=
    for package in $debian; do
        case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
        *'ok installed') ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -n "$missing" ] || return 0
    say "installing:$missing"
    as_root apt-get update -q >/dev/null
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q \
        --no-install-recommends $missing >/dev/null
}

# shellcheck disable=SC2086
install_missing() {
    if command -v apt-get >/dev/null 2>&1; then
        install_debian
    elif command -v dnf >/dev/null 2>&1; then
        rpm -q $fedora >/dev/null 2>&1 || as_root dnf install -y -q $fedora
    elif command -v pacman >/dev/null 2>&1; then
        pacman -Q $arch >/dev/null 2>&1 ||
            as_root pacman -S --needed --noconfirm $arch
    elif command -v apk >/dev/null 2>&1; then
        apk info -e $alpine >/dev/null 2>&1 || as_root apk add $alpine
    elif command -v brew >/dev/null 2>&1; then
        brew install $brew
    elif command -v pkg >/dev/null 2>&1; then
        as_root pkg install -y $freebsd
    else
        say "This system is not known here. posthorn needs: meson, ninja, a C"
        say "compiler, and the libraries named in doc/architecture.md."
    fi
}

install_missing
if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" -Dtests=false -Dbuildtype=release >&2
fi
ninja -C "$build" >&2
[ $# -gt 0 ] || set -- demo
exec "$build/src/posthorn" "$@"
