#!/bin/sh
# Installs what is missing, builds with the sanitizers, runs every test, ends
# with "N passed, N failed". Needs no terminal and leaves nothing running.
# Usage: sh tests/run.sh [name of a test or suite]
set -eu
cd "$(dirname "$0")/.."

build=${POSTHORN_TEST_BUILD:-_build-test}

packages="gcc libc6-dev meson ninja-build pkg-config python3 git
universal-ctags libglib2.0-dev libgmime-3.0-dev libnotmuch-dev libsqlite3-dev
libssl-dev libunbound-dev libpsl-dev libidn2-dev libgsasl-dev zlib1g-dev
libgumbo-dev libmd4c-dev libmd4c-html0-dev libcurl4-openssl-dev chafa libjson-glib-dev libncurses-dev ncurses-term tmux procps openssl
gpg gpg-agent gpgsm pinentry-curses
notmuch dovecot-imapd dovecot-pop3d postfix git-email libmailtools-perl
python3-dkim python3-nacl python3-spf libopendkim-dev libsasl2-modules libsasl2-modules-db
libical3 libjansson4 libldap-2.5-0 libpcre3 libpq5 libwrap0 libnsl2"

# Debian's servers start themselves when they are installed: not here.
no_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
}

install_missing() {
    missing=
    for package in $packages; do
        case $(dpkg-query -W -f='${Status}' "$package" 2>/dev/null) in
        *'ok installed') ;;
        *) missing="$missing $package" ;;
        esac
    done
    [ -z "$missing" ] && return
    echo "installing:$missing"
    if [ "$(id -u)" != 0 ]; then
        echo "run as root once, or: sudo apt-get install$missing" >&2
        exit 1
    fi
    no_services
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >/dev/null
    # shellcheck disable=SC2086
    apt-get install -y -q --no-install-recommends $missing >/dev/null
}

# Debian lets one IMAP server be installed; the second one's packages are only
# unpacked, and its libraries installed.
case $build in
/*) cyrus=$build.cyrus ;;
*) cyrus=$PWD/$build.cyrus ;;
esac
unpack_cyrus() {
    [ -x "$cyrus/usr/lib/cyrus/bin/imapd" ] && return
    echo "unpacking: cyrus-imapd"
    mkdir -p "$cyrus/packages"
    (cd "$cyrus/packages" &&
        apt-get download -q cyrus-imapd cyrus-common sasl2-bin >/dev/null &&
        for package in *.deb; do dpkg-deb -x "$package" "$cyrus"; done) ||
        echo "without cyrus-imapd: its tests are left out" >&2
}

if command -v dpkg-query >/dev/null 2>&1; then
    install_missing
    unpack_cyrus
fi
export POSTHORN_CYRUS=$cyrus

if [ ! -f "$build/build.ninja" ]; then
    meson setup "$build" -Dbuildtype=debugoptimized -Doptimization=1 \
        -Db_sanitize=address,undefined -Dwerror=true >"$build.log" 2>&1 ||
        { cat "$build.log"; exit 1; }
fi
rm -f "$build.log"
ninja -C "$build"

# Leaks of libraries are told by who allocated, which takes a true stack.
stacks=fast_unwind_on_malloc=0:malloc_context_size=8
export ASAN_OPTIONS=detect_leaks=${POSTHORN_LEAKS:-1}:abort_on_error=0:$stacks
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export G_SLICE=always-malloc
export LC_ALL=C.UTF-8
status=0
# shellcheck disable=SC2086
meson test -C "$build" --no-rebuild --print-errorlogs --num-processes 2 \
    ${1:+--suite "$1"} || status=$?
python3 tests/count.py "$build/meson-logs/testlog.junit.xml" "$status"
