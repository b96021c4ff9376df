//! Which processes there are, and what each is told.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    path::PathBuf,
};

use anyhow::Context as _;
use vedetta_runtime::Config;

/// The admin listener of the first service is so far above the configured one, which a `vedetta up` may use.
const ADMIN_OFFSET: u16 = 10;

/// A process to run.
#[derive(Debug, Clone)]
pub struct Service {
    /// Its name, also of its file of lines.
    pub name: &'static str,
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Where it answers for its health.
    pub admin: SocketAddr,
}

/// Addresses and settings of all of them.
#[derive(Debug)]
pub struct Plan {
    /// Console and API.
    pub public: SocketAddr,
    agents: SocketAddr,
    internal: SocketAddr,
    admins: Vec<SocketAddr>,
    programs: PathBuf,
    settings: PathBuf,
    common: Vec<(&'static str, String)>,
}

const NAMES: [(&str, &str); 5] = [
    ("tenant", "vedetta-tenant"),
    ("query", "vedetta-query"),
    ("ingest", "vedetta-ingest"),
    ("detect-1", "vedetta-detect"),
    ("detect-2", "vedetta-detect"),
];

impl Plan {
    /// From a configuration that names the log and the store. Whatever else it says, each service is told by a file.
    pub fn make(config: &Config) -> anyhow::Result<Self> {
        let file = config.common.data_dir.join("settings.toml");
        std::fs::write(&file, config.merged.to_string()).with_context(|| file.display().to_string())?;
        let listen = &config.common.listen;
        let internal = listen.internal.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 7603)));
        let admin = |at: usize| match listen.admin.port() {
            0 => taken(listen.admin),
            port => {
                let port = port.checked_add(ADMIN_OFFSET + at as u16);
                Ok(SocketAddr::new(
                    listen.admin.ip(),
                    port.context("listen.admin leaves no room for five ports")?,
                ))
            }
        };
        let common = &config.common;
        let mut settings = vec![
            ("data_dir", common.data_dir.display().to_string()),
            ("keys.dir", common.keys_dir().display().to_string()),
            ("log.url", common.log.url.clone()),
            ("store.url", common.store.url.clone()),
        ];
        let internal = taken(internal)?;
        settings.push(("clients.internal_url", format!("http://{}", reachable(internal))));
        Ok(Self {
            public: taken(listen.public)?,
            agents: taken(listen.agents)?,
            internal,
            admins: (0..NAMES.len()).map(admin).collect::<anyhow::Result<_>>()?,
            programs: std::env::current_exe()?.parent().context("this program lies nowhere")?.to_owned(),
            settings: file,
            common: settings,
        })
    }

    /// The one that the others call.
    pub fn tenant(&self) -> Service {
        let mut service = self.service(0, &[("listen.internal", self.internal)]);
        // It is the tenant service itself.
        service.arguments.retain(|argument| !argument.starts_with("--set=clients.internal_url="));
        service
    }

    /// All others.
    pub fn others(&self) -> Vec<Service> {
        vec![
            self.service(1, &[("listen.public", self.public)]),
            self.service(2, &[("listen.agents", self.agents)]),
            self.service(3, &[]),
            self.service(4, &[]),
        ]
    }

    /// Where other processes call the tenant service.
    pub fn internal_url(&self) -> String {
        format!("http://{}", reachable(self.internal))
    }

    /// What agents connect to.
    pub fn agents_url(&self, config: &Config) -> String {
        match config.common.agents.advertise.as_str() {
            "" => format!("https://{}", reachable(self.agents)),
            advertised => advertised.to_owned(),
        }
    }

    fn service(&self, at: usize, listeners: &[(&'static str, SocketAddr)]) -> Service {
        let (name, program) = NAMES[at];
        let mut settings: Vec<(&str, String)> = self.common.clone();
        // A service binds all of its listeners, and those that it does not need may be anywhere.
        for listener in ["listen.public", "listen.agents"] {
            settings.push((listener, "127.0.0.1:0".to_owned()));
        }
        settings.push(("listen.admin", self.admins[at].to_string()));
        settings.extend(listeners.iter().map(|(key, address)| (*key, address.to_string())));
        // Query tells people what agents connect to; ingest puts it into its certificate.
        settings.push(("agents.advertise", format!("https://{}", reachable(self.agents))));
        let mut arguments = vec![format!("--config={}", self.settings.display())];
        arguments.extend(settings.into_iter().map(|(key, value)| format!("--set={key}={value}")));
        Service { name, program: self.programs.join(program), arguments, admin: self.admins[at] }
    }
}

/// An address as others can call it.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// Port 0 becomes one that is free now.
fn taken(address: SocketAddr) -> anyhow::Result<SocketAddr> {
    if address.port() != 0 {
        return Ok(address);
    }
    Ok(TcpListener::bind(address)?.local_addr()?)
}
