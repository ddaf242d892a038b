//! Erlang's loss formula: Poisson arrivals, any law of holds, one pool (M/G/c/c).
//!
//! A. K. Erlang, 1917; insensitive to the law of holds; time and call congestion agree (Wolff's PASTA, 1982).

/// The blocking probability B(N, a) of `ports` offered `load` erlangs (finite, not negative): the last term of the Poisson
/// distribution cut off at N. Values below 1e-308 come out as 0.
///
/// By I(k) = 1 + I(k-1) k/a, B = 1/I(N): all terms positive, relative error under 2e-15 up to 65,536 ports.
///
/// # Panics
///
/// When `load` is negative, infinite or NaN.
pub fn erlang_b(ports: u32, load: f64) -> f64 {
    check(load);
    let mut inverse = 1.0;
    for port in 1..=ports {
        inverse = 1.0 + inverse * (f64::from(port) / load);
        if inverse == f64::INFINITY {
            break;
        }
    }
    1.0 / inverse
}

fn check(load: f64) {
    assert!(load >= 0.0 && load.is_finite(), "a load is finite and not negative");
}

/// The mean number of busy ports: a (1 - B(N, a)).
///
/// # Panics
///
/// As [`erlang_b`].
pub fn mean_occupancy(ports: u32, load: f64) -> f64 {
    load * (1.0 - erlang_b(ports, load))
}

/// The variance of the number of busy ports: Y - a B (N - Y), Y the mean (Iversen, Teletraffic Engineering, 7).
///
/// # Panics
///
/// As [`erlang_b`].
pub fn occupancy_variance(ports: u32, load: f64) -> f64 {
    let blocking = erlang_b(ports, load);
    let mean = load * (1.0 - blocking);
    mean - load * blocking * (f64::from(ports) - mean)
}

fn check_blocking(blocking: f64) {
    assert!(blocking > 1e-300 && blocking < 1.0, "a blocking probability to reach lies between 1e-300 and 1");
}

/// The load in erlangs at which `ports` (at least one) block a share of `blocking` (1e-300 to 1): the inverse of
/// [`erlang_b`] in the load, by Newton's method on ln B, d ln B / da = N/a - 1 + B, kept within (0, N / (1-B)].
///
/// # Panics
///
/// Outside of the domain.
pub fn offered_load_for(ports: u32, blocking: f64) -> f64 {
    check_blocking(blocking);
    assert!(ports > 0, "without ports all is blocked");
    let target = crate::numeric::ln(blocking);
    let count = f64::from(ports);
    let (mut low, mut high) = (0.0, count / (1.0 - blocking));
    let mut load = 0.5 * high;
    for _ in 0..400 {
        let reached = erlang_b(ports, load);
        if reached < blocking {
            low = load;
        } else {
            high = load;
        }
        let step = (target - crate::numeric::ln(reached)) / (count / load - 1.0 + reached);
        let next = if load + step > low && load + step < high { load + step } else { low + 0.5 * (high - low) };
        if (next - load).abs() <= 1e-15 * load {
            return next;
        }
        load = next;
    }
    load
}

/// The least number of ports that block at most a share of `blocking` (1e-300 to 1) of `load` erlangs, by the
/// recursion of [`erlang_b`].
///
/// # Panics
///
/// Outside of the domain, or when more than 2^32 ports are needed.
pub fn ports_for(load: f64, blocking: f64) -> u32 {
    check(load);
    check_blocking(blocking);
    let (mut ports, mut inverse) = (0_u32, 1.0);
    while 1.0 > blocking * inverse {
        ports = ports.checked_add(1).expect("fewer than 2^32 ports");
        inverse = 1.0 + inverse * (f64::from(ports) / load);
    }
    ports
}

#[cfg(test)]
mod tests {
    use super::super::cases::{Case, close};
    use super::*;

    #[test]
    fn the_loss_system_agrees_with_the_cases() {
        let cases = Case::of("mgcc");
        assert_eq!(cases.len(), 6);
        for case in cases {
            let (ports, load) = (case.count("N"), case.get("lambda") * (case.get("mean_hold") + case.get("timewait")));
            close(erlang_b(ports, load), case.expected("blocking"), 2e-13);
            close(mean_occupancy(ports, load), case.expected("mean_occupancy"), 1e-14);
            close(occupancy_variance(ports, load), case.expected("var_occupancy"), 1e-10);
        }
    }

    #[test]
    fn destinations_are_pools_of_their_own() {
        for case in Case::of("destinations") {
            let (ports, count) = (case.count("N"), case.count("destinations"));
            let load = case.get("lambda") * (case.get("mean_hold") + case.get("timewait"));
            let whole: f64 = (1..=count).map(|rank| 1.0 / f64::from(rank)).sum();
            let weights: Vec<f64> = (1..=count).map(|rank| 1.0 / f64::from(rank) / whole).collect();
            let overall: f64 = weights.iter().map(|weight| weight * erlang_b(ports, weight * load)).sum();
            close(overall, case.expected("overall_blocking"), 1e-12);
            close(erlang_b(ports, weights[0] * load), case.expected("first_blocking"), 1e-12);
            close(erlang_b(ports, weights[count as usize - 1] * load), case.expected("last_blocking"), 1e-12);
            close(erlang_b(ports, load), case.expected("bind0_shared_blocking"), 1e-13);
        }
    }

    #[test]
    fn the_inverse_comes_back() {
        for (ports, blocking) in [(1, 0.5), (10, 1e-9), (100, 0.9), (28_232, 1e-6), (28_232, 1e-200), (65_536, 0.01)] {
            let load = offered_load_for(ports, blocking);
            close(erlang_b(ports, load), blocking, 1e-11);
            let enough = ports_for(load * (1.0 - 1e-9), blocking);
            assert_eq!(enough, ports);
        }
        // Head-room of theory.md section 1: 231, 657 and 901 ports.
        for (blocking, spare) in [(1e-3, 231.0), (1e-6, 657.0), (1e-9, 901.0)] {
            assert!((28_232.0 - offered_load_for(28_232, blocking) - spare).abs() < 0.5);
        }
    }

    /// With an exact TIME-WAIT, as the cases have it, the largest load says all: rate, wait, sources, requests.
    #[test]
    fn the_inverse_cases_are_reproduced() {
        let largest = |case: &Case| offered_load_for(case.count("N"), case.get("p"));
        let rates = Case::inverse("max rate");
        for case in &rates {
            close(largest(case), case.expected("a_max"), 1e-12);
            let hold = case.get("mean_hold") + case.get("timewait");
            close(largest(case) / hold, case.expected("rate_max"), 1e-12);
        }
        let ports = Case::inverse("min ports");
        for case in &ports {
            let load = case.get("rate") * (case.get("mean_hold") + case.get("timewait"));
            let wanted = ports_for(load, case.get("p"));
            assert_eq!(wanted, case.expected_count("N_min"));
            close(erlang_b(wanted, load), case.expected("B_at_N"), 1e-12);
            close(erlang_b(wanted - 1, load), case.expected("B_at_N_minus_1"), 1e-12);
        }
        let waits = Case::inverse("max TIME_WAIT (or reuse delay)");
        for case in &waits {
            close(largest(case) / case.get("rate") - case.get("mean_hold"), case.expected("timewait_max"), 1e-11);
        }
        let requests = Case::inverse("min requests per connection");
        for case in &requests {
            let each = case.get("mean_request_time") * case.get("request_rate");
            let exact = case.get("request_rate") * case.get("timewait") / (largest(case) - each);
            close(exact, case.expected("k_exact_real"), 1e-12);
        }
        let sources = Case::inverse("min source IPs");
        for case in &sources {
            let load = case.get("rate") * (case.get("mean_hold") + case.get("timewait"));
            let lanes = case.expected_count("K_random_ip");
            let blocked = |lanes: u32| erlang_b(case.count("ports_per_ip"), load / f64::from(lanes));
            close(blocked(lanes), case.expected("B_random_ip"), 1e-12);
            assert!(blocked(lanes) <= case.get("p") && blocked(lanes - 1) > case.get("p"));
        }
        let quantiles = Case::inverse("time to exhaustion quantile");
        for case in &quantiles {
            let filling = super::super::Filling { ports: case.count("N"), rate: case.get("rate") };
            close(filling.time_to_full(case.get("quantile")), case.expected("t"), 1e-11);
        }
        let seen = [rates, ports, waits, requests, sources, quantiles].map(|cases| cases.len());
        assert_eq!(seen, [7, 3, 2, 1, 1, 1]);
    }

    #[test]
    fn the_ends_are_exact() {
        close(erlang_b(0, 3.0), 1.0, 0.0);
        close(erlang_b(3, 0.0), 0.0, 0.0);
        close(erlang_b(28_232, 1.0), 0.0, 0.0);
    }
}
