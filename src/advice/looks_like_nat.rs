//! Hosts that stand for something else: the numbers of a NAT gateway, which is not modelled yet.

use crate::scenario::Host;

/// Ports of one address: of AWS's NAT gateway, of Azure's load balancer (`reference/stacks-and-nats.md` 5, 6).
const GATEWAYS: [u32; 2] = [55_000, 64_000];
/// Those of GCP's and Azure's NATs, which are a host's widest range too: only a NAT's hold tells.
const WIDEST: u32 = 64_512;
/// A block of ports that a machine gets of a NAT is no larger.
const BLOCK_MAX: u32 = 4_096;
/// Holds of NATs, in seconds: GCP's 120 s, Azure's 240 s.
const HOLDS_S: [f64; 2] = [120.0, 240.0];

/// What looks like a NAT about a host, and what must not be read from an answer about it; `None` where nothing does.
pub fn looks_like_nat(host: &Host) -> Option<String> {
    let ports = host.usable_ports();
    let hold_s = host.time_wait.mean_s();
    let is_block = ports <= BLOCK_MAX && ports.is_power_of_two() && ports >= 64;
    let is_hold = HOLDS_S.iter().any(|hold| (hold_s - hold).abs() < 1e-9);
    (GATEWAYS.contains(&ports) || (is_block || ports == WIDEST) && is_hold).then(|| {
        format!(
            "{} ports look like a NAT, which is not modelled: it drops SYNs instead of refusing connect(), shares its ports \
             among all machines behind it, ends idle connections and grows its blocks. Do not read from this that \
             closes_first, tcp_tw_reuse or another sysctl of a host would help there",
            crate::scenario::words::thousands(ports.into())
        )
    })
}
