//! What goes wrong.

use std::{fmt, time::Duration};

use rand::{Rng, rngs::StdRng, seq::IndexedRandom as _};

use crate::net::DRIVER;

/// One thing that goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: Kind,
    /// To whom.
    pub target: String,
}

/// What can happen to a process or to what lies between two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// SIGKILL, and started again.
    Kill,
    /// SIGKILL, started again, SIGKILL on its way up, started again.
    KillTwice,
    /// SIGSTOP, and SIGCONT.
    Pause,
    /// Asked to stop, and started again once it has.
    Drain,
    /// Its link is cut: it reaches nobody.
    Isolate,
    /// Nothing passes between it and this other one.
    Cut(String),
    /// What it sends to this other one goes nowhere; what comes back still comes.
    OneWay(String),
    /// Its link is slow and short of breath.
    Slow,
}

impl Kind {
    /// Its name in a table, without the other end.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::KillTwice => "kill twice",
            Self::Pause => "pause",
            Self::Drain => "drain",
            Self::Isolate => "isolate",
            Self::Cut(_) => "cut",
            Self::OneWay(_) => "cut one way",
            Self::Slow => "slow",
        }
    }
}

impl Kind {
    /// Whether it happens to what lies between processes.
    const fn is_of_link(&self) -> bool {
        matches!(self, Self::Isolate | Self::Cut(_) | Self::OneWay(_) | Self::Slow)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.name(), self.target)?;
        match &self.kind {
            Kind::Cut(other) => write!(f, " ✂ {other}"),
            Kind::OneWay(other) => write!(f, " → {other}"),
            _ => Ok(()),
        }
    }
}

impl Fault {
    /// How much of the rest must work for it to be healed: what is lower is healed first.
    pub fn needs(&self) -> u8 {
        let starts_again = matches!(self.kind, Kind::Kill | Kind::KillTwice | Kind::Drain);
        match role(&self.target) {
            _ if !starts_again => 0,
            "broker" | "database" => 1,
            "tenant" => 2,
            _ => 3,
        }
    }
}

/// The role of a process by its name: `ingest` of `ingest-2`.
pub fn role(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}

/// Who can be hit, and how.
#[derive(Debug, Clone)]
pub struct Targets {
    /// Names of the services' processes.
    pub services: Vec<String>,
    /// Names of brokers and database.
    pub servers: Vec<String>,
    /// Names of agents that are processes of their own, and whether each may be killed.
    pub agents: Vec<(String, bool)>,
    /// Whether links can be cut.
    pub network: bool,
}

impl Targets {
    /// What happens in a round: mostly one thing, sometimes two at a time, to two who don't replace each other.
    pub fn choose(&self, rng: &mut StdRng) -> Vec<Fault> {
        let mut faults = vec![self.one(rng)];
        if rng.random_bool(0.25) {
            let other = self.one(rng);
            if !self.are_entangled(&faults[0], &other) {
                faults.push(other);
            }
        }
        faults
    }

    /// How long it lasts. Short of what a broker or member needs to be given up, mostly, and sometimes longer.
    pub fn hold(rng: &mut StdRng) -> Duration {
        let most = if rng.random_bool(0.15) { 7000 } else { 1500 };
        Duration::from_millis(rng.random_range(50..most))
    }

    fn are_entangled(&self, one: &Fault, other: &Fault) -> bool {
        let ends = |fault: &Fault| {
            let other = match &fault.kind {
                Kind::Cut(other) | Kind::OneWay(other) => Some(other.clone()),
                _ => None,
            };
            [Some(fault.target.clone()), other]
        };
        let shares = ends(one).into_iter().flatten().any(|end| ends(other).contains(&Some(end)));
        let is_server = |fault: &Fault| self.servers.contains(&fault.target);
        shares || (is_server(one) && is_server(other))
    }

    fn one(&self, rng: &mut StdRng) -> Fault {
        let mut among: Vec<&String> = self.services.iter().chain(&self.servers).collect();
        among.extend(self.agents.iter().map(|(name, _)| name));
        let target = (*among.choose(rng).expect("somebody to hit")).clone();
        // There are many more links than processes, and both count.
        let of_link = rng.random_bool(0.4);
        let (links, processes): (Vec<Kind>, Vec<Kind>) =
            self.kinds(&target).into_iter().partition(Kind::is_of_link);
        let kinds = if of_link && !links.is_empty() { links } else { processes };
        let kind = kinds.choose(rng).expect("something to do to each").clone();
        Fault { kind, target }
    }

    /// What can be done to one.
    fn kinds(&self, target: &str) -> Vec<Kind> {
        let mut kinds = vec![Kind::Pause];
        if let Some((_, may_be_killed)) = self.agents.iter().find(|(name, _)| name == target) {
            if *may_be_killed {
                kinds.extend([Kind::Kill, Kind::KillTwice, Kind::Drain]);
            }
            return kinds;
        }
        kinds.push(Kind::Kill);
        if self.services.iter().any(|name| name == target) {
            kinds.extend([Kind::KillTwice, Kind::Drain]);
        }
        if self.network {
            kinds.extend([Kind::Isolate, Kind::Slow]);
            for other in self.reached_by(target) {
                kinds.extend([Kind::Cut(other.clone()), Kind::OneWay(other)]);
            }
        }
        kinds
    }

    /// With whom one speaks.
    fn reached_by(&self, target: &str) -> Vec<String> {
        let others = match role(target) {
            "broker" => self.servers.iter().filter(|name| role(name) == "broker").collect(),
            "database" => vec![],
            "tenant" => self.servers.iter().collect::<Vec<_>>(),
            _ => self
                .servers
                .iter()
                .chain(self.services.iter().filter(|name| role(name) == "tenant"))
                .collect(),
        };
        let others = others.into_iter().filter(|name| *name != target).cloned();
        let front = ["ingest", "query"].contains(&role(target)).then(|| DRIVER.to_owned());
        others.chain(front).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng as _;

    use super::*;

    fn targets() -> Targets {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Targets {
            services: names(&["tenant", "ingest-1", "ingest-2", "detect-1", "detect-2", "query-1"]),
            servers: names(&["broker-1", "broker-2", "broker-3", "database-1"]),
            agents: vec![("agent-kept".into(), false), ("agent-killed".into(), true)],
            network: true,
        }
    }

    #[test]
    fn everybody_is_hit_in_every_way_and_never_two_servers_at_a_time() {
        let targets = targets();
        let mut rng = StdRng::seed_from_u64(7);
        let mut seen = BTreeSet::new();
        for _ in 0..20_000 {
            let faults = targets.choose(&mut rng);
            let servers = faults.iter().filter(|fault| targets.servers.contains(&fault.target)).count();
            assert!(servers < 2 && !faults.is_empty(), "{faults:?}");
            assert!(
                faults.iter().all(|f| f.target != "agent-kept" || f.kind == Kind::Pause),
                "it is never killed: {faults:?}"
            );
            seen.extend(faults.into_iter().map(|fault| (fault.target, fault.kind)));
        }
        let services = targets.services.iter().chain(&targets.servers);
        for (name, kind) in
            services.flat_map(|name| targets.kinds(name).into_iter().map(move |kind| (name, kind)))
        {
            assert!(seen.contains(&(name.clone(), kind.clone())), "{kind:?} of {name} never happens");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_faults() {
        let play = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (0..50).map(|_| (targets().choose(&mut rng), Targets::hold(&mut rng))).collect::<Vec<_>>()
        };
        assert_eq!(play(3), play(3));
        assert_ne!(play(3), play(4));
    }
}
