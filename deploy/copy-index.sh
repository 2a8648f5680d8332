#!/bin/sh
# Copies the index in service to the folder of another server: deploy/copy-index.sh build/index second:/srv/souffleur/index
#
# Its files first, then what `souffleur tune` taught the encoder, `current` last: a server looks at nothing that `current`
# does not name, so that a copy may be cut off anywhere, and made again. Old indexes there: `souffleur prune --index /srv/souffleur/index`.
set -eu
from=${1%/}
to=${2%/}
id=$(cat "$from/current") # once: another may be put into service meanwhile
draft=$(mktemp -d)
trap 'rm -r "$draft"' EXIT
printf '%s\n' "$id" > "$draft/current"
chmod 755 "$draft" && chmod 644 "$draft/current"
rsync --archive --checksum "$from/$id" "$to/"
if [ -d "$from/adapters" ]; then
    # Without a file that is just being written.
    rsync --archive --checksum --exclude '.*' "$from/adapters" "$to/"
fi
# Every id is as long as every other: by size and time alone, `current` might seem to be there already.
rsync --ignore-times "$draft/current" "$to/current"
