#!/bin/sh
# Makes sure that the browser tests find Chromium and a font for Chinese, Japanese and Korean text.
# Installs Debian's packages when it may (as root, or with sudo that asks no password); otherwise says what is
# missing and leaves with 0: browser tests are then skipped with that reason, except in CI (CI=true), where they fail.
set -u

missing=
found=
for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && command -v "$name" >/dev/null 2>&1; then found=$name; break; fi
done
[ -n "$found" ] || missing=chromium
if command -v fc-list >/dev/null 2>&1; then
    fc-list 2>/dev/null | grep -qi 'noto.*cjk' || missing="$missing fonts-noto-cjk"
elif [ ! -d /usr/share/fonts/opentype/noto ]; then
    missing="$missing fonts-noto-cjk"
fi
missing=$(echo "$missing" | sed 's/^ *//')
[ -n "$missing" ] || exit 0

say_missing() {
    printf 'Browser tests cannot run in full.\n  saw       %s\n  expected  Chromium and fonts-noto-cjk\n  fix       %s\n' \
        "$1" "install them (Debian or Ubuntu: apt-get install $missing), or name a Chromium: CHROMIUM=/path/to/chromium"
    exit 0
}

as_root=
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root='sudo -n'; else
        say_missing "missing: $missing; not root, and sudo asks for a password"
    fi
fi
command -v apt-get >/dev/null 2>&1 || say_missing "missing: $missing; no apt-get on this system"

echo "Installing for the browser tests: $missing"
mkdir -p .cache
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # both hold words on purpose
if { $as_root apt-get update && $as_root apt-get install -y --no-install-recommends $missing; } >.cache/setup-browser.log 2>&1; then
    exit 0
fi
tail -n 5 .cache/setup-browser.log | sed 's/^/  | /'
say_missing "apt-get could not install: $missing (all of it in .cache/setup-browser.log)"
