//! An event of the model with the processes of its batch, read under Falco's field names.

mod args;
mod file;
mod process;
mod socket;

use vedetta_model::{Event, Kind, Process};

use super::kinds::{category, is_agent, type_names_of};
use super::names;
use super::time::time_field;
use super::{Fetch, Field, FieldSource, Known, Value};

/// An event and the table of processes that it points into.
#[derive(Debug, Clone, Copy)]
pub struct EventView<'a> {
    /// The processes of the event's batch.
    pub processes: &'a [Process],
    /// The event.
    pub event: &'a Event,
}

impl<'a> EventView<'a> {
    fn process(&self) -> Option<&'a Process> {
        self.at(self.event.process)
    }

    fn at(&self, index: Option<u32>) -> Option<&'a Process> {
        self.processes.get(usize::try_from(index?).ok()?)
    }

    /// The process and its ancestors, itself first. Ends where the table does; a table that loops
    /// is left after as many steps as it has entries.
    fn lineage(&self) -> impl Iterator<Item = &'a Process> + use<'a> {
        let view = *self;
        std::iter::successors(self.process(), move |p| view.at(p.parent)).take(self.processes.len())
    }

    fn event_field(&self, field: &Field, known: Known, out: &mut Vec<u8>) -> Fetch<'a> {
        use Known as K;
        let (event, kind) = (self.event, self.event.kind());
        match known {
            K::EvtNum => Fetch::uint(event.seq),
            K::EvtDir => Fetch::some("<"),
            K::EvtType | K::SyscallType => match type_names_of(event) {
                [only] => Fetch::some(*only),
                _ => Fetch::Many,
            },
            K::EvtCategory => Fetch::some(category(kind)),
            K::EvtCount => Fetch::uint(1u32),
            K::EvtSource => Fetch::some("syscall"),
            K::EvtIsAsync | K::EvtIsIo | K::EvtIsIoRead | K::EvtIsIoWrite | K::EvtIsWait => {
                Fetch::bool(false)
            }
            K::EvtRes | K::EvtRawres | K::EvtFailed if is_agent(kind) => Fetch::Absent,
            K::EvtRawres => Fetch::int(event.result),
            K::EvtFailed => Fetch::bool(event.result < 0),
            K::EvtCountError | K::EvtCountErrorFile | K::EvtCountErrorNet | K::EvtCountErrorOther => {
                if event.result < 0 && !is_agent(kind) && counts_as(known, kind) {
                    Fetch::uint(1u32)
                } else {
                    Fetch::Absent
                }
            }
            K::EvtRes if event.result >= 0 => Fetch::some("SUCCESS"),
            K::EvtRes => match names::errno(event.result.unsigned_abs()) {
                Some(name) => Fetch::some(name),
                None => {
                    names::number_text(out, event.result);
                    Fetch::Built
                }
            },
            K::EvtIsOpenRead | K::EvtIsOpenWrite | K::EvtIsOpenExec | K::EvtIsOpenCreate => {
                self.open_property(known)
            }
            K::EvtArg => self.argument(field.arg.as_deref().unwrap_or_default(), out),
            K::EvtRawarg => self.raw_argument(field.arg.as_deref().unwrap_or_default()),
            K::EvtAbspath => self.absolute_path(field.arg.as_deref().unwrap_or_default()),
            K::EvtPath => self.path(),
            K::EvtArgs | K::EvtInfo => self.all_arguments(out),
            known => time_field(known, event.time, out).unwrap_or(Fetch::Absent),
        }
    }
}

impl FieldSource for EventView<'_> {
    fn kind(&self) -> Option<Kind> {
        Some(self.event.kind())
    }

    fn fetch<'s>(&'s self, field: &Field, buffer: &mut Vec<u8>) -> Fetch<'s> {
        let Some(known) = field.known else { return Fetch::Absent };
        match known.as_str().as_bytes() {
            [b'p', b'r', ..] | [b't', b'h', ..] | [b'u', ..] | [b'g', ..] | [b'c', ..] => {
                self.process_field(field, known, buffer)
            }
            [b'f', b'd', ..] => self.fd_field(known, buffer),
            [b'f', b's', ..] => self.path_field(known),
            _ => self.event_field(field, known, buffer),
        }
    }

    fn each(&self, field: &Field, buffer: &mut Vec<u8>, visit: &mut dyn FnMut(Value<'_>) -> bool) {
        match field.known {
            Some(Known::EvtType | Known::SyscallType) => {
                let _ = type_names_of(self.event).iter().any(|name| visit((*name).into()));
            }
            Some(Known::FdIp | Known::FdNet | Known::FdPort) => self.each_address(field.known, visit),
            Some(known) => self.each_ancestor(known, buffer, visit),
            None => {}
        }
    }
}

/// Falco asks what the descriptor is; only these calls of ours have one or would have made one.
const fn counts_as(known: Known, kind: Kind) -> bool {
    let is_file = matches!(kind, Kind::FileOpen);
    let is_net = matches!(kind, Kind::NetConnect | Kind::NetAccept | Kind::NetBind | Kind::NetListen);
    match known {
        Known::EvtCountErrorFile => is_file,
        Known::EvtCountErrorNet => is_net,
        Known::EvtCountErrorOther => !is_file && !is_net,
        _ => true,
    }
}

#[cfg(test)]
mod tests;
