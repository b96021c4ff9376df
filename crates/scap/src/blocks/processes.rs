//! The list of processes and threads at the capture's start.

use super::Block;
use crate::Error;
use crate::cursor::Cursor;

/// A thread as the capture lists it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Listed<'c> {
    pub(crate) tid: i64,
    pub(crate) pid: i64,
    pub(crate) ptid: i64,
    pub(crate) sid: i64,
    pub(crate) vpgid: i64,
    pub(crate) comm: &'c [u8],
    pub(crate) exe: &'c [u8],
    pub(crate) exepath: &'c [u8],
    pub(crate) args: &'c [u8],
    pub(crate) cwd: &'c [u8],
    pub(crate) fdlimit: i64,
    pub(crate) flags: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) vmsize: u32,
    pub(crate) vmrss: u32,
    pub(crate) vmswap: u32,
    pub(crate) pfmajor: u64,
    pub(crate) pfminor: u64,
    pub(crate) env: &'c [u8],
    pub(crate) vtid: i64,
    pub(crate) vpid: i64,
    pub(crate) cgroups: &'c [u8],
    pub(crate) loginuid: i32,
}

/// Reads the list; `visit` gets each thread.
pub(crate) fn read<'c>(
    block: &Block<'c>,
    version: u8,
    mut visit: impl FnMut(Listed<'c>),
) -> Result<(), Error> {
    let mut body = Cursor::new(block.body);
    // Less than four bytes are padding.
    while body.left() >= 4 {
        let entry = if version >= 9 {
            body.entry(true).and_then(|mut entry| one(&mut entry, version))
        } else {
            one(&mut body, version)
        };
        visit(entry.ok_or_else(|| block.damaged("an entry of the process list ends too soon"))?);
    }
    Ok(())
}

fn one<'c>(from: &mut Cursor<'c>, version: u8) -> Option<Listed<'c>> {
    let mut listed = Listed {
        tid: from.i64()?,
        pid: from.i64()?,
        ptid: from.i64()?,
        sid: -1,
        vpgid: -1,
        ..Listed::default()
    };
    if version >= 6 {
        listed.sid = from.i64()?;
    }
    if version >= 8 {
        listed.vpgid = from.i64()?;
    }
    listed.comm = from.counted()?;
    listed.exe = from.counted()?;
    if version >= 7 {
        listed.exepath = from.counted()?;
    }
    listed.args = from.counted()?;
    listed.cwd = from.counted()?;
    listed.fdlimit = from.i64()?;
    listed.flags = from.u32()?;
    listed.uid = from.u32()?;
    listed.gid = from.u32()?;
    if version >= 2 {
        (listed.vmsize, listed.vmrss, listed.vmswap) = (from.u32()?, from.u32()?, from.u32()?);
        (listed.pfmajor, listed.pfminor) = (from.u64()?, from.u64()?);
    }
    if version >= 3 {
        listed.env = from.counted()?;
    }
    (listed.vtid, listed.vpid) = (-1, -1);
    if version >= 4 {
        (listed.vtid, listed.vpid) = (from.i64()?, from.i64()?);
        listed.cgroups = from.counted()?;
    }
    if version >= 5 {
        from.counted()?;
    }
    listed.loginuid = -1;
    if version >= 9 && from.left() >= 4 {
        listed.loginuid = from.i32()?;
    }
    Some(listed)
}
