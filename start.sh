#!/usr/bin/env bash
# Creates NIJA's environment from the lock file, then runs NIJA in it.
#   ./start.sh              the daemon (or the demo, if no credentials are set)
#   ./start.sh test         all checks: format, lint, layers, types, tests
#   ./start.sh test --fast  the same with the fast tests only; also takes any arguments of pytest
#   ./start.sh COMMAND      any nija command: status, doctor, setup, simulate ...
set -euo pipefail

root="$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")" && pwd)"
cd -- "$root"
venv="$root/.venv"

fail() {
  printf '❌ %s\n' "$@" >&2
  exit 1
}

new_enough() {
  "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
  local candidate
  for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  fail "NIJA needs Python 3.11 or newer; found $(python3 --version 2>/dev/null || echo 'no Python 3')." \
    "Install it (Debian 12: sudo apt-get install -y python3 python3-venv), then run ./start.sh again."
}

make_environment() {
  local lock="$1" python
  python="$(find_python)"
  echo "Creating the environment from $lock (only once; takes a minute or two) ..." >&2
  if command -v uv >/dev/null; then
    [ -x "$venv/bin/python" ] || uv venv --quiet --python "$python" "$venv"
    install_all "$lock" uv pip install --quiet --python "$venv/bin/python"
    return
  fi
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    fail "This Python cannot create virtual environments: Debian has a separate package for that." \
      "Run: sudo apt-get install -y python3-venv"
  fi
  "$venv/bin/python" -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear "$venv"
  install_all "$lock" "$venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check
}

# Packages without a wheel are built with the lock's own setuptools, so nothing outside the lock is ever downloaded.
install_all() {
  local lock="$1"
  shift
  "$@" --require-hashes -r <(sed -n '/^setuptools==/,/[^\\]$/p' "$lock")
  "$@" --require-hashes --no-build-isolation -r "$lock"
  "$@" --no-deps --no-build-isolation -e .
}

# A hash of everything the environment was made from, including its path: a moved environment does not work.
stamp_of() {
  { printf '%s\n' "$root"; cat "$1" pyproject.toml; } | sha256sum | cut -d ' ' -f 1
}

ensure_environment() {
  local lock="$1" stamp made=""
  stamp="$(stamp_of "$lock")"
  [ -x "$venv/bin/python" ] && [ -f "$venv/nija-stamp" ] && made="$(cat "$venv/nija-stamp")"
  case " $made " in *" $stamp "*) return ;; esac
  rm -f "$venv/nija-stamp"
  make_environment "$lock"
  # The test environment includes the daemon's packages, in the same versions.
  printf '%s %s\n' "$stamp" "$(stamp_of requirements.txt)" >"$venv/nija-stamp"
}

run_checks() {
  step() {
    printf '\n== %s\n' "$*" >&2
    "$@"
  }
  step "$venv/bin/ruff" format --check .
  step "$venv/bin/ruff" check .
  step "$venv/bin/lint-imports"
  step "$venv/bin/mypy"
  local pytest=("$venv/bin/python" -m pytest) side_by_side=(-n auto --dist worksteal)
  # Without cached bytecode, pytest would compile all test files at every run.
  unset PYTHONDONTWRITEBYTECODE
  case "${1:-}" in
    fast | --fast) step "${pytest[@]}" "${side_by_side[@]}" --fast ;;
    "")
      step "${pytest[@]}" "${side_by_side[@]}" --cov -m "not daemons"
      # Daemons mostly wait, so three workers fit on two cores. Tests that share a run share a worker; longest runs first.
      step "${pytest[@]}" -n 3 --dist loadgroup --no-loadscope-reorder -m daemons tests/browser tests/chaos tests/docs tests/system
      ;;
    *) step "${pytest[@]}" "$@" ;;
  esac
}

if [ "${1:-}" = test ]; then
  shift
  ensure_environment requirements-dev.txt
  run_checks "$@"
  exit
fi

ensure_environment requirements.txt
exec "$venv/bin/python" -m nija "$@"
