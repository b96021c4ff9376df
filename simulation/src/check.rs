//! What must hold once everything has come to rest: acknowledged equals what can be asked for.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use vedetta_block::Header;
use vedetta_log::{Group, Position, Record};
use vedetta_model::{
    Finding, NodeId, TenantId,
    control::{DomainEvent, Envelope, RuleSet},
};
use vedetta_query::{
    Config,
    metrics::Metrics,
    projections::{self, Engine, Progress},
};
use vedetta_runtime::Drain;
use vedetta_store::{EventStore as _, MemoryStore, StreamId, Version, View, ViewRange, ViewStore as _};

use crate::{
    books::{Books, MARK, Run},
    people::{ALWAYS, People, SOMETIMES},
    present::Present,
    service::{Platform, Service},
    world::lock,
};

/// Most violations that are told: the first say enough.
const MOST: usize = 20;

/// Who looks.
pub struct Checker {
    /// What all stand on.
    pub platform: Arc<Platform>,
    /// The truth.
    pub books: Arc<Mutex<Books>>,
    /// Who asks and decided.
    pub people: Arc<People>,
    /// Who answers.
    pub query: Arc<Service>,
    /// The tenants.
    pub tenants: Vec<TenantId>,
}

/// What is wrong.
#[derive(Default)]
pub struct Wrong(Vec<String>);

impl Wrong {
    /// Takes down what does not hold.
    pub fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.0.len() < MOST {
            self.0.push(what());
        }
    }
}

impl Checker {
    /// All that is wrong; nothing, when all is well. Before everything has come to rest it may be too early to ask.
    pub async fn look(&self) -> Vec<String> {
        let mut wrong = Wrong::default();
        let present = match Present::of(&self.platform, &mut wrong).await {
            Ok(present) => present,
            Err(error) => return vec![format!("it can't be told what is there: {error:#}")],
        };
        self.acknowledged_is_stored(&present, &mut wrong);
        self.kept_is_sent(&present, &mut wrong);
        self.offered_is_stored_or_counted(&present, &mut wrong);
        self.poison_is_told(&present, &mut wrong);
        self.planted_is_found(&present, &mut wrong);
        self.rules_were_in_force(&present, &mut wrong);
        if let Err(error) = self.decisions_are_relayed(&present, &mut wrong).await {
            wrong.0.push(format!("{error:#}"));
        }
        if let Err(error) = self.views_come_again(&mut wrong).await {
            wrong.0.push(format!("{error:#}"));
        }
        if wrong.0.is_empty()
            && let Err(error) = self.people_see_it(&present, &mut wrong).await
        {
            wrong.0.push(format!("{error:#}"));
        }
        wrong.0
    }

    /// The numbers that lie in damaged records of the log, each told by a dead letter of that stage.
    fn excused(&self, present: &Present, stage: &str) -> BTreeSet<(Run, u64)> {
        let device = &self.platform.device;
        let told = |record: &&Record| {
            let Position { partition, offset } = &record.position;
            device.is_damaged(partition, *offset)
                && present.letters.contains(&(record.position.clone(), stage.to_owned()))
        };
        let headers =
            present.telemetry.iter().filter(told).filter_map(|record| Header::parse(&record.payload).ok());
        headers
            .flat_map(|(header, _)| {
                let run = (header.tenant.clone(), header.node, header.boot);
                (header.first..=header.last).map(move |number| (run.clone(), number))
            })
            .collect()
    }

    /// Whatever was acknowledged is stored once; nothing is stored twice.
    fn acknowledged_is_stored(&self, present: &Present, wrong: &mut Wrong) {
        let excused = self.excused(present, "archive");
        let books = lock(&self.books);
        for (run, ranges) in &books.acknowledged {
            for number in ranges.iter().flat_map(|(first, last)| *first..=*last) {
                let at = (run.clone(), number);
                let is_there = present.stored.contains_key(&at) || excused.contains(&at);
                wrong.unless(is_there, || {
                    format!("event {number} of {}/{} was acknowledged and is not stored", run.1, run.2)
                });
            }
        }
        for ((run, number), times) in &present.stored {
            wrong.unless(*times == 1, || {
                format!("event {number} of {}/{} is stored {times} times", run.1, run.2)
            });
            let own = books.sealed.range(..=(run.clone(), *number)).next_back();
            let is_own = own.is_some_and(|((of, _), block)| of == run && block.last >= *number);
            wrong.unless(is_own, || {
                format!("{} has event {number} of {}/{}, which no agent made", run.0, run.1, run.2)
            });
        }
    }

    /// What a spool said to be kept was sent, whatever happened to the machine.
    fn kept_is_sent(&self, present: &Present, wrong: &mut Wrong) {
        let books = lock(&self.books);
        for ((run, first), block) in &books.sealed {
            // Damaged stretches of a spool are counted, in events, not by number.
            let is_fine =
                !block.kept || present.losses.contains_key(&run.1) || books.is_acknowledged(run, *first);
            wrong.unless(is_fine, || {
                format!(
                    "events {first} to {} of {}/{} were kept by the spool and never sent",
                    block.last, run.1, run.2
                )
            });
        }
    }

    /// Of a node that was never killed, every event is stored or counted as lost.
    fn offered_is_stored_or_counted(&self, present: &Present, wrong: &mut Wrong) {
        let excused = self.excused(present, "archive");
        let books = lock(&self.books);
        let mut offered: BTreeMap<NodeId, (u64, u64)> = BTreeMap::new();
        for ((run, first), block) in &books.sealed {
            let (events, stored) = offered.entry(run.1).or_default();
            *events += block.count;
            let numbers = (*first..=block.last).map(|number| (run.clone(), number));
            *stored +=
                numbers.filter(|at| present.stored.contains_key(at) || excused.contains(at)).count() as u64;
        }
        for (node, (events, stored)) in offered {
            let lost = present.losses.get(&node).copied().unwrap_or(0);
            let is_exact = books.shaken.contains(&node) || !excused.is_empty() || events == stored + lost;
            wrong.unless(is_exact, || {
                format!("{node} offered {events}, {stored} are stored and {lost} counted as lost")
            });
        }
    }

    /// What can't be used is told by each stage that reads it.
    fn poison_is_told(&self, present: &Present, wrong: &mut Wrong) {
        for record in &present.telemetry {
            let Position { partition, offset } = &record.position;
            let is_poison = self.platform.device.is_damaged(partition, *offset)
                || Header::verify(&record.payload).map_or(true, |header| header.tenant != record.tenant);
            for stage in ["detect", "archive"] {
                let told = present.letters.contains(&(record.position.clone(), stage.to_owned()));
                wrong.unless(!is_poison || told, || {
                    format!("{stage} told nobody of the record at {partition} {offset}")
                });
            }
        }
    }

    /// Each planted event that was acknowledged is one finding, in its own tenant.
    fn planted_is_found(&self, present: &Present, wrong: &mut Wrong) {
        let excused = self.excused(present, "detect");
        let mut found: BTreeMap<(&TenantId, &str, String), BTreeSet<String>> = BTreeMap::new();
        for finding in &present.findings {
            let Some(mark) = mark(finding) else { continue };
            let ids = found.entry((&finding.tenant, &finding.rule.name, mark)).or_default();
            ids.insert(finding.id.to_string());
        }
        for ((tenant, rule, mark), ids) in &found {
            wrong.unless(mark.starts_with(&format!("{MARK}{tenant}-")), || {
                format!("{tenant} has a finding of {mark}")
            });
            // A rule with another text is another version of it: an event that is judged again may match both.
            wrong.unless(ids.len() == 1 || *rule != ALWAYS, || {
                format!("{mark} is {} findings of {rule}", ids.len())
            });
        }
        let books = lock(&self.books);
        for ((run, _), block) in &books.sealed {
            for mark in &block.marks {
                let at = (run.clone(), block.last);
                let must = books.is_acknowledged(run, block.last) && !excused.contains(&at);
                let is_found = found.contains_key(&(&run.0, ALWAYS, mark.clone()));
                wrong.unless(!must || is_found, || format!("{mark} was acknowledged and is no finding"));
            }
        }
    }

    /// The rule set that a finding names had its rule, and had it on.
    fn rules_were_in_force(&self, present: &Present, wrong: &mut Wrong) {
        for finding in
            present.findings.iter().filter(|finding| [ALWAYS, SOMETIMES].contains(&&*finding.rule.name))
        {
            let mut rules = RuleSet::default();
            let mut seen = 0;
            let mut changes: Vec<&Envelope> =
                present.control.iter().filter(|envelope| envelope.tenant == finding.tenant).collect();
            changes.sort_by_key(|envelope| envelope.version);
            for envelope in changes.iter().filter(|e| e.version <= finding.rule.rule_set_version) {
                if let DomainEvent::RuleSet(event) = &envelope.event
                    && envelope.version == seen + 1
                {
                    seen = envelope.version;
                    rules.apply(event);
                }
            }
            wrong.unless(seen == finding.rule.rule_set_version, || {
                format!(
                    "a finding names version {} of the rules, which nobody decided",
                    finding.rule.rule_set_version
                )
            });
            wrong.unless(!rules.disabled.contains(&finding.rule.name), || {
                format!("{} was off in version {seen} and found something", finding.rule.name)
            });
        }
    }

    /// Each stream of decisions is whole, all of it is on the control feed, and whoever was told "decided" was told the truth.
    async fn decisions_are_relayed(&self, present: &Present, wrong: &mut Wrong) -> anyhow::Result<()> {
        let mut relayed: BTreeMap<(TenantId, String, String), Vec<u64>> = BTreeMap::new();
        for envelope in &present.control {
            let stream =
                (envelope.tenant.clone(), envelope.event.aggregate().to_owned(), envelope.stream.to_string());
            let versions = relayed.entry(stream).or_default();
            // A repeat comes behind the first one, never before it.
            if versions.last().is_none_or(|last| *last < envelope.version) {
                versions.push(envelope.version);
            }
        }
        for tenant in &self.tenants {
            for aggregate in ["tenant", "user", "token", "node", "rule_set", "case"] {
                for StreamId { id, .. } in
                    self.platform.store.streams(tenant, aggregate, None, 10_000).await?
                {
                    let stream = StreamId::new(tenant, aggregate, &id);
                    let events = self.platform.store.load(&stream, Version(0), 10_000).await?;
                    let versions: Vec<u64> = events.iter().map(|event| event.version.0).collect();
                    let key = (tenant.clone(), aggregate.to_owned(), id.to_string());
                    let on_feed = relayed.get(&key).map_or(&[][..], Vec::as_slice);
                    wrong.unless(versions == (1..=versions.len() as u64).collect::<Vec<_>>(), || {
                        format!("{tenant}/{aggregate}/{id} has holes: {versions:?}")
                    });
                    wrong.unless(on_feed == versions, || {
                        format!("{tenant}/{aggregate}/{id} has {versions:?}, the control feed {on_feed:?}")
                    });
                }
            }
        }
        for decided in self.people.decided() {
            let key = (decided.tenant.clone(), decided.aggregate.clone(), decided.stream.clone());
            let is_there = relayed.get(&key).is_some_and(|versions| versions.contains(&decided.version));
            wrong.unless(is_there, || format!("{decided:?} was confirmed and is not there"));
        }
        Ok(())
    }

    /// Views that are dropped and made again from the log are the same, byte by byte.
    async fn views_come_again(&self, wrong: &mut Wrong) -> anyhow::Result<()> {
        let config = Config::default();
        let again = MemoryStore::new();
        for projection in vedetta_query::projections(&config) {
            let engine = Engine {
                // What has turned in the log stays so.
                log: Arc::new(self.platform.log(&CancellationToken::new())),
                store: Arc::new(again.clone()),
                clock: Arc::new(self.query.clock.clone()),
                drain: Drain::new(),
                group: Group::named("again"),
                progress: Progress::new(1),
                metrics: Metrics::unregistered(),
                projection: projection.clone(),
            };
            projections::rebuild(&engine).await?;
            for view in projection.views() {
                for tenant in &self.tenants {
                    let (now, then) = (
                        rows(&self.platform.store, tenant, *view).await?,
                        rows(&again, tenant, *view).await?,
                    );
                    wrong.unless(now == then, || difference(tenant, *view, &now, &then));
                }
            }
        }
        Ok(())
    }

    /// People are answered with all of it, and each only with their own tenant's.
    async fn people_see_it(&self, present: &Present, wrong: &mut Wrong) -> anyhow::Result<()> {
        for tenant in &self.tenants {
            let seen = self.findings_seen(tenant).await?;
            let own = present.findings.iter().filter(|finding| finding.tenant == *tenant);
            let own: BTreeSet<&str> = own.map(|finding| finding.message.as_str()).collect();
            let strange = seen.iter().filter(|(message, _)| !own.contains(message.as_str())).count();
            wrong.unless(strange == 0, || format!("{tenant} sees {strange} findings that are not its own"));
            let findings = present.findings.iter().filter(|finding| finding.tenant == *tenant);
            let ids: BTreeSet<String> = findings.map(|finding| finding.id.to_string()).collect();
            wrong.unless(seen.len() == ids.len(), || {
                format!("{tenant} has {} findings and sees {}", ids.len(), seen.len())
            });
            self.activity_seen(tenant, present, wrong).await?;
        }
        Ok(())
    }

    async fn findings_seen(&self, tenant: &TenantId) -> anyhow::Result<Vec<(String, String)>> {
        let query = "query($tenant: ID!, $after: String) { tenant(id: $tenant) { findings(first: 200, after: $after) {
            nodes { id message } pageInfo { hasNextPage endCursor } } } }";
        let (mut seen, mut after) = (Vec::new(), Value::Null);
        loop {
            let variables = json!({ "tenant": tenant.as_str(), "after": after });
            let answer = self.people.ask(&self.query, tenant, query, variables).await?;
            let page = &answer["tenant"]["findings"];
            for node in page["nodes"].as_array().into_iter().flatten() {
                let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
                seen.push((text("message"), text("id")));
            }
            if page["pageInfo"]["hasNextPage"] != true {
                return Ok(seen);
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
    }

    async fn activity_seen(
        &self,
        tenant: &TenantId,
        present: &Present,
        wrong: &mut Wrong,
    ) -> anyhow::Result<()> {
        let query = "query($tenant: ID!, $since: DateTime, $until: DateTime) { tenant(id: $tenant) {
            activityCounts(since: $since, until: $until, by: [\"evt.type\"]) {
                total complete searched { unreadable } groups { values count } } } }";
        let now = self.platform.world.now();
        let day = std::time::Duration::from_secs(24 * 3600);
        let variables = json!({ "tenant": tenant.as_str(), "since": now.before(5 * day).to_string(), "until": now.after(day).to_string() });
        let answer = self.people.ask(&self.query, tenant, query, variables).await?;
        let counts = &answer["tenant"]["activityCounts"];
        let (all, unreadable) = present.activity.get(tenant).copied().unwrap_or_default();
        // Which stored blocks are damaged is known once they were read: the answer may be the first reader.
        let total = counts["total"].as_f64().unwrap_or(-1.0) as u64;
        let is_damaged = counts["searched"]["unreadable"].as_f64().unwrap_or(0.0) > 0.0;
        let expected = if is_damaged { total <= all } else { total == all && unreadable == 0 };
        wrong.unless(expected && counts["complete"] == true, || {
            format!("{tenant} has {all} events, {unreadable} of them unreadable, and is told of {counts}")
        });
        Ok(())
    }
}

/// The mark in a finding's command line.
fn mark(finding: &Finding) -> Option<String> {
    let process = finding.evidence.as_ref()?.lineage.first()?;
    process.args.iter().find(|arg| arg.starts_with(MARK)).cloned()
}

fn difference(tenant: &TenantId, view: View, now: &[(Bytes, Bytes)], then: &[(Bytes, Bytes)]) -> String {
    let first = now.iter().zip(then).find(|(now, then)| now != then);
    let show = |row: &(Bytes, Bytes)| format!("{} = {}", row.0.escape_ascii(), row.1.escape_ascii());
    let rows = first.map(|(now, then)| format!(": {} | {}", show(now), show(then))).unwrap_or_default();
    format!("{} of {tenant} has {} rows and made again {}{rows}", view.0, now.len(), then.len())
}

async fn rows(store: &MemoryStore, tenant: &TenantId, view: View) -> anyhow::Result<Vec<(Bytes, Bytes)>> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = store.page(&ViewRange::all(tenant, view), after.as_ref(), 1000).await?;
        rows.extend(page.rows.into_iter().map(|row| (row.key, row.value)));
        after = page.next;
        if after.is_none() {
            return Ok(rows);
        }
    }
}
