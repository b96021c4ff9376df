//! Tenants.

use bytes::Bytes;

use super::{Fixture, VIEW, checkpoint, event, key, load, put, rows, tenant, walk};
use crate::{Expected, StreamId, ViewRange};

/// Names of which each is close to another's end.
const TENANTS: [&str; 5] = ["a", "a-b", "a0", "ab", "b"];

/// Neither single rows nor ranges nor pages reach another tenant, whatever the keys are.
pub async fn no_tenant_sees_anothers_rows(fixture: impl Fixture) {
    let views = fixture.views();
    let keys: [&[u8]; 7] = [b"", b"\0", b"-b", b"0\0k", b"k", b"\xff", b"\xff\xff\xff\xff"];
    let changes: Vec<_> =
        TENANTS.iter().flat_map(|of| keys.map(|key| put(of, key, Bytes::from(of.as_bytes())))).collect();
    views.apply(&changes, &checkpoint(1)).await.unwrap();
    for of in TENANTS {
        let all = ViewRange::all(&tenant(of), VIEW);
        let wide = ViewRange { end: Some(Bytes::from_static(&[0xff; 64])), ..all.clone() };
        for range in [all.clone(), all.descending(), wide.clone(), wide.descending()] {
            for limit in [1, 2, 100] {
                let rows = walk(&*views, &range, limit).await;
                assert_eq!(rows.len(), keys.len(), "{of}: {range:?}");
                assert!(rows.iter().all(|row| row.value == of), "{of} sees another's row");
            }
        }
        for key_bytes in keys {
            assert_eq!(views.get(&key(of, key_bytes)).await.unwrap().unwrap(), of);
        }
        assert_eq!(views.get(&key(of, "b\0k")).await.unwrap(), None);
    }
    assert_eq!(rows(&*views, "c").await, []);
}

/// Streams of equal names are different streams for different tenants.
pub async fn no_tenant_sees_anothers_streams(fixture: impl Fixture) {
    let events = fixture.events();
    for (n, of) in (0..).zip(TENANTS) {
        for (m, id) in (0..).zip(["1", "", "b/1"]) {
            let stream = StreamId::new(&tenant(of), "case", id);
            events.append(&stream, Expected::Any, &[event(n * 10 + m, of)]).await.unwrap();
        }
    }
    for of in TENANTS {
        let streams = events.streams(&tenant(of), "case", None, 100).await.unwrap();
        assert_eq!(streams.len(), 3);
        for stream in streams {
            assert_eq!(stream.tenant, tenant(of));
            let stored = load(&*events, &stream).await;
            assert!(stored.len() == 1 && stored[0].data == of, "{stream}: {stored:?}");
        }
    }
    assert_eq!(events.streams(&tenant("c"), "case", None, 100).await.unwrap(), []);
}
