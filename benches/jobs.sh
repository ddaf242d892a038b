#!/usr/bin/env bash
# What do threads cost? User CPU of the same eight replications at --jobs 1 and --jobs 2, by turns, medians of five;
# two threads may use at most 1.15 times as much.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo build --release --locked --quiet

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/jobs.toml" <<'TOML'
schema = 1
[run]
duration     = "4000s"
replications = 8
[[host]]
name      = "host"
time_wait = "60s"
[[destination]]
name = "service"
[[client]]
name     = "client"
host     = "host"
to       = "service"
arrivals = { poisson = { rate = "450/s" } }
lifetime = { exponential = { mean = "2s" } }
TOML

TIMEFORMAT=%3U
for _ in 1 2 3 4 5; do
    for jobs in 1 2; do
        { time target/release/dryport run "$folder/jobs.toml" --quiet --jobs "$jobs" --force --out "$folder/out" \
            >"$folder/stdout" 2>"$folder/stderr"; } 2>>"$folder/jobs-$jobs" || { cat "$folder/stderr" >&2; exit 1; }
    done
done
one=$(sort -n "$folder/jobs-1" | sed -n 3p)
two=$(sort -n "$folder/jobs-2" | sed -n 3p)
awk -v one="$one" -v two="$two" 'BEGIN {
    if (one <= 0) { print "nothing was simulated"; exit 1 }
    printf "user CPU: --jobs 1 %.2f s, --jobs 2 %.2f s, %.2f times\n", one, two, two / one
    exit two / one > 1.15
}'
