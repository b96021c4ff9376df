//! `init_module`, `finit_module`.

use vedetta_model::event::ModuleLoad;
use vedetta_node_agent_common::Slot;

use super::{path, segments::Segments};

pub fn decode(segments: &Segments<'_>) -> ModuleLoad {
    ModuleLoad {
        path: path::of_names(segments, Slot::File).unwrap_or_default(),
        args: segments.text(Slot::Args),
    }
}
