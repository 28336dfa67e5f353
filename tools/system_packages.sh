#!/bin/sh
# Have the named system packages, or say which one is missing and how to mend it. Installs with apt-get when it may.
set -u
missing=
for package in "$@"; do
    case $package in
        chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null || missing="$missing $package" ;;
        fonts-noto-cjk)
            fc-list 2>/dev/null | grep -qi 'noto.*cjk' || dpkg -s fonts-noto-cjk >/dev/null 2>&1 || missing="$missing $package" ;;
        curl) command -v curl >/dev/null || missing="$missing $package" ;;
        mosquitto) command -v mosquitto >/dev/null || test -x /usr/sbin/mosquitto || missing="$missing $package" ;;
        mosquitto-clients) command -v mosquitto_pub >/dev/null || missing="$missing $package" ;;
        fiu-utils) command -v fiu-run >/dev/null || missing="$missing $package" ;;
        *) echo "system_packages.sh does not know how to look for $package" >&2; exit 2 ;;
    esac
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then as=; elif sudo -n true 2>/dev/null; then as="sudo -n"; else as=none; fi
if [ "$as" = none ] || ! command -v apt-get >/dev/null; then
    echo "make test needs these system packages:$missing. To mend: sudo apt-get install$missing" >&2
    exit 1
fi
echo "installing$missing"
# shellcheck disable=SC2086
$as apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive $as apt-get install -y -qq --no-install-recommends $missing >/dev/null || {
    echo "apt-get could not install$missing. To mend: install them by hand." >&2
    exit 1
}
