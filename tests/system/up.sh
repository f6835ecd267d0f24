# SPDX-License-Identifier: Apache-2.0
source "$(dirname "$0")/sandbox.sh" "$1" "$2"
[[ ! -e $MITOME_HOME/sandbox.json ]] || mitome sandbox down >/dev/null 2>&1
rm -rf "$MITOME_HOME"
exec mitome sandbox up
