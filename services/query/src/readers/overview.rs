//! Sums for the first page.

use std::{collections::BTreeMap, time::Duration};

use vedetta_model::{Severity, Timestamp};

use super::{List, ReadError, Views};
use crate::projections::{
    findings::{BUCKET, COUNTS, CountKey, bucket_of},
    keys::Key,
};

/// Rows that one overview adds up.
const MOST: usize = 200_000;
/// Steps of the chart at most.
const STEPS: u32 = 48;

/// Findings since a moment, added up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingSums {
    /// The beginning of the first span that was counted.
    pub since: Timestamp,
    /// Findings.
    pub total: u64,
    /// By severity, mildest first.
    pub by_severity: BTreeMap<Severity, u64>,
    /// Per step, oldest first, empty ones too.
    pub over_time: Vec<(Timestamp, u64)>,
    /// By rule: highest severity and count.
    pub by_rule: BTreeMap<String, (Severity, u64)>,
}

impl FindingSums {
    /// The rules with the most findings.
    pub fn top_rules(&self, most: usize) -> Vec<(String, Severity, u64)> {
        let mut rules: Vec<_> =
            self.by_rule.iter().map(|(rule, (severity, count))| (rule.clone(), *severity, *count)).collect();
        rules.sort_by_key(|(_, severity, count)| std::cmp::Reverse((*count, *severity)));
        rules.truncate(most);
        rules
    }
}

impl Views {
    /// Adds up the findings since `since`, which is rounded down to a counted span.
    pub async fn finding_sums(&self, since: Timestamp, now: Timestamp) -> Result<FindingSums, ReadError> {
        let since = bucket_of(since);
        let list = List::of(COUNTS, Key::new()).starting_at(&Key::new().time(since));
        let rows = self.all::<u64>(&list, MOST).await?;

        let step = step_of(now.since(since));
        let steps = u32::try_from(now.since(since).as_nanos() / step.as_nanos() + 1).unwrap_or(STEPS);
        let mut sums = FindingSums {
            since,
            total: 0,
            by_severity: Severity::ALL.into_iter().map(|severity| (severity, 0)).collect(),
            over_time: (0..steps).map(|n| (since.after(step * n), 0)).collect(),
            by_rule: BTreeMap::new(),
        };
        for (key, count) in rows {
            let Some(key) = CountKey::decode(&key) else { continue };
            sums.total += count;
            *sums.by_severity.entry(key.severity).or_default() += count;
            let rule = sums.by_rule.entry(key.rule).or_insert((key.severity, 0));
            *rule = (rule.0.max(key.severity), rule.1 + count);
            let n =
                usize::try_from(key.bucket.since(since).as_nanos() / step.as_nanos()).unwrap_or(usize::MAX);
            // A node's clock may run ahead: what lies in the future counts in the last step.
            let n = n.min(sums.over_time.len().saturating_sub(1));
            if let Some((_, at)) = sums.over_time.get_mut(n) {
                *at += count;
            }
        }
        Ok(sums)
    }
}

/// The shortest multiple of a counted span that needs no more than the wanted number of steps.
fn step_of(length: Duration) -> Duration {
    let spans = length.as_nanos() / BUCKET.as_nanos() + 1;
    let each = spans.div_ceil(u128::from(STEPS)).max(1);
    BUCKET * u32::try_from(each).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_as_short_as_the_number_of_steps_allows() {
        assert_eq!(step_of(Duration::from_secs(60)), BUCKET);
        assert_eq!(step_of(Duration::from_secs(24 * 3600)), BUCKET * 7);
        assert!(
            step_of(Duration::from_secs(365 * 24 * 3600)) * STEPS >= Duration::from_secs(365 * 24 * 3600)
        );
    }
}
