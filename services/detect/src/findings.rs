//! Findings as records of the log.

use bytes::Bytes;
use vedetta_log::{Key, NewRecord};
use vedetta_model::Finding;

/// Why bytes are no finding.
#[derive(Debug, thiserror::Error)]
#[error("not a finding: {0}")]
pub struct DecodeError(#[from] serde_json::Error);

/// The record of a finding. Those of one node keep their order.
pub fn encode_finding(finding: &Finding) -> Result<NewRecord, DecodeError> {
    Ok(NewRecord {
        tenant: finding.tenant.clone(),
        key: Key::of(&finding.tenant, finding.node),
        headers: [("finding_id".into(), Bytes::from(finding.id.to_string()))].into(),
        payload: serde_json::to_vec(finding)?.into(),
    })
}

/// A finding from the payload of its record.
pub fn decode_finding(payload: &[u8]) -> Result<Finding, DecodeError> {
    Ok(serde_json::from_slice(payload)?)
}
