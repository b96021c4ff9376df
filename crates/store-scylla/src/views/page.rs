//! Pages, merged from the partitions of a view.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use vedetta_store::{Cursor, Order, Page, Row, StoreError, ViewRange};

use super::SLOTS;
use crate::store::Shared;

type Pair = (Vec<u8>, Option<Vec<u8>>);

impl Shared {
    /// Each partition gives as many rows as the page may hold, and one more tells whether there are others.
    pub async fn page(
        &self,
        range: &ViewRange,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let (start, end) = bounds(range, after);
        if end.as_ref().is_some_and(|end| start >= *end) {
            return Ok(Page { rows: vec![], damaged: vec![], next: None });
        }
        let most = i32::try_from(limit.saturating_add(1)).unwrap_or(i32::MAX);
        let parts =
            (0..SLOTS).map(|slot| self.part(range, slot, &start, end.as_deref(), most)).collect::<Vec<_>>();
        let parts: Vec<Vec<Pair>> =
            stream::iter(parts).buffer_unordered(SLOTS.unsigned_abs().into()).try_collect().await?;
        let mut pairs: Vec<Pair> = parts.into_iter().flatten().collect();
        pairs.sort_unstable_by(|(a, _), (b, _)| match range.order {
            Order::Ascending => a.cmp(b),
            Order::Descending => b.cmp(a),
        });
        let more = pairs.len() > limit;
        pairs.truncate(limit);
        let row = |(key, value): Pair| Row { key: key.into(), value: value.unwrap_or_default().into() };
        let rows: Vec<Row> = pairs.into_iter().map(row).collect();
        let next = rows.last().filter(|_| more).map(|row| Cursor(row.key.clone()));
        Ok(Page { rows, damaged: vec![], next })
    }

    async fn part(
        &self,
        range: &ViewRange,
        slot: i8,
        start: &[u8],
        end: Option<&[u8]>,
        most: i32,
    ) -> Result<Vec<Pair>, StoreError> {
        let (tenant, view) = (range.tenant.as_str(), range.view.0);
        match (range.order, end) {
            (Order::Ascending, None) => {
                self.cql.rows(&self.on.view_up, (tenant, view, slot, start, most)).await
            }
            (Order::Ascending, Some(end)) => {
                self.cql.rows(&self.on.view_up_to, (tenant, view, slot, start, end, most)).await
            }
            (Order::Descending, None) => {
                self.cql.rows(&self.on.view_down, (tenant, view, slot, start, most)).await
            }
            (Order::Descending, Some(end)) => {
                self.cql.rows(&self.on.view_down_to, (tenant, view, slot, start, end, most)).await
            }
        }
    }
}

/// First key included and first excluded, of the range behind the cursor.
fn bounds(range: &ViewRange, after: Option<&Cursor>) -> (Vec<u8>, Option<Vec<u8>>) {
    let (start, end) = (range.start.to_vec(), range.end.as_ref().map(|end| end.to_vec()));
    match (after, range.order) {
        (None, _) => (start, end),
        // The smallest key behind another one is that with a zero at its end.
        (Some(Cursor(after)), Order::Ascending) => ([after, [0].as_slice()].concat(), end),
        (Some(Cursor(after)), Order::Descending) => (start, Some(after.to_vec())),
    }
}
