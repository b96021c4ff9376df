//! The real programs in the real kernel: a child process does something, and the event must come,
//! with the right process, path and result. Needs root and a built BPF object; without them every
//! test here fails with one line that says so.

mod containers;
mod files;
mod loss;
mod network;
mod privileges;
mod processes;
mod watcher;
