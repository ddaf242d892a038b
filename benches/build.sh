# Sourced by the scripts beside it: builds the bench and sets `bench` to its program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

bench=$(cargo bench --bench end_to_end --no-run --locked --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*\/end_to_end-[^"]*\)".*/\1/p')
[[ -x $bench ]] || { echo 'the bench does not build: cargo bench --bench end_to_end --no-run' >&2; exit 1; }
