//! From the bytes of a record to what happened. One file per family, named as in
//! `node-agent-common/src/events`.
//!
//! Bytes are never trusted: every length is checked, and a record that makes no sense is an error
//! that is counted, never a panic.

mod attributes;
mod exec;
mod module;
mod mount;
mod names;
mod open;
mod path;
mod segments;
mod setid;
mod socket;

use vedetta_model::{
    Payload,
    event::{Bpf, Ptrace, SetNs, Unshare},
};
use vedetta_node_agent_common::{Call, Header, Hook, Record, events, record};

pub use exec::{Image, Permissions, arguments};

use segments::Segments;

/// A decoded record: the header as it is, and the rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Decoded {
    /// Who and when.
    pub header: Header,
    /// Which program wrote it.
    pub hook: Hook,
    /// What happened.
    pub fact: Fact,
}

/// What a record tells. The first three change the process table, so they are not yet events.
#[derive(Debug, Clone, PartialEq)]
pub enum Fact {
    /// A process became another program.
    Exec(Box<Image>),
    /// A process made another.
    Fork(events::Fork),
    /// A process ended.
    Exit(events::Exit),
    /// Anything else is an event as it stands.
    Event(Payload),
}

/// A record makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It ends before its fixed part does.
    #[error("a record of {len} bytes is too short")]
    TooShort {
        /// Its length.
        len: usize,
    },
    /// Written by a program that this build does not have.
    #[error("no program has the number {number}")]
    UnknownHook {
        /// The number.
        number: u8,
    },
    /// About a call that this build does not have, or that its program does not handle.
    #[error("program `{hook}` does not handle call {number}", hook = hook.as_str())]
    UnknownCall {
        /// The program.
        hook: Hook,
        /// The call's number of ours.
        number: u8,
    },
}

/// The time in a record's header, for sorting; `None` when it is too short to have one.
pub fn time_of(bytes: &[u8]) -> Option<u64> {
    record::take::<u64>(bytes).map(|(time, _)| time)
}

/// The program that wrote a record, as far as can be told.
pub fn hook_of(bytes: &[u8]) -> Option<Hook> {
    record::take::<Header>(bytes).and_then(|(header, _)| Hook::from_number(header.hook))
}

/// Decodes one record.
pub fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let (header, rest) = take::<Header>(bytes, bytes)?;
    let hook = Hook::from_number(header.hook).ok_or(DecodeError::UnknownHook { number: header.hook })?;
    let call = Call::from_number(header.call).filter(|call| call.hook() == hook);
    let called = || call.ok_or(DecodeError::UnknownCall { hook, number: header.call });
    let fact = match hook {
        Hook::Exec => {
            let (body, tail) = take(rest, bytes)?;
            Fact::Exec(Box::new(exec::decode(&body, &Segments::parse(tail))))
        }
        Hook::Fork => Fact::Fork(take(rest, bytes)?.0),
        Hook::Exit => Fact::Exit(take(rest, bytes)?.0),
        Hook::Open => {
            let (body, tail) = take(rest, bytes)?;
            Fact::Event(open::decode(&body, &Segments::parse(tail)).into())
        }
        Hook::Names => {
            let (body, tail) = take(rest, bytes)?;
            Fact::Event(names::decode(called()?, &body, &Segments::parse(tail)))
        }
        Hook::Attributes => {
            let (body, tail) = take(rest, bytes)?;
            Fact::Event(attributes::decode(called()?, &body, &Segments::parse(tail)))
        }
        Hook::Socket => {
            let (body, tail) = take(rest, bytes)?;
            Fact::Event(socket::decode(called()?, &body, &Segments::parse(tail)))
        }
        Hook::SetId => Fact::Event(setid::decode(called()?, &take(rest, bytes)?.0).into()),
        Hook::Ptrace => {
            let (body, _) = take::<events::Ptrace>(rest, bytes)?;
            Fact::Event(Ptrace { request: body.request, target: body.target }.into())
        }
        Hook::Namespace => {
            let (body, _) = take::<events::Namespace>(rest, bytes)?;
            Fact::Event(match called()? {
                Call::Setns => SetNs { fd: body.fd, flags: body.flags as u32 }.into(),
                _ => Unshare { flags: body.flags }.into(),
            })
        }
        Hook::Mount => {
            let (body, tail) = take(rest, bytes)?;
            Fact::Event(mount::decode(&body, &Segments::parse(tail)).into())
        }
        Hook::Bpf => Fact::Event(Bpf { command: take::<events::Bpf>(rest, bytes)?.0.command }.into()),
        Hook::Module => {
            let (_, tail) = take::<events::Module>(rest, bytes)?;
            Fact::Event(module::decode(&Segments::parse(tail)).into())
        }
    };
    Ok(Decoded { header, hook, fact })
}

fn take<'a, T: Record>(rest: &'a [u8], whole: &[u8]) -> Result<(T, &'a [u8]), DecodeError> {
    record::take(rest).ok_or(DecodeError::TooShort { len: whole.len() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use vedetta_node_agent_common::record::bytes_of;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = decode(&bytes);
        }

        #[test]
        fn no_body_makes_it_panic(
            hook in 0u8..14,
            call in 0u8..100,
            rest in proptest::collection::vec(prop_oneof![0u8..16, any::<u8>()], 0..400),
        ) {
            let mut bytes = bytes_of(&Header { hook, call, ..Header::default() }).to_vec();
            bytes.extend(rest);
            let _ = decode(&bytes);
        }
    }

    #[test]
    fn a_call_of_another_program_is_refused() {
        let header = Header { hook: Hook::Socket as u8, call: Call::Unlink as u8, ..Header::default() };
        let mut bytes = bytes_of(&header).to_vec();
        bytes.extend([0; 64]);
        assert_eq!(
            decode(&bytes),
            Err(DecodeError::UnknownCall { hook: Hook::Socket, number: Call::Unlink as u8 })
        );
    }
}
