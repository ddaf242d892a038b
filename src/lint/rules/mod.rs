//! The rules, one file each. To add one, add a file with a `pub(super) const RULE: Rule` here and a line to the list below.

/// Makes the modules and the list from one line per file.
macro_rules! rules {
    ($($file:ident,)+) => {
        $(mod $file;)+

        /// Every rule, in the order in which they look.
        pub const RULES: &[super::Rule] = &[$($file::RULE,)+];
    };
}

rules! {
    tw_recycle,
    fin_timeout,
    long_fin_timeout,
    max_tw_buckets,
    tw_reuse_timestamps,
    tw_reuse_idle,
    exact_time_wait,
    odd_range,
    privileged_ports,
    service_ports,
    reserved_ports,
    listening_ports,
    bind_zero,
    shared_halves,
    socket_range,
    reuse_without_bind,
    macos_loopback,
}
