//! Events as recorded, searched among the stored blocks.

use std::{collections::HashMap, sync::Arc};

use futures::{Stream, StreamExt as _};
use vedetta_aside::aside;
use vedetta_auth::TenantCtx;
use vedetta_block::Batch;
use vedetta_model::{Event, EventId, NodeId, TenantId, Timestamp, finding::Evidence};
use vedetta_rules::{
    Catalogue, Condition, EventView, FieldSource as _, Filter, KindSet,
    fields::{Fetch, Field, Value},
    filter::parse_operand_prefix,
};
use vedetta_search::{Hit, Lost, Place, Scanned, Search, SearchError, Step};
use vedetta_store::BlockStore;

/// Most different groups that are counted; what comes on top is counted together.
const MOST_GROUPS: usize = 10_000;
/// Longest text of a search.
const MOST_TEXT: usize = 4096;

/// A tenant's events.
#[derive(Debug, Clone)]
pub struct Activity {
    blocks: Arc<dyn BlockStore>,
    tenant: TenantId,
    budget: u64,
}

/// What is looked for.
#[derive(Debug)]
pub struct ActivityQuery {
    /// What has to hold.
    pub condition: Option<Condition>,
    /// Time of the first event asked for.
    pub since: Timestamp,
    /// Time behind the last event asked for.
    pub until: Timestamp,
    /// Goes on behind this place.
    pub before: Option<Place>,
}

/// Why a text can't be searched for. Says where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadQuery(String);

/// An event and where it happened.
#[derive(Debug, Clone)]
pub struct Occurrence {
    /// On which machine.
    pub node: NodeId,
    /// What happened, and who did it.
    pub evidence: Evidence,
}

/// Some events and how far the search came.
#[derive(Debug, Default)]
pub struct Found {
    /// Newest first.
    pub events: Vec<Hit<Occurrence>>,
    /// Everything from this time on was looked at.
    pub reached: Timestamp,
    /// Where to go on; `None` when everything was looked at.
    pub next: Option<Place>,
    /// What was looked at.
    pub scanned: Scanned,
    /// What is known to be missing.
    pub lost: Lost,
}

/// How many events there are of each group.
#[derive(Debug, Default)]
pub struct Counts {
    /// The values of the fields asked for, and how often; the most frequent first.
    pub groups: Vec<(Vec<String>, u64)>,
    /// All that matched.
    pub total: u64,
    /// Whether everything was looked at.
    pub complete: bool,
    /// Everything from this time on was looked at.
    pub reached: Timestamp,
    /// What was looked at.
    pub scanned: Scanned,
    /// What is known to be missing.
    pub lost: Lost,
}

/// A condition of the rule language, or a word that is looked for in the names, command lines, files and users of
/// events. `None` when nothing narrows it.
pub fn parse(text: &str) -> Result<Option<Condition>, BadQuery> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() > MOST_TEXT {
        return Err(BadQuery(format!("a search has at most {MOST_TEXT} characters")));
    }
    let filter = if is_word(text) { Filter::parse(&anywhere(text)) } else { Filter::parse(text) };
    let filter = filter.map_err(|error| BadQuery(error.to_string()))?;
    Condition::compile(&filter, Catalogue::standard()).map(Some).map_err(|error| {
        let at = error.position;
        BadQuery(format!("{} at line {}, column {}", error.message, at.line, at.column))
    })
}

/// Whether it is one word (or a quoted text) rather than a condition.
fn is_word(text: &str) -> bool {
    let quoted = |quote: char| {
        text.strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
            .is_some_and(|inner| !inner.contains(quote))
    };
    let bare = !text.contains(|c: char| c.is_whitespace() || "()=<>!'\"".contains(c));
    bare || quoted('"') || quoted('\'')
}

fn anywhere(word: &str) -> String {
    let word = word.trim_matches(['"', '\'']).replace('\\', "\\\\").replace('"', "\\\"");
    let fields =
        ["proc.name", "proc.exepath", "proc.cmdline", "fd.name", "evt.args", "user.name", "container.id"];
    fields.map(|field| format!("{field} contains \"{word}\"")).join(" or ")
}

/// A field to group by.
pub fn field(name: &str) -> Result<Field, BadQuery> {
    let unknown = || BadQuery(format!("`{name}` is not a field; `vedetta rules fields` lists them"));
    let (operand, length) = parse_operand_prefix(name).map_err(|_| unknown())?;
    match operand {
        vedetta_rules::filter::Operand::Field { name: field, arg, .. } if length == name.len() => {
            Catalogue::standard().resolve(&field, arg.as_ref()).map_err(|_| unknown())
        }
        _ => Err(unknown()),
    }
}

fn shown(field: &Field, view: &EventView<'_>) -> String {
    let (mut out, mut buffer) = (String::new(), Vec::new());
    match view.fetch(field, &mut buffer) {
        Fetch::Absent => {}
        Fetch::Value(value) => value.write_to(&mut out),
        Fetch::Built => Value::Text(&buffer).write_to(&mut out),
        Fetch::Many => view.each(field, &mut Vec::new(), &mut |value| {
            value.write_to(&mut out);
            true
        }),
    }
    out
}

impl Activity {
    /// The events of the caller's tenant. One call reads at most `budget` bytes of blocks.
    pub fn of(blocks: Arc<dyn BlockStore>, caller: &TenantCtx, budget: u64) -> Self {
        Self { blocks, tenant: caller.tenant().clone(), budget }
    }

    fn search(&self, query: ActivityQuery, newest: Option<usize>) -> Search {
        let ActivityQuery { condition, since, until, before } = query;
        // What the agent reports of itself is no activity of the machine.
        let kinds =
            vedetta_model::Kind::ALL.iter().copied().filter(|kind| !kind.as_str().starts_with("agent."));
        let kinds: KindSet = kinds.collect();
        let (store, tenant) = (self.blocks.clone(), self.tenant.clone());
        Search { store, tenant, since, until, kinds, condition, before, newest }
    }

    /// A search that is given out piece by piece: at least the `want` newest, newest first.
    pub fn stream(
        &self,
        query: ActivityQuery,
        want: usize,
    ) -> impl Stream<Item = Result<Step<Occurrence>, SearchError>> + Send + use<> {
        self.search(query, Some(want)).run(occurrence)
    }

    /// The newest events, at most `want`, as far as one call may read.
    pub async fn find(&self, query: ActivityQuery, want: usize) -> Result<Found, SearchError> {
        let mut found = Found { reached: query.until, ..Found::default() };
        let begin = query.before.map_or(query.until, |before| before.time);
        // One more tells whether there are more.
        let mut steps = Box::pin(self.stream(query, want + 1));
        while let Some(step) = steps.next().await {
            let step = step?;
            found.scanned += step.scanned;
            found.lost += step.lost;
            found.events.extend(step.hits);
            found.reached = step.reached;
            if found.events.len() > want {
                found.events.truncate(want);
                found.next = found.events.last().map(|hit| hit.place);
                found.reached = found.next.map_or(found.reached, |place| place.time);
                return Ok(found);
            }
            // A page that came no further would be asked for again for ever.
            if found.scanned.cost() >= self.budget && found.reached < begin {
                found.next = Some(behind(found.reached));
                return Ok(found);
            }
        }
        Ok(found)
    }

    /// How many events there are, by the values of fields.
    pub async fn count(
        &self,
        query: ActivityQuery,
        by: Vec<Field>,
        want: usize,
    ) -> Result<Counts, SearchError> {
        let mut counts = Counts { reached: query.until, ..Counts::default() };
        let mut groups: HashMap<Vec<String>, u64> = HashMap::new();
        let key = move |batch: &Batch, event: &Event| {
            let view = EventView { processes: &batch.processes, event };
            by.iter().map(|field| shown(field, &view)).collect::<Vec<_>>()
        };
        let mut steps = Box::pin(self.search(query, None).run(key));
        loop {
            let Some(step) = steps.next().await else {
                counts.complete = true;
                break;
            };
            let step = step?;
            counts.scanned += step.scanned;
            counts.lost += step.lost;
            counts.reached = step.reached;
            for Hit { item, .. } in step.hits {
                counts.total += 1;
                if groups.len() < MOST_GROUPS || groups.contains_key(&item) {
                    *groups.entry(item).or_default() += 1;
                }
            }
            if counts.scanned.cost() >= self.budget {
                break;
            }
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        groups.sort_unstable_by(|(a, n), (b, m)| m.cmp(n).then_with(|| a.cmp(b)));
        groups.truncate(want);
        counts.groups = groups;
        Ok(counts)
    }

    /// One event.
    pub async fn event(&self, id: &EventId) -> Result<Option<Occurrence>, SearchError> {
        let mut tried = None;
        let bytes = loop {
            let block = self.blocks.holding(&self.tenant, id).await?;
            // Gone from where it is said to be: it expired, or moved just then and is asked for once more.
            let Some(block) = block.filter(|block| tried != Some(*block)) else { return Ok(None) };
            tried = Some(block);
            if let Some(bytes) = self.blocks.blocks(&self.tenant, &[block]).await?.pop().flatten() {
                break bytes;
            }
        };
        let id = *id;
        let opened = aside(move || {
            let batch = Batch::decode(&bytes)?;
            let event = batch.events.iter().find(|event| event.seq == id.seq);
            Ok(event.map(|event| occurrence(&batch, event)))
        });
        opened.await?
    }
}

fn occurrence(batch: &Batch, event: &Event) -> Occurrence {
    Occurrence { node: batch.header.node, evidence: batch.evidence(event) }
}

/// The place before which everything up to a time lies.
fn behind(time: Timestamp) -> Place {
    let last = uuid::Uuid::max();
    let event = EventId {
        node: NodeId::from_uuid(last),
        boot: vedetta_model::BootId::from_uuid(last),
        seq: u64::MAX,
    };
    Place { time, event }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_looked_for_everywhere_and_a_condition_is_a_condition() {
        for text in ["nc", "/etc/shadow", "\"nc -e\"", "10.0.0.1", "it\\s"] {
            assert!(parse(text).unwrap().is_some(), "{text}");
        }
        assert!(parse("  ").unwrap().is_none());
        assert!(parse("proc.name = nc and evt.type in (execve, openat)").unwrap().is_some());
        let wrong = parse("proc.name = nc and").unwrap_err().to_string();
        assert!(wrong.contains("line 1"), "{wrong}");
        let unknown = parse("proc.nmae = nc").unwrap_err().to_string();
        assert!(unknown.contains("proc.nmae"), "{unknown}");
    }

    #[test]
    fn a_field_to_group_by_is_one_of_the_catalogue() {
        assert_eq!(field("proc.name").unwrap().name, "proc.name");
        assert!(field("proc.aname[2]").is_ok());
        assert!(field("proc.nmae").unwrap_err().to_string().contains("proc.nmae"));
        assert!(field("proc.name = x").is_err());
    }
}
