//! The fields that say when an event was.

use vedetta_model::Timestamp;

use super::{Fetch, Known};

const SECOND: i64 = 1_000_000_000;

/// The value of a field about the time. `None` when the field is about something else.
pub(super) fn time_field(known: Known, time: Timestamp, out: &mut Vec<u8>) -> Option<Fetch<'static>> {
    use Known as K;
    Some(match known {
        K::EvtRawtime => Fetch::int(time.as_nanos()),
        K::EvtRawtimeS => Fetch::int(time.as_nanos().div_euclid(SECOND)),
        K::EvtRawtimeNs => Fetch::int(time.as_nanos().rem_euclid(SECOND)),
        K::EvtTime | K::EvtTimeS | K::EvtTimeIso | K::EvtDatetime | K::EvtDatetimeS => {
            write(out, known, time);
            Fetch::Built
        }
        _ => return None,
    })
}

fn write(out: &mut Vec<u8>, known: Known, time: Timestamp) {
    // `2026-01-31T08:00:00.000000000Z`
    let iso = time.to_string();
    let (date, rest) = iso.split_once('T').unwrap_or((&iso, ""));
    let clock = rest.strip_suffix('Z').unwrap_or(rest);
    let seconds = clock.split_once('.').map_or(clock, |(s, _)| s);
    let text = match known {
        Known::EvtTime => clock.to_owned(),
        Known::EvtTimeS => seconds.to_owned(),
        Known::EvtDatetime => format!("{date} {clock}"),
        Known::EvtDatetimeS => format!("{date} {seconds}"),
        _ => format!("{date}T{clock}+0000"),
    };
    out.extend_from_slice(text.as_bytes());
}
