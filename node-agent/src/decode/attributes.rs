//! `chmod`, `chown` and their kin.

use vedetta_model::{
    Payload,
    event::{Chmod, Chown},
};
use vedetta_node_agent_common::{Call, Slot, events};

use super::{path, segments::Segments};

pub fn decode(call: Call, body: &events::Attributes, segments: &Segments<'_>) -> Payload {
    let path = path::of_names(segments, Slot::File)
        .unwrap_or_else(|| path::of_argument(segments, Slot::First, Slot::FirstBase));
    match call {
        Call::Chmod | Call::Fchmod | Call::Fchmodat => Chmod { path, mode: body.mode & 0o7777 }.into(),
        _ => Chown { path, uid: body.uid, gid: body.gid }.into(),
    }
}
