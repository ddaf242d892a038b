#!/usr/bin/env bash
# Instructions per attempted connection, by callgrind: the same on a busy machine as on an idle one.
# Two runs, one twice as long; their difference leaves out what is spent before and until the range has filled.
#
#   benches/instructions.sh [SECONDS]     simulated seconds of the shorter run, at least 120; default 300
source "$(dirname "$0")/build.sh"

seconds=${1:-300}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Prints "instructions attempts" of one run.
count() {
    local attempts
    attempts=$(valgrind --tool=callgrind --callgrind-out-file="$folder/out" --log-file="$folder/log" \
        "$bench" --side "$1" --workload "$2" --seconds "$3" | cut -d' ' -f1)
    echo "$(sed -n 's/^.*Collected : \([0-9]*\).*/\1/p' "$folder/log") $attempts"
}

for workload in W1 W2 W3; do
    for side in baseline dryport; do
        short=$(count "$side" "$workload" "$seconds")
        long=$(count "$side" "$workload" $((2 * seconds)))
        awk -v w="$workload" -v s="$side" '
            NR == 1 { i = $1; a = $2 }
            NR == 2 && $2 > a { printf "%s  %-8s %7.1f instructions/attempt\n", w, s, ($1 - i) / ($2 - a) }
            NR == 2 && $2 <= a { printf "%s  %-8s no attempts made\n", w, s }' <<<"$short"$'\n'"$long"
    done
done
