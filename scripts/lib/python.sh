# Python for scripts/check and scripts/quickstart: finds one, keeps a virtual environment.
# Sourced with the variable `repository` set; prints only what a person should know.
# shellcheck shell=bash
: "${repository:?}"

# Says what is wrong on stderr and ends the script.
fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

# Prints the first Python that is new enough and can make virtual environments.
# ANNCLUST_PYTHON, if set, is the only one considered.
find_python() {
    local candidate without_venv="" candidates=(python3.13 python3.12 python3.11 python3 python)
    if [[ -n "${ANNCLUST_PYTHON:-}" ]]; then candidates=("$ANNCLUST_PYTHON"); fi
    for candidate in "${candidates[@]}"; do
        if ! "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            continue
        elif "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
        without_venv="${without_venv:-$candidate}"
    done
    if [[ -n "$without_venv" ]]; then
        fail "$without_venv is here, but it cannot make virtual environments: its venv is missing." \
            "On Debian or Ubuntu: sudo apt install python3-venv"
    fi
    fail "annclust needs Python 3.11 or newer; here is: $(python3 --version 2>&1 || true)." \
        "Install one (Debian or Ubuntu: sudo apt install python3 python3-venv), or say where it is:" \
        "ANNCLUST_PYTHON=/path/to/python3.11 $0"
}

# Prints one digest of the given files and of where the repository lies.
digest_of() {
    local python="$1"
    shift
    "$python" - "$repository" "$@" <<'PYTHON'
import hashlib, pathlib, sys

digest = hashlib.sha256(sys.argv[1].encode())
for name in sorted(sys.argv[2:]):
    digest.update(pathlib.Path(name).read_bytes())
print(digest.hexdigest())
PYTHON
}

# Prints a Python 3.8 if there is one: the last that Turi Create runs on. ANNCLUST_PYTHON38, if set,
# is the only one considered.
find_python38() {
    local candidate candidates=(python3.8 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.8.*/bin/python)
    if [[ -n "${ANNCLUST_PYTHON38:-}" ]]; then candidates=("$ANNCLUST_PYTHON38"); fi
    for candidate in "${candidates[@]}"; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 8))' 2>/dev/null; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

# ensure_environment FOLDER DIGEST PYTHON PIP-ARGUMENT…: makes a virtual environment and installs into
# it, unless that was done for the same digest. The stamp is filled last: an interrupted run starts
# again. A folder without a stamp is somebody else's and stays as it is.
ensure_environment() {
    local folder="$1" digest="$2" python="$3" stamp="$1/annclust-stamp"
    shift 3
    if [[ -f "$stamp" && "$(<"$stamp")" == "$digest" ]] && "$folder/bin/python" -c '' 2>/dev/null; then
        return
    fi
    if [[ -e "$folder" && ! -f "$stamp" ]]; then
        fail "$folder was not made by this script, so it is left alone. Move it away and try again."
    fi
    echo "Installing into $folder with $("$python" --version) (a minute or two, once)"
    rm -rf "$folder"
    mkdir -p "$folder"
    : >"$stamp"
    "$python" -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" ||
        fail "pip could not install that; its message stands above. Is there a network?"
    printf '%s\n' "$digest" >"$stamp"
}
