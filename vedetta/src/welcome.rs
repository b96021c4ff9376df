//! The box that a start ends with: where everything is, and what to do next.

use std::{io::IsTerminal, net::SocketAddr};

use vedetta_model::TenantId;
use vedetta_tenant::bootstrap::Bootstrapped;

/// What stands in it.
pub struct Welcome<'a> {
    /// Where the console is.
    pub console: SocketAddr,
    /// The tenant that people sign in to.
    pub tenant: &'a TenantId,
    /// What the first-time set-up made.
    pub first: &'a Bootstrapped,
    /// The data folder.
    pub data: String,
    /// What stops it from elsewhere.
    pub down: &'static str,
    /// More lines, each with a name of at most eight letters.
    pub more: &'a [(&'static str, String)],
}

impl Welcome<'_> {
    /// Prints it to standard output.
    pub fn print(&self) {
        let lines = self.lines();
        let width = lines.iter().map(|line| line.chars().count()).max().unwrap_or(0);
        let rule = "─".repeat(width + 2);
        println!("┌{rule}┐");
        for line in &lines {
            println!("│ {line:<width$} │");
        }
        println!("└{rule}┘");
        if self.first.admin.is_some() && !std::io::stdout().is_terminal() {
            tracing::info!("the password above is not written anywhere else");
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines =
            vec![format!("Console   http://{}/", self.console), format!("Tenant    {}", self.tenant)];
        lines.extend(credentials(self.first));
        lines.push(format!("Data      {}", self.data));
        lines.extend(self.more.iter().map(|(name, what)| format!("{name:<10}{what}")));
        lines.push(format!("Stop      Ctrl-C, or `{}` from elsewhere", self.down));
        lines.push("Next      `make demo`: harmless things an attacker would do".to_owned());
        lines
    }
}

/// How to sign in. The only place where the password is shown.
pub fn credentials(first: &Bootstrapped) -> Vec<String> {
    match &first.admin {
        Some(admin) => vec![
            format!("User      {}", admin.name),
            format!("Password  {}   (shown this once)", admin.password.as_str()),
        ],
        None => vec!["User      admin, with the password you have".to_owned()],
    }
}
