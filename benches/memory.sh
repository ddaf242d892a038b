#!/usr/bin/env bash
# Does memory stay flat? Peak resident memory of W1 and W3 over 10,000 and over 100,000 simulated seconds; 64 MiB at most.
source "$(dirname "$0")/build.sh"

limit_kib=$((64 * 1024))
failed=0
for workload in W1 W3; do
    for seconds in 10000 100000; do
        read -r attempts _ peak_kib < <("$bench" --side dryport --workload "$workload" --seconds "$seconds")
        printf '%s  %6d s  %9d attempts  %6d KiB\n' "$workload" "$seconds" "$attempts" "$peak_kib"
        if ((attempts == 0 || peak_kib == 0 || peak_kib >= limit_kib)); then failed=1; fi
    done
done
exit "$failed"
