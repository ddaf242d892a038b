//! `Why`: ports there are against ports wanted.

use super::super::{RunTables, words};

pub(super) fn why(tables: &RunTables) -> Vec<String> {
    let found = |metric| tables.estimate("all", metric);
    let Some(ports) = found("capacity_ports").value else { return Vec::new() };
    let wanted = match found("offered_load").value {
        Some(load) if load > ports => format!("{} wanted on average: more than there are", words::figure(load)),
        Some(load) => format!("{} wanted on average (offered load)", words::figure(load)),
        None => "offered load unknown (a trace, or no finite mean)".into(),
    };
    let mut lines = vec![format!("{}; {wanted}", words::counted(ports, "port"))];
    if let (Some(mean), Some(peak)) = (found("busy_ports_mean").value, found("busy_ports_peak").value) {
        lines.push(format!("{} busy on average, {} at the fullest moment", words::figure(mean), words::figure(peak)));
    }
    lines
}
