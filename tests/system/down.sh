# SPDX-License-Identifier: Apache-2.0
source "$(dirname "$0")/sandbox.sh" "$1" "$2"
mitome sandbox down
! mitome sandbox status --json | grep -q running
