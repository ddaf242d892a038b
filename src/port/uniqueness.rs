//! What a stack keeps unique, as a function (source, destination) -> lane.

/// The part of the 4-tuple within which one local port can be used once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uniqueness {
    /// Source address, source port, destination address and port: Linux `connect()`.
    FourTuple,
    /// Port and destination, whatever the source address: illumos `connect()`.
    PortDestination,
    /// Local address and port, whatever the destination: bind before connect.
    AddressPort,
    /// The local port alone: macOS.
    Port,
}

impl Uniqueness {
    /// Every rule there is.
    pub const ALL: [Self; 4] = [Self::FourTuple, Self::PortDestination, Self::AddressPort, Self::Port];

    /// The word in scenario files and profiles.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FourTuple => "4-tuple",
            Self::PortDestination => "port-destination",
            Self::AddressPort => "address-port",
            Self::Port => "port",
        }
    }

    /// What it is, in one line.
    pub const fn summary(self) -> &'static str {
        match self {
            Self::FourTuple => "source and destination, address and port: Linux connect()",
            Self::PortDestination => "local port and destination, whatever the source address",
            Self::AddressPort => "local address and port, whatever the destination: bind() first",
            Self::Port => "the local port alone: macOS",
        }
    }

    /// How many lanes `sources` source addresses and `endpoints` destination endpoints make.
    pub const fn lanes(self, sources: u32, endpoints: u32) -> u64 {
        match self {
            Self::FourTuple => sources as u64 * endpoints as u64,
            Self::PortDestination => endpoints as u64,
            Self::AddressPort => sources as u64,
            Self::Port => 1,
        }
    }

    /// How the lane follows from source address and endpoint, when there are `endpoints` endpoints in all.
    pub const fn strides(self, endpoints: u32) -> Strides {
        match self {
            Self::FourTuple => Strides { source: endpoints, endpoint: 1 },
            Self::PortDestination => Strides { source: 0, endpoint: 1 },
            Self::AddressPort => Strides { source: 1, endpoint: 0 },
            Self::Port => Strides { source: 0, endpoint: 0 },
        }
    }
}

/// A uniqueness rule as arithmetic: what one more source address, or one more endpoint, adds to the lane's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strides {
    source: u32,
    endpoint: u32,
}

impl Strides {
    /// The source address of a lane, where addresses tell lanes apart; else 0.
    pub const fn source_of(self, lane: u32) -> u32 {
        match lane.checked_div(self.source) {
            Some(source) => source,
            None => 0,
        }
    }

    /// The endpoint of a lane, where endpoints tell lanes apart; else 0.
    pub const fn endpoint_of(self, lane: u32) -> u32 {
        match (self.endpoint, lane.checked_rem(self.source)) {
            (0, _) => 0,
            (_, Some(endpoint)) => endpoint,
            (_, None) => lane,
        }
    }

    /// The lane of a connection from source address `source` to endpoint `endpoint`.
    #[inline]
    pub const fn lane(self, source: u32, endpoint: u32) -> u32 {
        source * self.source + endpoint * self.endpoint
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_tells_apart_exactly_what_it_says() {
        let (sources, endpoints) = (3, 4);
        for rule in Uniqueness::ALL {
            let mut seen = std::collections::BTreeSet::new();
            for source in 0..sources {
                for endpoint in 0..endpoints {
                    let lane = rule.strides(endpoints).lane(source, endpoint);
                    assert!(u64::from(lane) < rule.lanes(sources, endpoints));
                    let tells = matches!(rule, Uniqueness::FourTuple | Uniqueness::AddressPort);
                    assert_eq!(rule.strides(endpoints).source_of(lane), if tells { source } else { 0 });
                    let tells = matches!(rule, Uniqueness::FourTuple | Uniqueness::PortDestination);
                    assert_eq!(rule.strides(endpoints).endpoint_of(lane), if tells { endpoint } else { 0 });
                    seen.insert(lane);
                }
            }
            assert_eq!(seen.len() as u64, rule.lanes(sources, endpoints), "{}", rule.name());
        }
    }
}
