//! Foreign bytes never harm, damage never passes, and what went in comes out.

mod common;

use common::{boot, node, process, tenant};
use proptest::{collection::vec, prelude::*};
use vedetta_block::{Actor, Batch, Builder, Header, MAX_DECODED_BYTES, MAX_SPAN_NANOS, Opened, Seen};
use vedetta_model::{Event, Kind, Payload, Process, Timestamp, event as facts};

fn payload() -> impl Strategy<Value = Payload> {
    let address = prop_oneof![
        (any::<std::net::IpAddr>(), any::<u16>())
            .prop_map(|(address, port)| facts::SocketAddress::Ip { address, port }),
        ".{0,40}".prop_map(|path| facts::SocketAddress::Unix { path }),
        any::<u16>().prop_map(|family| facts::SocketAddress::Other { family }),
    ];
    prop_oneof![
        (".{0,60}", any::<u32>(), any::<u32>()).prop_map(|(path, flags, mode)| facts::Open {
            path,
            flags,
            mode
        }
        .into()),
        (any::<u8>(), any::<u8>()).prop_map(|(code, signal)| facts::Exit { code, signal }.into()),
        (any::<i32>(), address.clone(), proptest::option::of(address), any::<u8>())
            .prop_map(|(fd, remote, local, protocol)| facts::Connect { fd, remote, local, protocol }.into()),
        any::<[u64; 5]>().prop_map(|n| {
            facts::Heartbeat {
                interval_seconds: u32::MAX,
                events_read: n[0],
                events_lost: n[1],
                spool_bytes: n[2],
                cpu_millis: n[3],
                rss_bytes: n[4],
            }
            .into()
        }),
        (any::<u64>(), any::<i64>(), any::<i64>()).prop_map(|(count, since, until)| {
            let (since, until) = (Timestamp::from_nanos(since), Timestamp::from_nanos(until));
            let stage = facts::LossStage::Decode;
            facts::Loss { stage, cpu: Some(u32::MAX), hook: "exec".into(), count, since, until }.into()
        }),
    ]
}

/// Processes whose parents stand before them.
fn processes() -> impl Strategy<Value = Vec<Process>> {
    vec((any::<u32>(), any::<proptest::sample::Index>(), vec(".{0,20}", 0..5), any::<i64>()), 0..12).prop_map(
        |raw| {
            let make = |(at, (pid, parent, args, time)): (
                usize,
                (u32, proptest::sample::Index, Vec<String>, i64),
            )| {
                let parent = (at > 0).then(|| u32::try_from(parent.index(at)).unwrap());
                Process {
                    args,
                    exec_time: Timestamp::from_nanos(time),
                    loginuid: Some(pid),
                    ..process(pid, parent, "x")
                }
            };
            raw.into_iter().enumerate().map(make).collect()
        },
    )
}

type RawEvent = (u64, i64, Option<proptest::sample::Index>, i64, Payload);

fn events() -> impl Strategy<Value = Vec<RawEvent>> {
    let process = proptest::option::of(any::<proptest::sample::Index>());
    let event = (1_u64..1 << 40, 0..=MAX_SPAN_NANOS, process, any::<i64>(), payload());
    (any::<i64>(), vec(event, 1..20)).prop_map(|(since, mut events)| {
        events.iter_mut().for_each(|event| event.1 = since.saturating_add(event.1));
        events
    })
}

fn build(processes: &[Process], raw: Vec<RawEvent>) -> (Builder, Vec<Event>) {
    let mut builder = Builder::new(tenant(), node(), boot());
    for process in processes {
        builder.process(process.clone());
    }
    let mut seq = 0;
    let mut events = Vec::new();
    for (step, time, process, result, payload) in raw {
        seq += step;
        let process = process
            .filter(|_| !processes.is_empty())
            .map(|i| u32::try_from(i.index(processes.len())).unwrap());
        let event = Event { seq, time: Timestamp::from_nanos(time), process, tid: u32::MAX, result, payload };
        builder.push(event.clone());
        events.push(event);
    }
    (builder, events)
}

proptest! {
    #[test]
    fn what_went_in_comes_out_within_the_estimate(
        processes in processes().prop_filter("entries that would be one", |all| {
            all.iter().enumerate().all(|(at, p)| !all[..at].contains(p))
        }),
        raw in events(),
    ) {
        let (builder, events) = build(&processes, raw);
        let estimate = builder.estimated_bytes();
        let block = builder.finish().unwrap();
        let batch = Batch::decode(&block).unwrap();
        prop_assert!(batch.header.decoded_bytes as usize <= estimate);
        prop_assert_eq!(Header::verify(&block).unwrap(), batch.header);
        prop_assert_eq!(batch.processes, processes);
        prop_assert_eq!(batch.events, events);
    }

    #[test]
    fn some_kinds_decode_to_what_they_are_among_all(processes in processes(), raw in events()) {
        let (builder, events) = build(&processes, raw);
        let block = builder.finish().unwrap();
        for kind in [Kind::FileOpen, Kind::ProcessExit, Kind::NetConnect, Kind::AgentHeartbeat, Kind::AgentLoss] {
            let some = Opened::open(&block).unwrap().decode_kinds(|of| of == kind).unwrap();
            let wanted: Vec<_> = events.iter().filter(|event| event.kind() == kind).cloned().collect();
            prop_assert_eq!(&some.events, &wanted);
            prop_assert_eq!(some.processes.len(), Batch::decode(&block).unwrap().processes.len());
        }
    }

    #[test]
    fn columns_in_place_tell_what_the_rows_say(processes in processes(), raw in events()) {
        let (builder, events) = build(&processes, raw);
        let opened = Opened::open(&builder.finish().unwrap()).unwrap();
        let columns = opened.columns().unwrap();
        for wanted in [|_| true, |kind| kind == Kind::FileOpen, |kind| kind != Kind::FileOpen] {
            let seen: Vec<_> = columns.events(wanted).collect::<Result<_, _>>().unwrap();
            let told = events.iter().filter(|event| wanted(event.kind())).map(told);
            prop_assert_eq!(seen, told.collect::<Vec<_>>());
        }
        let batch = opened.clone().decode().unwrap();
        prop_assert_eq!(columns.processes(), batch.processes.len());
        for (index, process) in (0..).zip(&batch.processes) {
            let Process { key, parent, name, exe, .. } = process;
            let actor = Actor { pid: key.pid, parent: *parent, name, exe };
            prop_assert_eq!(columns.process(index).unwrap(), Some(actor));
        }
        prop_assert_eq!(columns.process(u32::MAX).unwrap(), None);
    }

    #[test]
    fn the_digest_never_denies_what_is_there(processes in processes(), raw in events()) {
        let (builder, events) = build(&processes, raw);
        let batch = Batch::decode(&builder.finish().unwrap()).unwrap();
        let mut denied = 0;
        for event in &events {
            event.terms(|term| denied += usize::from(!batch.header.digest.may_hold(&term)));
        }
        for acting in batch.events.iter().filter_map(|event| event.process) {
            batch.processes[acting as usize].terms(|term| {
                denied += usize::from(!batch.header.digest.may_hold(&term));
            });
        }
        prop_assert_eq!(denied, 0);
    }

    #[test]
    fn a_flipped_bit_never_passes(processes in processes(), raw in events(), at in any::<proptest::sample::Index>()) {
        let mut block = build(&processes, raw).0.finish().unwrap().to_vec();
        let bit = at.index(block.len() * 8);
        block[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(Header::verify(&block).is_err());
        prop_assert!(Batch::decode(&block).is_err());
    }

    #[test]
    fn foreign_bytes_are_refused_without_harm(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(Batch::decode(&bytes).is_err());
        let like_a_block = [b"VDB1\x01\x00", &bytes[..]].concat();
        prop_assert!(Batch::decode(&like_a_block).is_err());
    }

    /// The same for columns: some bodies of chance are good ones.
    #[test]
    fn changed_columns_with_good_checksums_do_no_harm(
        processes in processes(),
        raw in events(),
        changes in vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let block = build(&processes, raw).0.finish().unwrap();
        let (header, range) = Header::parse(&block).unwrap();
        let mut body = zstd::bulk::decompress(&block[range], header.decoded_bytes as usize).unwrap();
        for (at, byte) in changes {
            let at = at.index(body.len());
            body[at] = byte;
        }
        let block = reseal(&block, &body);
        if let Ok(batch) = Batch::decode(&block) {
            prop_assert_eq!(batch.events.len(), batch.header.count as usize);
        }
        read_in_place(&block)?;
    }

    #[test]
    fn columns_of_any_content_do_no_harm(raw in events(), body in vec(any::<u8>(), 0..200)) {
        let block = reseal(&build(&[], raw).0.finish().unwrap(), &body);
        if let Ok(batch) = Batch::decode(&block) {
            prop_assert_eq!(batch.events.len(), batch.header.count as usize);
        }
        read_in_place(&block)?;
    }

    /// Checksums are no defence against who can compute them.
    #[test]
    fn a_body_of_any_content_with_good_checksums_is_refused_without_harm(
        body in vec(any::<u8>(), 0..200),
        claimed in 0..=2 * u32::try_from(MAX_DECODED_BYTES).unwrap(),
        compressed in any::<bool>(),
    ) {
        let length = u32::try_from(body.len()).unwrap();
        let block = forge(&body, if compressed { length } else { claimed }, compressed);
        prop_assert!(Batch::decode(&block).is_err());
    }
}

/// What the columns tell of an event.
fn told(event: &Event) -> Seen<'_> {
    let path = match &event.payload {
        Payload::Open(it) => Some(it.path.as_str()),
        _ => None,
    };
    Seen {
        seq: event.seq,
        time: event.time,
        kind: event.kind(),
        process: event.process,
        result: event.result,
        path,
    }
}

/// Reads everything that there is. What comes out before an error holds together, and where rows can be made of the
/// block, they say the same.
fn read_in_place(block: &[u8]) -> Result<(), TestCaseError> {
    let Ok(opened) = Opened::open(block) else { return Ok(()) };
    let rows = opened.clone().decode();
    let Ok(columns) = opened.columns() else {
        prop_assert!(rows.is_err());
        return Ok(());
    };
    let count = u32::try_from(columns.processes()).unwrap();
    let actors: Vec<_> = (0..count).map(|index| columns.process(index)).collect();
    let seen: Vec<_> = columns.events(|_| true).collect();
    let whole: Vec<Seen<'_>> = seen.iter().filter_map(|event| event.clone().ok()).collect();
    prop_assert!(whole.is_sorted_by(|a, b| a.seq < b.seq));
    prop_assert!(whole.iter().all(|event| event.process.is_none_or(|index| index < count)));
    prop_assert!(whole.len() == seen.len() || whole.len() + 1 == seen.len(), "an error ends it");
    if let Ok(batch) = rows {
        prop_assert!(actors.iter().all(|actor| matches!(actor, Ok(Some(_)))));
        prop_assert_eq!(whole, batch.events.iter().map(told).collect::<Vec<_>>());
    }
    Ok(())
}

/// The block with another body, and checksums that fit.
fn reseal(block: &[u8], body: &[u8]) -> Vec<u8> {
    const PREFIX: usize = 12;
    const BODY_BYTES: usize = 68;
    let (_, range) = Header::parse(block).unwrap();
    let mut header = block[PREFIX..range.start].to_vec();
    let compressed = zstd::bulk::compress(body, 1).unwrap();
    header[BODY_BYTES..BODY_BYTES + 4]
        .copy_from_slice(&u32::try_from(compressed.len()).unwrap().to_le_bytes());
    header[BODY_BYTES + 4..BODY_BYTES + 8].copy_from_slice(&u32::try_from(body.len()).unwrap().to_le_bytes());
    header[BODY_BYTES + 8..BODY_BYTES + 12].copy_from_slice(&crc32fast::hash(&compressed).to_le_bytes());
    let guarded = [&block[4..6], &(header.len() as u64).to_le_bytes(), &header].concat();
    let crc = crc32fast::hash(&guarded).to_le_bytes();
    [&block[..8], &crc, &header, &compressed].concat()
}

/// A block with one event by its header, right checksums, and any body.
fn forge(body: &[u8], decoded: u32, compressed: bool) -> Vec<u8> {
    let body = if compressed { zstd::bulk::compress(body, 1).unwrap() } else { body.to_vec() };
    let mut header = Vec::new();
    header.extend(node().as_uuid().as_bytes());
    header.extend(boot().as_uuid().as_bytes());
    header.extend(1_u64.to_le_bytes());
    header.extend(1_u64.to_le_bytes());
    header.extend(1_u32.to_le_bytes());
    header.extend([0; 16]);
    header.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    header.extend(decoded.to_le_bytes());
    header.extend(crc32fast::hash(&body).to_le_bytes());
    header.extend(b"\x07default\x01\x14\x00");
    let mut guarded = 1_u16.to_le_bytes().to_vec();
    guarded.extend((header.len() as u64).to_le_bytes());
    guarded.extend(&header);
    let mut block = b"VDB1\x01\x00".to_vec();
    block.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    block.extend(crc32fast::hash(&guarded).to_le_bytes());
    block.extend(header);
    block.extend(body);
    block
}

#[test]
fn the_forger_makes_a_block_that_only_its_body_gives_away() {
    let block = forge(&[0x80; 16], 16, true);
    assert!(Header::verify(&block).is_ok(), "{:?}", Header::verify(&block));
    assert!(Batch::decode(&block).is_err());
}
