//! How many events a tenant and a node may send: token buckets over a clock that is a parameter.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use vedetta_model::{NodeId, TenantId, Timestamp, control::Limits};

/// Fewer buckets than this are not worth looking through.
const MANY: usize = 10_000;

/// One bucket. It fills with the rate and holds what may come at once.
#[derive(Debug, Clone, Copy)]
pub struct Bucket {
    tokens: f64,
    at: Timestamp,
    /// When it will be full again if nothing is taken: from then on it need not be kept.
    full_at: Timestamp,
}

/// A bucket's size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    per_second: f64,
    burst: f64,
}

impl Rate {
    /// So many a second, and for `burst_seconds` of them at once.
    pub fn new(per_second: u64, burst_seconds: u32) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "rates are far below 2^52")]
        let per_second = per_second.max(1) as f64;
        Self { per_second, burst: per_second * f64::from(burst_seconds.max(1)) }
    }

    /// How long it takes to gain so much.
    fn time_of(&self, count: f64) -> Duration {
        Duration::try_from_secs_f64(count / self.per_second).unwrap_or(Duration::MAX)
    }
}

impl Bucket {
    /// A full one.
    pub const fn full(rate: Rate, now: Timestamp) -> Self {
        Self { tokens: rate.burst, at: now, full_at: now }
    }

    fn fill(&mut self, rate: Rate, now: Timestamp) {
        let gained = now.since(self.at).as_secs_f64() * rate.per_second;
        self.tokens = (self.tokens + gained).min(rate.burst);
        self.at = now;
    }

    /// Takes `count`, or says how long to wait. More than a full bucket holds is let through when it
    /// is full, and paid for afterwards: otherwise it could never be sent.
    pub fn take(&mut self, count: f64, rate: Rate, now: Timestamp) -> Result<(), Duration> {
        self.fill(rate, now);
        let wanted = count.min(rate.burst);
        if self.tokens >= wanted {
            self.tokens -= count;
            self.full_at = now.after(rate.time_of(rate.burst - self.tokens));
            Ok(())
        } else {
            Err(rate.time_of(wanted - self.tokens))
        }
    }
}

/// Who ran into a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited {
    /// The node's own.
    Node,
    /// That of all the tenant's nodes together.
    Tenant,
}

/// The buckets of all tenants and nodes.
#[derive(Debug, Default)]
pub struct Buckets(Mutex<Both>);

#[derive(Debug, Default)]
struct Both {
    tenants: Kept<TenantId>,
    nodes: Kept<NodeId>,
}

/// Buckets by owner; full ones are forgotten each time their number has doubled.
#[derive(Debug)]
struct Kept<K> {
    buckets: HashMap<K, Bucket>,
    sweep_at: usize,
}

impl<K> Default for Kept<K> {
    fn default() -> Self {
        Self { buckets: HashMap::new(), sweep_at: MANY }
    }
}

impl<K: Eq + Hash> Kept<K> {
    fn of(&mut self, owner: K, rate: Rate, now: Timestamp) -> &mut Bucket {
        if self.buckets.len() >= self.sweep_at {
            self.buckets.retain(|_, bucket| now < bucket.full_at);
            self.sweep_at = MANY.max(2 * self.buckets.len());
        }
        self.buckets.entry(owner).or_insert_with(|| Bucket::full(rate, now))
    }
}

impl Buckets {
    /// Takes `count` events from the node's and the tenant's bucket: from both or from neither.
    pub fn take(
        &self,
        (tenant, node): (&TenantId, NodeId),
        count: f64,
        limits: &Limits,
        burst_seconds: u32,
        now: Timestamp,
    ) -> Result<(), (Limited, Duration)> {
        let node_rate = Rate::new(limits.node_events_per_second, burst_seconds);
        let tenant_rate = Rate::new(limits.events_per_second, burst_seconds);
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Both { tenants, nodes } = &mut *both;
        let of_node = nodes.of(node, node_rate, now);
        let before = *of_node;
        of_node.take(count, node_rate, now).map_err(|wait| (Limited::Node, wait))?;
        tenants.of(tenant.clone(), tenant_rate, now).take(count, tenant_rate, now).map_err(|wait| {
            *of_node = before;
            (Limited::Tenant, wait)
        })
    }

    /// Puts back what was taken and not used.
    pub fn give_back(&self, (tenant, node): (&TenantId, NodeId), count: f64) {
        let mut both = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Both { tenants, nodes } = &mut *both;
        // One that was forgotten meanwhile was full; one that holds too much loses it when it is filled.
        let buckets = [tenants.buckets.get_mut(tenant), nodes.buckets.get_mut(&node)];
        buckets.into_iter().flatten().for_each(|bucket| bucket.tokens += count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_bucket_lets_a_burst_through_then_the_rate() {
        let rate = Rate::new(100, 2);
        let mut bucket = Bucket::full(rate, at(0));
        assert_eq!(bucket.take(200.0, rate, at(0)), Ok(()));
        assert_eq!(bucket.take(50.0, rate, at(0)), Err(Duration::from_millis(500)));
        assert_eq!(bucket.take(50.0, rate, at(500)), Ok(()));
        assert!(bucket.take(1.0, rate, at(500)).is_err());
        assert_eq!(bucket.take(200.0, rate, at(100_000)), Ok(()), "it never holds more than a burst");
        assert!(bucket.take(1.0, rate, at(100_000)).is_err());
    }

    #[test]
    fn a_block_larger_than_a_burst_passes_and_is_paid_for() {
        let rate = Rate::new(10, 1);
        let mut bucket = Bucket::full(rate, at(0));
        assert_eq!(bucket.take(100.0, rate, at(0)), Ok(()));
        assert_eq!(bucket.take(1.0, rate, at(9_000)), Err(Duration::from_millis(100)));
        assert_eq!(bucket.take(1.0, rate, at(9_100)), Ok(()));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing() {
        let rate = Rate::new(10, 1);
        let mut bucket = Bucket::full(rate, at(10_000));
        assert_eq!(bucket.take(10.0, rate, at(10_000)), Ok(()));
        assert!(bucket.take(1.0, rate, at(0)).is_err());
    }

    #[test]
    fn full_buckets_are_forgotten_when_there_are_many_and_no_others() {
        let (mut kept, rate) = (Kept::default(), Rate::new(1, 1000));
        for owner in 0..MANY {
            let taken = if owner == 0 { 901.0 } else { 1.0 };
            kept.of(owner, rate, at(0)).take(taken, rate, at(0)).unwrap();
        }
        kept.of(MANY, rate, at(600_000)).take(1.0, rate, at(600_000)).unwrap();
        assert_eq!(kept.buckets.len(), 2, "one was empty ten minutes ago, one is new");
        assert_eq!(kept.sweep_at, MANY);
        assert!(kept.of(0, rate, at(600_000)).take(900.0, rate, at(600_000)).is_err());
    }

    #[test]
    fn what_the_tenant_may_not_send_is_not_taken_from_the_node() {
        let buckets = Buckets::default();
        let tenant: TenantId = "a".parse().unwrap();
        let node = NodeId::from_uuid(uuid::Uuid::from_u128(1));
        let other = NodeId::from_uuid(uuid::Uuid::from_u128(2));
        let limits = Limits { events_per_second: 15, node_events_per_second: 10, nodes: 2 };
        let take =
            |node, count| buckets.take((&tenant, node), count, &limits, 1, at(0)).map_err(|(who, _)| who);
        assert_eq!(take(node, 10.0), Ok(()));
        assert_eq!(take(node, 1.0), Err(Limited::Node));
        assert_eq!(take(other, 6.0), Err(Limited::Tenant));
        assert_eq!(take(other, 5.0), Ok(()));
        buckets.give_back((&tenant, node), 3.0);
        assert_eq!((take(other, 4.0), take(node, 3.0)), (Err(Limited::Tenant), Ok(())));
    }
}
