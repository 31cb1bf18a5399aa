#!/bin/sh
# usage: deploy/venv.sh PYTHON FOLDER: a virtual environment with pip in FOLDER, made or mended where it is missing.
set -eu
python=$1
folder=$2

if [ -x "$folder/bin/python" ] && "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
  exit 0
fi
if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "Python 3.11 or newer is needed; \"$python\" is not. Name another: make PYTHON=/path/to/python3 …" >&2
  exit 1
fi
# Debian ships python3 without ensurepip, and a virtual environment without it has no pip.
if ! "$python" -c 'import ensurepip, venv' >/dev/null 2>&1; then
  "$(dirname "$0")/packages.sh" python3-venv
fi
echo "Making $folder …"
"$python" -m venv "$folder"
