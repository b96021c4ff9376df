//! Copies from anything to anything: whole, cut anywhere, refused.

mod differences;
mod interrupted;
mod properties;
mod refusals;
mod servers;
mod support;
