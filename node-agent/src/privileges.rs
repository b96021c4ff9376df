//! Rights that are not needed once the programs are attached.
//!
//! Capabilities belong to a thread: call this while there is only one, and those that it starts
//! later have no more than it kept.

use rustix::thread::{
    CapabilitySet, capabilities, remove_capability_from_bounding_set, set_capabilities, set_no_new_privs,
};

/// What watching the kernel goes on to need: reading its maps, and `/proc` of processes that no
/// fork told of.
pub const WATCHING: CapabilitySet = CapabilitySet::BPF
    .union(CapabilitySet::PERFMON)
    .union(CapabilitySet::DAC_READ_SEARCH)
    .union(CapabilitySet::SYS_PTRACE);

/// What recordings and made-up events need.
pub const NONE: CapabilitySet = CapabilitySet::empty();

/// What writing into another user's folder needs.
pub const FOREIGN_FILES: CapabilitySet = CapabilitySet::DAC_OVERRIDE;

/// Gives up every capability but `keep`, for good. Gives what is left.
pub fn keep_only(keep: CapabilitySet) -> rustix::io::Result<CapabilitySet> {
    set_no_new_privs(true)?;
    let mut held = capabilities(None)?;
    // Without the right to change the bounding set there is nothing to gain from it either: no
    // program that this one could start may have more.
    if held.effective.contains(CapabilitySet::SETPCAP) {
        for capability in CapabilitySet::all().difference(keep).iter() {
            match remove_capability_from_bounding_set(capability) {
                // A kernel that is older than the list does not know the last ones.
                Ok(()) | Err(rustix::io::Errno::INVAL) => {}
                Err(error) => return Err(error),
            }
        }
    }
    held.effective &= keep;
    held.permitted &= keep;
    held.inheritable &= keep;
    set_capabilities(None, held)?;
    Ok(capabilities(None)?.effective)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_up_cannot_be_had_again() {
        // On a thread of its own: rights belong to threads.
        std::thread::spawn(|| {
            let before = capabilities(None).unwrap().effective;
            let kept = keep_only(CapabilitySet::SYS_PTRACE).unwrap();
            assert_eq!(kept, before & CapabilitySet::SYS_PTRACE);
            let mut more = capabilities(None).unwrap();
            more.effective |= CapabilitySet::CHOWN;
            more.permitted |= CapabilitySet::CHOWN;
            assert!(set_capabilities(None, more).is_err());
        })
        .join()
        .unwrap();
    }
}
