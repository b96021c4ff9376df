//! `open`, `openat`, `openat2`, `creat`.

use vedetta_model::event::Open;
use vedetta_node_agent_common::{Slot, events};

use super::{path, segments::Segments};

pub fn decode(body: &events::Open, segments: &Segments<'_>) -> Open {
    let path = path::of_names(segments, Slot::File)
        .unwrap_or_else(|| path::of_argument(segments, Slot::First, Slot::FirstBase));
    Open { path, flags: body.flags, mode: body.mode }
}
