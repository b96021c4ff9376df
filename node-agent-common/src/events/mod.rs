//! The fixed part of each family's records; the segments that may follow are listed with it.

mod attributes;
mod bpf;
mod exec;
mod exit;
mod fork;
mod module;
mod mount;
mod names;
mod namespace;
mod open;
mod ptrace;
mod setid;
mod socket;

pub use attributes::Attributes;
pub use bpf::Bpf;
pub use exec::Exec;
pub use exit::Exit;
pub use fork::Fork;
pub use module::Module;
pub use mount::Mount;
pub use names::Names;
pub use namespace::Namespace;
pub use open::Open;
pub use ptrace::Ptrace;
pub use setid::SetId;
pub use socket::Socket;

/// Declares one family's body: `repr(C)`, integers only, size asserted.
macro_rules! body {
    ($(#[$doc:meta])* $name:ident, $size:literal { $($(#[$field_doc:meta])* $field:ident: $ty:ty,)* }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $ty,)* }

        // SAFETY: integers only; the sizes of the fields add up to the size of the struct.
        unsafe impl crate::record::Record for $name {}
        const _: () = assert!(size_of::<$name>() == $size && $size == 0 $(+ size_of::<$ty>())*);
    };
}
use body;
