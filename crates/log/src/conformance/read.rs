//! Reading and trimming.

use futures::{FutureExt as _, StreamExt as _};

use super::{Fixture, append, contents, partition, position, read_from, soon, take, texts, with_topic};
use crate::{Offset, ReadError, ReadLimit};

/// A read begins where it is told to, and goes on with what is appended later.
pub async fn reading_starts_at_the_beginning_the_middle_or_the_tail(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 1).await;
    let mut places = Vec::new();
    for n in 0..10 {
        places.push(append(&*log, "a", n).await);
    }
    let bounds = log.bounds(&partition(0)).await.unwrap();
    assert_eq!(bounds.start, places[0].offset);
    assert!(bounds.end > places[9].offset);
    let mut all = read_from(&*log, position(0, bounds.start)).await.unwrap();
    assert_eq!(texts(&take(&mut all, 10).await), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
    let mut middle = read_from(&*log, places[6].clone()).await.unwrap();
    assert_eq!(texts(&take(&mut middle, 4).await), ["6", "7", "8", "9"]);
    let mut tail = read_from(&*log, position(0, bounds.end)).await.unwrap();
    append(&*log, "a", "later").await;
    for stream in [&mut all, &mut middle, &mut tail] {
        assert_eq!(texts(&take(stream, 1).await), ["later"]);
    }
}

/// A reader that waits at the tail gets the next record without asking again.
pub async fn a_reader_at_the_tail_wakes_on_append(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 1).await;
    let mut stream = read_from(&*log, position(0, Offset(0))).await.unwrap();
    for n in 0..20 {
        assert!(stream.next().now_or_never().is_none(), "nothing to read yet");
        let (batch, _) = tokio::join!(soon("waking", stream.next()), append(&*log, "a", n));
        assert_eq!(texts(&batch.unwrap().unwrap()), [n.to_string()]);
    }
}

/// What was trimmed away is not silently skipped: the answer names the first place still there.
pub async fn below_the_low_watermark_is_out_of_range(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 1).await;
    if !log.describe().capabilities.trim_is_exact {
        return;
    }
    for n in 0..5 {
        append(&*log, "a", n).await;
    }
    let mut begun = log.read(position(0, Offset(0)), ReadLimit { records: 1, bytes: 1 }).await.unwrap();
    let third = contents(&*log, 0).await[3].position.offset;
    log.trim(&partition(0), third).await.unwrap();
    match read_from(&*log, position(0, Offset(0))).await.map(|_| "a stream") {
        Err(ReadError::OutOfRange { partition: p, low }) => assert_eq!((p, low), (partition(0), third)),
        other => panic!("expected OutOfRange, got {other:?}"),
    }
    let next = soon("an answer", begun.next()).await.unwrap();
    assert!(matches!(next, Err(ReadError::OutOfRange { low, .. }) if low == third), "{next:?}");
}

/// Batches keep to the limit, but a record larger than it still comes, alone.
pub async fn a_limit_cuts_batches_but_always_gives_a_record(fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 1).await;
    for size in [10, 10, 10, 1000, 10] {
        append(&*log, "a", "x".repeat(size)).await;
    }
    let sizes = async |limit| {
        let mut stream = log.read(position(0, Offset(0)), limit).await.unwrap();
        let mut sizes = Vec::new();
        while sizes.iter().sum::<usize>() < 5 {
            sizes.push(soon("a batch", stream.next()).await.unwrap().unwrap().len());
        }
        sizes
    };
    assert_eq!(sizes(ReadLimit { records: 2, bytes: 1 << 20 }).await, [2, 2, 1]);
    assert_eq!(sizes(ReadLimit { records: 100, bytes: 25 }).await, [2, 1, 1, 1]);
    assert_eq!(sizes(ReadLimit { records: 100, bytes: 1 }).await, [1, 1, 1, 1, 1]);
}

/// Trimming moves the low watermark, never back and never beyond the end, and the rest stays.
pub async fn trim_keeps_what_lies_behind_it(mut fixture: impl Fixture) {
    let (log, _) = with_topic(&fixture, 1).await;
    let capabilities = log.describe().capabilities;
    for n in 0..10 {
        append(&*log, "a", n).await;
    }
    let at = contents(&*log, 0).await[4].position.offset;
    log.trim(&partition(0), at).await.unwrap();
    log.trim(&partition(0), Offset(0)).await.unwrap();
    let left = texts(&contents(&*log, 0).await);
    assert!(left.ends_with(&["4", "5", "6", "7", "8", "9"].map(String::from)), "{left:?}");
    let end = log.bounds(&partition(0)).await.unwrap().end;
    log.trim(&partition(0), Offset(u64::MAX)).await.unwrap();
    assert_eq!(log.bounds(&partition(0)).await.unwrap().end, end);
    if capabilities.trim_is_exact {
        assert_eq!(left.len(), 6);
        assert_eq!(log.bounds(&partition(0)).await.unwrap().start, end);
    }
    if capabilities.durable {
        drop(log);
        fixture.reopen().await;
    }
    let log = fixture.log();
    assert_eq!(log.bounds(&partition(0)).await.unwrap().end, end, "offsets go on where they were");
    assert!(append(&*log, "a", "after").await.offset >= end);
}
