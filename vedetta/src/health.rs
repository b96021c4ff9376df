//! `vedetta health`: whether a process is ready, for where there is no other HTTP client, such as a container.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use vedetta_runtime::Config;

use crate::{cli::failed, up::tokio};

/// Longest time for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes of an answer.
const LONGEST: u64 = 64 * 1024;

/// Asks the process whose settings these are.
pub fn run(config: &Config) -> ExitCode {
    let asked = tokio().and_then(|tokio| tokio.block_on(readiness(config.common.listen.admin)));
    match asked {
        Ok(Readiness { is_ready, says }) => {
            println!("{says}");
            if is_ready { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => failed(&error),
    }
}

/// What a process says of itself.
#[derive(Debug, PartialEq, Eq)]
pub struct Readiness {
    /// Whether it serves.
    pub is_ready: bool,
    /// In words.
    pub says: String,
}

/// Asks the admin listener at an address, or at loopback when it listens everywhere.
pub async fn readiness(admin: SocketAddr) -> anyhow::Result<Readiness> {
    let ip = match admin.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let address = SocketAddr::new(ip, admin.port());
    let answer = tokio::time::timeout(PATIENCE, ask(address)).await;
    let answer = answer.with_context(|| format!("no answer from {address} within {PATIENCE:?}"))?;
    read(&answer.with_context(|| format!("nothing answers at {address} (listen.admin)"))?)
        .with_context(|| format!("what answers at {address} is not a Vedetta process"))
}

async fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn read(answer: &str) -> anyhow::Result<Readiness> {
    let (head, body) = answer.split_once("\r\n\r\n").context("it does not speak HTTP")?;
    let status = head.split_ascii_whitespace().nth(1).unwrap_or_default();
    let says = body.trim().to_owned();
    anyhow::ensure!(matches!(status, "200" | "503") && says.contains("ready"), "it answers {status}");
    Ok(Readiness { is_ready: status == "200", says })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_a_strangers_is_refused() {
        let ready = read("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nready\n").unwrap();
        assert_eq!(ready, Readiness { is_ready: true, says: "ready".into() });
        let waits = read("HTTP/1.1 503 Service Unavailable\r\n\r\nnot ready: the log\n").unwrap();
        assert_eq!(waits, Readiness { is_ready: false, says: "not ready: the log".into() });
        assert!(read("HTTP/1.1 404 Not Found\r\n\r\nready").is_err());
        assert!(read("SSH-2.0-OpenSSH").is_err());
    }
}
