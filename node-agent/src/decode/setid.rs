//! `setuid` and its kin.

use vedetta_model::event::{SetId, SetIdCall};
use vedetta_node_agent_common::{Call, events};

/// Leaves an id as it is.
const SAME: u32 = u32::MAX;

pub fn decode(call: Call, body: &events::SetId) -> SetId {
    let (call, has) = match call {
        Call::SetGid => (SetIdCall::SetGid, 1),
        Call::SetReUid => (SetIdCall::SetReUid, 2),
        Call::SetReGid => (SetIdCall::SetReGid, 2),
        Call::SetResUid => (SetIdCall::SetResUid, 3),
        Call::SetResGid => (SetIdCall::SetResGid, 3),
        _ => (SetIdCall::SetUid, 1),
    };
    let mut ids = [None; 3];
    for (id, &given) in ids.iter_mut().zip(&body.ids[..has]) {
        *id = (given != SAME).then_some(given);
    }
    SetId { call, ids }
}
