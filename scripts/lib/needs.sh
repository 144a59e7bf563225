# Sourced by scripts/run and scripts/test: finds what a build needs and installs what is missing with the system's own
# package manager (apt, dnf, pacman or brew). The caller sets `root`, the project's folder.

say() { echo "$(basename "$0"): $*" >&2; }
fail() { say "$*"; exit 1; }

# install DEBIAN FEDORA ARCH BREW: the packages of one need, by package manager; `-` where it has none
install() {
    local sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    if command -v apt-get >/dev/null; then
        set -- "$1" $sudo apt-get install -y --no-install-recommends
        [ -n "${apt_is_current:-}" ] || $sudo apt-get update >&2
        apt_is_current=1
    elif command -v dnf >/dev/null; then
        set -- "$2" $sudo dnf install -y
    elif command -v pacman >/dev/null; then
        set -- "$3" $sudo pacman -Sy --noconfirm --needed
    elif command -v brew >/dev/null; then
        set -- "$4" brew install
    else
        fail "no apt, dnf, pacman or brew here; install by hand: $1 (Debian's names)"
    fi
    local packages=$1
    shift
    [ "$packages" != - ] || return 1
    say "installing $packages"
    # shellcheck disable=SC2086  # a list of packages
    "$@" $packages >&2
}

# A C compiler that finds the headers and libraries of libpcap and zlib.
has_c() {
    echo 'int main(void) { return 0; }' |
        cc -x c -include pcap/pcap.h -include zlib.h -o /dev/null - -lpcap -lz 2>/dev/null
}

# What librdkafka is built with. Homebrew keeps its OpenSSL apart, where the build looks for it.
has_kafka_tools() {
    command -v make >/dev/null && command -v c++ >/dev/null && command -v pkg-config >/dev/null &&
        { pkg-config --exists openssl || [ -e "$(brew --prefix openssl@3 2>/dev/null)/include/openssl/ssl.h" ]; }
}

# The Rust version that Cargo.toml asks for, and whether the cargo here is at least that.
rust_wanted() { sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml"; }
has_rust() {
    local have
    have=$(cd "$root" && cargo --version 2>/dev/null | cut -d ' ' -f 2) && [ -n "$have" ] &&
        [ "$(printf '%s\n' "$(rust_wanted)" "$have" | sort -V | head -n 1)" = "$(rust_wanted)" ]
}

# Rust from the distribution: rustup where it is packaged, else a compiler that is new enough (Debian keeps one for its
# browsers beside the older default).
install_rust() {
    local packages
    for packages in rustup "cargo-web rustfmt-web rust-web-clippy"; do
        if install "$packages ca-certificates" "cargo rustfmt clippy" rust rust; then
            ! command -v rustup >/dev/null || rustup default stable >&2 || true
            hash -r
            ! has_rust || return 0
        fi
    done
    return 1
}

need_build_tools() {
    has_c || install "gcc libc6-dev libpcap-dev zlib1g-dev" "gcc libpcap-devel zlib-devel" "gcc libpcap zlib" libpcap ||
        true
    has_c || fail "no C compiler that finds <pcap/pcap.h> of libpcap and <zlib.h>; on macOS: xcode-select --install"
    has_kafka_tools ||
        install "g++ make pkg-config libssl-dev" "gcc-c++ make pkgconf-pkg-config openssl-devel" "gcc make pkgconf openssl" \
            "pkgconf openssl@3" || true
    has_kafka_tools ||
        fail "Kafka needs make, a C++ compiler, pkg-config and OpenSSL's headers; or build it with cargo, without:" \
            "cargo build --release --no-default-features --features parquet"
    has_rust || install_rust ||
        fail "Rust $(rust_wanted) or later is needed; get it from https://rustup.rs (rustup update stable where rustup is there)"
}

# What the tests of live captures need where they can be run: on Linux, by root. Without it they skip, and say so.
need_live_tools() {
    [ "$(uname)" = Linux ] && [ "$(id -u)" = 0 ] || return 0
    local tool
    for tool in ip nsenter unshare setcap openssl tcpdump tcpreplay script; do
        command -v "$tool" >/dev/null || {
            install "iproute2 util-linux bsdutils libcap2-bin openssl tcpdump tcpreplay" \
                "iproute util-linux libcap openssl tcpdump tcpreplay" \
                "iproute2 util-linux libcap openssl tcpdump tcpreplay" - ||
                say "$tool is not here and cannot be had; tests of live captures that need it will be skipped"
            return 0
        }
    done
}

# Receivers, or who reads from them. Without one its tests skip, and say so.
need_receivers() {
    command -v kcat >/dev/null || install kcat - - kcat || say "kcat is not here; tests of Kafka will be skipped"
}

# DuckDB, with which the tests query Parquet files, as a module of a Python of the project's own. Without it they skip.
need_duckdb() {
    local python=$root/target/duckdb/bin/python
    "$python" -c 'import duckdb' 2>/dev/null && return 0
    python3 -m venv --clear "$root/target/duckdb" 2>/dev/null || {
        install python3-venv python3 python python3 || true
        python3 -m venv --clear "$root/target/duckdb" || true
    }
    "$python" -m pip install --quiet duckdb >&2 ||
        say "duckdb cannot be had from PyPI; tests that query Parquet files with it will be skipped"
}

# What the tests of syslog need: rsyslog, installed by root, and syslog-ng, which Debian does not install beside it. So
# its packages are unpacked into target/syslog-ng, where the tests find it. Without them they skip, and say so.
need_syslog_tools() {
    [ "$(uname)" = Linux ] || return 0
    if [ "$(id -u)" = 0 ] && ! command -v rsyslogd >/dev/null; then
        install "rsyslog rsyslog-gnutls rsyslog-openssl" "rsyslog rsyslog-gnutls rsyslog-openssl" - - || true
    fi
    command -v rsyslogd >/dev/null || [ -x /usr/sbin/rsyslogd ] ||
        say "rsyslogd is not here; tests of syslog that need it will be skipped"
    local folder=$root/target/syslog-ng
    command -v syslog-ng >/dev/null || [ -x "$folder/usr/sbin/syslog-ng" ] || unpack_syslog_ng "$folder" ||
        say "syslog-ng is not here and cannot be had; tests of syslog that need it will be skipped"
}

# unpack_syslog_ng FOLDER: its packages and the libraries that only it needs
unpack_syslog_ng() {
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
    local packages package work
    [ -n "${apt_is_current:-}" ] || [ "$(id -u)" != 0 ] || { apt-get update >&2 && apt_is_current=1; } || return 1
    packages=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances syslog-ng-core | grep -E '^(syslog-ng-core|lib(ivykis|net|glib2|json-c|pcre|wrap|ssl|systemd|cap)[^:]*)$') || return 1
    say "unpacking syslog-ng into $1"
    work=$(mktemp -d)
    # shellcheck disable=SC2086  # a list of packages
    (cd "$work" && apt-get download $packages) >&2 || { rm -rf "$work"; return 1; }
    mkdir -p "$1"
    for package in "$work"/*.deb; do dpkg-deb -x "$package" "$1" || { rm -rf "$work" "$1"; return 1; }; done
    rm -rf "$work"
}
