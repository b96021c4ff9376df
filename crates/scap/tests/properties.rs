//! Foreign bytes never harm: nothing panics, everything ends, and no more comes out than went in.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use proptest::{collection::vec, prelude::*, sample::Index};
use vedetta_scap::{Capture, Error, Limits};

const SMALL: Limits = Limits { unpacked: 1 << 20, ancestors: 7 };

fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 12).unwrap().to_le_bytes();
    [&kind.to_le_bytes()[..], &length, body, &length].concat()
}

fn section() -> Vec<u8> {
    let magic = 0x1a2b_3c4d_u32.to_le_bytes();
    block(
        0x0a0d_0d0a,
        &[&magic[..], &1_u16.to_le_bytes(), &2_u16.to_le_bytes(), &u64::MAX.to_le_bytes()].concat(),
    )
}

/// An event with its number of parameters in the header.
fn event(time: u64, tid: i64, code: u16, parameters: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(parameters.len()).unwrap();
    let lengths: Vec<u8> =
        parameters.iter().flat_map(|p| u16::try_from(p.len()).unwrap().to_le_bytes()).collect();
    let data = [lengths, parameters.concat()].concat();
    let length = u32::try_from(26 + data.len()).unwrap();
    let head = [
        &3_u16.to_le_bytes()[..],
        &time.to_le_bytes(),
        &tid.to_le_bytes(),
        &length.to_le_bytes(),
        &code.to_le_bytes(),
        &count.to_le_bytes(),
    ];
    block(0x216, &[head.concat(), data].concat())
}

fn number(n: i64) -> Vec<u8> {
    n.to_le_bytes().to_vec()
}

fn flags(n: u32) -> Vec<u8> {
    n.to_le_bytes().to_vec()
}

/// Reads all events; gives their number and how the capture ended.
fn walk(bytes: &[u8]) -> (usize, Option<Error>) {
    let capture = match Capture::open(bytes, SMALL) {
        Ok(capture) => capture,
        Err(error) => return (0, Some(error)),
    };
    let (mut count, mut end) = (0, None);
    for event in capture.events() {
        assert!(end.is_none(), "nothing comes after an error");
        match event {
            Ok(_) => count += 1,
            Err(error) => end = Some(error),
        }
    }
    // An event takes a block with header, trailer and its own header.
    assert!(count <= bytes.len().max(1 << 20) / 34);
    (count, end)
}

/// A small capture in which a process opens and closes a file, forks, and its child connects.
fn sample() -> Vec<u8> {
    let path = b"/etc/passwd\0".to_vec();
    let clone = |res: i64, tid: i64| {
        let text = |t: &str| format!("{t}\0").into_bytes();
        vec![
            number(res),
            text("sh"),
            text("-c"),
            number(tid),
            number(tid),
            number(7),
            text("/"),
            number(1024),
            number(0),
            number(0),
            flags(1),
            flags(1),
            flags(0),
            text("sh"),
            text("cpu=/"),
            flags(0),
            flags(0),
            flags(0),
            number(tid),
            number(tid),
        ]
    };
    let tuple = vec![2, 127, 0, 0, 1, 1, 0, 10, 0, 0, 1, 80, 0];
    let socket = vec![flags(2), flags(1), flags(0)];
    [
        section(),
        event(1, 7, 2, &[]),
        event(2, 7, 3, &[number(3), path, flags(1), flags(0), flags(0)]),
        event(3, 7, 4, &[number(3)]),
        event(4, 7, 5, &[number(0)]),
        event(5, 7, 222, &[]),
        event(6, 7, 223, &clone(8, 7)),
        event(7, 8, 223, &clone(0, 8)),
        event(8, 8, 18, &socket),
        event(9, 8, 19, &[number(4)]),
        event(10, 8, 22, &[number(4)]),
        event(11, 8, 23, &[number(0), tuple]),
        event(12, 8, 186, &[number(0)]),
    ]
    .concat()
}

#[test]
fn the_sample_is_read_and_its_state_is_kept() {
    let bytes = sample();
    let capture = Capture::open(&bytes, SMALL).unwrap();
    let events: Vec<_> = capture.events().map(Result::unwrap).collect();
    assert_eq!(events.len(), 12);
    let field = |at: usize, name: &str| events[at].get(name).cloned().unwrap_or_default();
    assert_eq!(field(1, "fd.name"), "/etc/passwd");
    assert_eq!(field(1, "evt.is_open_read"), true);
    assert_eq!(field(3, "fd.name"), "/etc/passwd", "the close still sees what it closes");
    assert_eq!(field(6, "proc.ppid"), 7);
    assert_eq!(field(10, "fd.sip"), "10.0.0.1");
    assert_eq!(field(10, "fd.sport"), 80);
    assert_eq!(field(10, "fd.l4proto"), "tcp");
    assert_eq!(field(10, "evt.num"), 11);
}

#[test]
fn a_torn_end_is_told_after_what_came_before() {
    let bytes = sample();
    let torn = &bytes[..bytes.len() - 5];
    let (count, end) = walk(torn);
    assert_eq!(count, 11);
    assert!(matches!(end, Some(Error::Torn { .. })), "{end:?}");
}

#[test]
fn unpacking_is_bounded_and_a_torn_pack_gives_what_it_has() {
    let pack = |bytes: &[u8]| {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    };
    assert_eq!(walk(&pack(&sample())), (12, None));
    let bomb = pack(&[section(), block(0x7777, &vec![0; 4 << 20])].concat());
    assert!(bomb.len() < 1 << 16);
    assert_eq!(walk(&bomb).1, Some(Error::TooLarge { limit: SMALL.unpacked }));
    let packed = pack(&sample());
    let (_, end) = walk(&packed[..packed.len() - 9]);
    assert!(matches!(end, Some(Error::Packed { .. })), "{end:?}");
}

#[test]
fn blocks_of_unknown_kinds_are_skipped() {
    let odd = [section(), block(0x0bad_cafe, b"whatever"), event(1, 7, 2, &[])].concat();
    assert_eq!(walk(&odd), (1, None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_end(bytes in vec(any::<u8>(), 0..2000)) {
        walk(&bytes);
    }

    #[test]
    fn any_blocks_end(blocks in vec((0x200_u32..0x224, vec(any::<u8>(), 0..300)), 0..12)) {
        let blocks: Vec<u8> = blocks.iter().flat_map(|(kind, body)| block(*kind, body)).collect();
        walk(&[section(), blocks].concat());
    }

    #[test]
    fn any_parameters_end(
        events in vec((0_i64..4, 0_u16..400, vec(prop_oneof![
            vec(any::<u8>(), 0..60),
            (-2_i64..6).prop_map(number),
            (0_u32..20).prop_map(flags),
            Just(b"../a/./b\0".to_vec()),
        ], 0..24)), 0..60),
    ) {
        let blocks: Vec<u8> = events.iter().flat_map(|(tid, code, given)| event(1, *tid, *code, given)).collect();
        let (_, end) = walk(&[section(), blocks].concat());
        prop_assert_eq!(end, None, "well-formed blocks are read to their end");
    }

    #[test]
    fn mutated_captures_end(changes in vec((any::<Index>(), any::<u8>()), 1..8), cut in any::<Index>()) {
        let mut bytes = sample();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        walk(&bytes);
        walk(&bytes[..cut.index(bytes.len())]);
    }
}

/// A container event, then a process in a container that it describes.
#[test]
fn containers_are_told_by_control_groups_and_described_by_events() {
    let id = "0123456789ab".repeat(6);
    let text = |t: &str| format!("{t}\0").into_bytes();
    let json = r#"{"container":{"id":"0123456789ab","name":"web","image":"nginx:1","type":0}}"#;
    let exec = vec![
        number(0),
        text("sh"),
        text("-i"),
        number(9),
        number(9),
        number(1),
        text("/"),
        number(1024),
        number(0),
        number(0),
        flags(1),
        flags(1),
        flags(0),
        text("sh"),
        text(&format!("cpu=/docker/{}", &id[..64])),
        text("HOME=/"),
        flags(0),
        number(9),
        flags(0),
        flags(3),
    ];
    let path = text("/bin/sh");
    let bytes =
        [section(), event(1, 0, 324, &[text(json)]), event(2, 9, 292, &[path]), event(3, 9, 293, &exec)]
            .concat();
    let capture = Capture::open(&bytes, SMALL).unwrap();
    let events: Vec<_> = capture.events().map(Result::unwrap).collect();
    assert_eq!(events.len(), 2, "the container's event counts, and is not given out");
    let last = &events[1];
    assert_eq!(last["evt.num"], 3);
    assert_eq!(last["container.id"], "0123456789ab");
    assert_eq!(last["container.name"], "web");
    assert_eq!(last["container.image"], "nginx:1");
    assert_eq!(last["proc.exepath"], "/bin/sh");
    assert_eq!(last["proc.cmdline"], "sh -i");
    assert_eq!(last["proc.is_exe_upper_layer"], true);
}
