//! The gRPC shapes that parts of Vedetta speak to each other, their generated code, the closed
//! list of error codes, and the channel that hides whether a service is near or far.
//!
//! It decides nothing and opens no socket by itself. The shapes are in `proto/`; start there.

mod channel;
mod error;

pub use channel::{Channel, TenantClient};
pub use error::{Code, Error};

/// What agents say to ingest.
pub mod agent {
    /// Version 1.
    #[expect(missing_docs, reason = "generated from the commented .proto files")]
    #[expect(clippy::all, clippy::allow_attributes, reason = "generated")]
    pub mod v1 {
        tonic::include_proto!("vedetta.agent.v1");
    }
}

/// What people decide.
pub mod tenant {
    /// Version 1.
    #[expect(missing_docs, reason = "generated from the commented .proto files")]
    #[expect(clippy::allow_attributes, reason = "generated")]
    pub mod v1 {
        tonic::include_proto!("vedetta.tenant.v1");
    }
}

/// Encoded `FileDescriptorSet` of everything in `proto/`, for reflection and for tests that list every method.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
