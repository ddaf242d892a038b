//! `dryport port N...`: who holds a port of this machine, what it is, and what may happen to it next.

mod json;
mod next;
mod screen;
mod turn;

use super::guide::{Group, Guide};
use super::unseen::{Gap, Look};
use super::{Exit, Failure, output::Output};
use crate::inspect::files::TcpError;
use crate::inspect::{Holders, Machine, PortUse, Root, elsewhere};
use crate::port::{PortRange, PortSet};
use crate::scenario::quantity;
use crate::scenario::words::{plural, thousands};
use std::path::PathBuf;

/// How it is shown.
pub const GUIDE: Guide = Guide {
    group: Group::ThisMachine,
    short: "who holds a port?",
    examples: &[
        ("dryport port 60327", ""),
        ("dryport port 22 443 60000-60010", "several, and ranges"),
        ("dryport port 8080 --expect free", "exit 99 when it is held"),
        ("dryport port 443 --json | jq .ports[0].sockets", "for scripts"),
    ],
    json: json::KEYS,
};

/// Who holds a port of this machine, what is it, and what happens to it next?
#[derive(Debug, clap::Args)]
pub struct Port {
    /// Ports from 1 to 65535, or ranges of them
    #[arg(required = true, value_name = "PORT", value_parser = ports, allow_negative_numbers = true)]
    ports: Vec<PortRange>,
    /// Exit with 99 unless all of them are so; a port that only waits in TIME-WAIT is not free
    #[arg(long, value_name = "STATE")]
    expect: Option<Expect>,
    /// Print everything as JSON
    #[arg(long)]
    json: bool,
    /// Where /proc and /boot are: for tests, and for the files of another machine
    #[arg(long, value_name = "DIR", default_value = "/", hide = true)]
    root: PathBuf,
}

/// What `--expect` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Expect {
    Free,
    Held,
}

fn ports(text: &str) -> Result<PortRange, String> {
    if text.contains(',') {
        return Err(format!("ports are separated by spaces: {}", text.replace(',', " ").trim()));
    }
    quantity::port_or_range(text).map_err(|misfit| match misfit.help {
        Some(help) => format!("{}; {help}", misfit.message),
        None => misfit.message,
    })
}

/// What was found, whole.
struct Found {
    machine: Machine,
    uses: Vec<PortUse>,
    holders: Holders,
    gaps: Vec<Gap>,
}

impl Found {
    fn held(&self) -> usize {
        self.uses.iter().filter(|each| each.is_held()).count()
    }

    fn free(&self) -> usize {
        self.uses.len() - self.held()
    }

    fn word(&self) -> &'static str {
        let is = |word| self.uses.iter().any(|each| each.word() == word);
        ["HELD", "WAITS"].into_iter().find(|word| is(*word)).unwrap_or("FREE")
    }
}

impl Port {
    /// Looks once, and tells.
    ///
    /// # Errors
    ///
    /// When it cannot be told.
    pub fn run(&self, output: &mut Output<'_>) -> Result<Exit, Failure> {
        let found = match self.look() {
            Ok(found) => found,
            Err(error) => {
                let port = self.ports[0].first().to_string();
                output.prose(&format!("error: {error}: dryport port reads it on Linux only"))?;
                for way in elsewhere::instead(std::env::consts::OS, |way| way.port) {
                    output.message(&format!("help: {}", way.replace("PORT", &port)))?;
                }
                return Ok(Exit::Failed);
            }
        };
        if self.json {
            output.data(&format!("{:#}", json::document(&found)))?;
        } else {
            output.data(screen::page(&found).trim_end())?;
        }
        let (others, word, are) = match self.expect {
            Some(Expect::Free) => (found.held(), "free", "not free"),
            Some(Expect::Held) => (found.free(), "held", "free"),
            None => (0, "", ""),
        };
        if others == 0 {
            return Ok(Exit::Fine);
        }
        let all = plural(found.uses.len() as u64, "port");
        output.message(&format!("FAIL  --expect {word}: {} of {all} {are}", thousands(others as u64)))?;
        Ok(Exit::Gate)
    }

    fn look(&self) -> Result<Found, TcpError> {
        let root = Root::new(&self.root);
        let ports = PortSet::new(self.ports.clone());
        let mut sockets = Vec::new();
        let notes = root.sockets(|socket| {
            if ports.contains(socket.local.port()) {
                sockets.push(socket);
            }
        })?;
        let holders = root.holders(&sockets.iter().map(|socket| socket.inode).collect());
        let asked: Vec<String> = ports.ranges().iter().copied().map(screen::one_or_range).collect();
        let mut gaps = Look::new(&root, notes, &holders).gaps(&format!("dryport port {}", asked.join(" ")));
        let filter = match asked.as_slice() {
            [one] if !one.contains('-') => format!(" 'sport = :{one}'"),
            _ => String::new(),
        };
        gaps.push(Gap::filled_by("TCP only; UDP is not looked at", format!("ss -uanp{filter}")));
        Ok(Found { machine: Machine::read(&root), uses: PortUse::of(&ports, sockets), holders, gaps })
    }
}
