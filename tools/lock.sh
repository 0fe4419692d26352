#!/bin/sh
# Makes requirements.lock anew: every package that the library, its extras and its developers need, one exact
# version each (per Python version where they differ), with hashes, and without the name of any package index.
#
#   make lock                 keeps what is locked and adds what is missing
#   make lock UPGRADE=1       takes the newest versions that pyproject.toml admits
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
uv=${UV-$(command -v uv || true)}
if [ -z "$uv" ]; then
    # uv resolves for all Python versions and systems at once, which pip cannot; it stays out of .venv
    [ -x .cache/uv/bin/uv ] || { python3 -m venv .cache/uv && .cache/uv/bin/python -m pip install --quiet uv; }
    uv=.cache/uv/bin/uv
fi
upgrade=
if [ -n "${UPGRADE:-}" ]; then upgrade=--upgrade; fi

# shellcheck disable=SC2086  # $upgrade is empty or one option
"$uv" pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
    --extra dask --extra pdf --group dev --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
    --output-file requirements.lock $upgrade

if grep -nE 'https?://|file:|^--' requirements.lock; then
    echo "requirements.lock names an address (lines above): it must hold names, versions and hashes only." >&2
    exit 1
fi
echo "requirements.lock: $(grep -cE '^[A-Za-z0-9].*==' requirements.lock) packages"
