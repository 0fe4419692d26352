#!/bin/sh
# Makes .venv with exactly what requirements.lock names, and this package in editable form.
# Needs a shell, Python >= 3.11 and (the first time) the network. Uses uv when it is on PATH, otherwise
# Python's own venv and pip; both read the same lock file and demand its hashes.
#
#   PYTHON=python3.12 tools/setup.sh   use this interpreter
#   UV= tools/setup.sh                 do not use uv, even when it is there
#
# Does nothing when the environment is up to date: the stamp holds a hash of the lock file, the project
# file, the interpreter and the folder (a moved environment does not work).
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
venv=.venv
stamp=$venv/.setup-stamp
log=.cache/setup.log

fail() { # title, saw, expected, fix
    {
        printf '\nSETUP FAILED  %s\n' "$1"
        printf '  saw       %s\n' "$2"
        printf '  expected  %s\n' "$3"
        printf '  fix       %s\n\n' "$4"
    } >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        if is_new_enough "$PYTHON"; then command -v "$PYTHON"; return 0; fi
        return 1
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if command -v "$candidate" >/dev/null 2>&1 && is_new_enough "$candidate"; then
            command -v "$candidate"
            return 0
        fi
    done
    return 1
}

explain_failure() { # what was being done
    tail -n 15 "$log" | sed 's/^/  | /' >&2
    if grep -qiE 'failed to resolve|name resolution|dns error|error sending request|connection refused|newconnectionerror|network is unreachable|timed out|could not connect|failed to fetch|max retries|proxyerror' "$log"; then
        fail "The package index could not be reached." \
            "a network error while $1 (last lines above, all of it in $log)" \
            "a connection to the Python package index, or to your institution's mirror of it" \
            "check the network, proxy (HTTPS_PROXY) and certificate settings of pip or uv, then run the same command again"
    fi
    if grep -qiE 'do not match the hashes|hash mismatch' "$log"; then
        fail "A downloaded package is not the one that was locked." \
            "another hash than the one in requirements.lock (last lines above, all of it in $log)" \
            "the same file that the lock was made from" \
            "do not go on: ask where the file came from. If the lock is wrong, 'make lock' makes it anew"
    fi
    if grep -qiE 'no matching distribution|no solution found|no wheels|no usable wheels' "$log"; then
        fail "A locked package has no file for this machine." \
            "$("$python" -c 'import platform; print("Python", platform.python_version(), "on", platform.platform())')" \
            "a Python from 3.11 on for which the locked packages publish wheels (3.11 is the one tested)" \
            "choose another interpreter, for example: PYTHON=python3.11 make setup"
    fi
    fail "The environment could not be built." \
        "an error while $1 (last lines above, all of it in $log)" \
        "all packages of requirements.lock installed in $venv" \
        "read $log; remove $venv and run the same command again"
}

python=$(find_python) || fail "No usable Python was found." \
    "${PYTHON:+PYTHON=$PYTHON, which is missing or older than 3.11; }$(python3 --version 2>/dev/null || echo 'no python3 on PATH')" \
    "Python 3.11 or newer" \
    "install it (Debian or Ubuntu: apt-get install python3 python3-venv), or name it: PYTHON=/path/to/python3 make setup"

[ -f requirements.lock ] || fail "The lock file is missing." \
    "no requirements.lock in this folder" "the file that the repository holds" "git checkout requirements.lock"

key=$("$python" - "$root" <<'PY'
import hashlib, pathlib, sys
digest = hashlib.sha256(f"{sys.version}|{sys.base_prefix}|{sys.argv[1]}".encode())
for name in ("requirements.lock", "pyproject.toml"):
    digest.update(pathlib.Path(name).read_bytes())
print(digest.hexdigest())
PY
)

if [ -x "$venv/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$key" ]; then
    exit 0
fi

mkdir -p .cache
: >"$log"
uv=${UV-$(command -v uv || true)}

if [ -d "$venv" ] && ! is_new_enough "$venv/bin/python"; then
    rm -rf "$venv"
fi

if [ -n "$uv" ]; then
    echo "Setting up $venv with uv ($("$python" --version)); the first time takes a minute."
    if [ ! -d "$venv" ]; then
        "$uv" venv --quiet --python "$python" "$venv" >>"$log" 2>&1 || explain_failure "making $venv"
    fi
    "$uv" pip install --quiet --python "$venv/bin/python" --require-hashes --only-binary :all: \
        -r requirements.lock >>"$log" 2>&1 || explain_failure "installing the locked packages"
    "$uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation \
        -e . >>"$log" 2>&1 || explain_failure "installing vein2vein itself"
else
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        fail "This Python cannot make environments." \
            "$python has no venv or ensurepip module" \
            "Python with its standard library complete, or uv on PATH" \
            "Debian or Ubuntu: apt-get install python3-venv; elsewhere install Python from its makers, or uv"
    fi
    echo "Setting up $venv with pip ($("$python" --version)); the first time takes a minute or two."
    if [ ! -x "$venv/bin/pip" ]; then
        "$python" -m venv "$venv" >>"$log" 2>&1 || explain_failure "making $venv"
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --retries 2 --require-hashes \
        --only-binary :all: -r requirements.lock >>"$log" 2>&1 || explain_failure "installing the locked packages"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
        -e . >>"$log" 2>&1 || explain_failure "installing vein2vein itself"
fi

printf '%s\n' "$key" >"$stamp"
echo "Set-up done."
