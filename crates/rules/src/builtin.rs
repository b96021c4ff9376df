//! The detections that ship with Vedetta.

include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The built-in rule files: path below `rules/`, and text. Sorted by path.
pub fn builtin() -> &'static [(&'static str, &'static str)] {
    BUILTIN
}

#[cfg(test)]
mod tests;
