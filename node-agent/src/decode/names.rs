//! `unlink`, `rename`, `link` and their kin.

use vedetta_model::{
    Payload,
    event::{Link, Rename, Unlink},
};
use vedetta_node_agent_common::{Call, Slot, events};

use super::{path, segments::Segments};

const AT_REMOVEDIR: u32 = 0x200;

pub fn decode(call: Call, body: &events::Names, segments: &Segments<'_>) -> Payload {
    let first = || path::of_argument(segments, Slot::First, Slot::FirstBase);
    let second = || path::of_argument(segments, Slot::Second, Slot::SecondBase);
    match call {
        Call::Rename | Call::Renameat | Call::Renameat2 => Rename { from: first(), to: second() }.into(),
        Call::Link | Call::Linkat => Link { target: first(), path: second(), symbolic: false }.into(),
        Call::Symlink | Call::Symlinkat => {
            Link { target: segments.text(Slot::First), path: second(), symbolic: true }.into()
        }
        _ => {
            let directory = call == Call::Rmdir || body.flags & AT_REMOVEDIR != 0;
            Unlink { path: first(), directory }.into()
        }
    }
}
