//! `mount`.

use vedetta_model::event::Mount;
use vedetta_node_agent_common::{Slot, events};

use super::{path, segments::Segments};

pub fn decode(body: &events::Mount, segments: &Segments<'_>) -> Mount {
    Mount {
        source: segments.text(Slot::First),
        target: path::of_argument(segments, Slot::Second, Slot::SecondBase),
        fstype: segments.text(Slot::Third),
        flags: body.flags,
    }
}
