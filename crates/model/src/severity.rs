//! How bad a finding is, in Sigma's words.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Sigma's five levels, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, no action asked.
    Informational,
    /// Rarely a problem by itself.
    Low,
    /// Look at it when there is time.
    Medium,
    /// Look at it today.
    High,
    /// Look at it now.
    Critical,
}

impl Severity {
    /// All levels, mildest first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The level of a Falco priority (`EMERGENCY` … `DEBUG`), in any case. `None` for another word.
    pub fn from_falco_priority(priority: &str) -> Option<Self> {
        Some(match priority.to_ascii_lowercase().as_str() {
            "emergency" | "alert" | "critical" => Self::Critical,
            "error" => Self::High,
            "warning" => Self::Medium,
            "notice" => Self::Low,
            "info" | "informational" | "debug" => Self::Informational,
            _ => return None,
        })
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word is no severity.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a severity: expected informational, low, medium, high or critical")]
pub struct ParseSeverityError(String);

impl FromStr for Severity {
    type Err = ParseSeverityError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|s| s.as_str() == text)
            .ok_or_else(|| ParseSeverityError(text.chars().take(32).collect()))
    }
}
