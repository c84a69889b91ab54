#!/usr/bin/env bash
# Produces the answers of the sample project again, with the small model that runs here.
exec "$(dirname "$0")/../sample/make.sh" "$@"
