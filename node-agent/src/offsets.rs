//! Where fields lie in this kernel's structures, read from its BTF.
//!
//! The programs are compiled once and carry no layout of their own; see
//! `vedetta_node_agent_common::offsets` for the list and its little path language.

use btf_rs::{Btf, Type};
use vedetta_node_agent_common::offsets::{
    DENTRY_NAME_AFTER_PARENT, DENTRY_SHORT_AFTER_PARENT, FIELDS, MISSING, MOUNT_STEP, Offsets,
};

/// Where the kernel publishes its types.
pub const VMLINUX: &str = "/sys/kernel/btf/vmlinux";

/// The kernel's types do not answer.
#[derive(Debug, thiserror::Error)]
pub enum OffsetsError {
    /// The file cannot be read or is no BTF.
    #[error(
        "cannot read the kernel's types from {VMLINUX}: {reason}; the kernel needs CONFIG_DEBUG_INFO_BTF"
    )]
    Unreadable {
        /// What the parser said.
        reason: String,
    },
    /// A field that the programs need is not there.
    #[error("this kernel has no `{path}`; the agent does not know its layout yet")]
    NoField {
        /// The field.
        path: &'static str,
    },
    /// Fields that the programs read in one go are not neighbours.
    #[error("this kernel lays out `{what}` in a way that the agent does not know yet")]
    Layout {
        /// The structure.
        what: &'static str,
    },
}

/// Reads the offsets of the running kernel.
pub fn of_this_kernel() -> Result<Offsets, OffsetsError> {
    let btf =
        Btf::from_file(VMLINUX).map_err(|error| OffsetsError::Unreadable { reason: error.to_string() })?;
    resolve(&btf)
}

fn resolve(btf: &Btf) -> Result<Offsets, OffsetsError> {
    let mut values = [0; FIELDS.len()];
    for (value, &path) in values.iter_mut().zip(FIELDS) {
        let (alternatives, optional) = match path.strip_suffix('?') {
            Some(path) => (path, true),
            None => (path, false),
        };
        *value = match alternatives.split('|').find_map(|path| field(btf, path)) {
            Some(offset) => offset,
            None if optional => MISSING,
            None => return Err(OffsetsError::NoField { path }),
        };
    }
    let offsets = Offsets::from_array(values);
    if offsets.dentry_name != offsets.dentry_parent + DENTRY_NAME_AFTER_PARENT
        || offsets.dentry_short != offsets.dentry_parent + DENTRY_SHORT_AFTER_PARENT
        || field(btf, "qstr.len") != Some(4)
        || field(btf, "qstr.name") != Some(8)
    {
        return Err(OffsetsError::Layout { what: "struct dentry" });
    }
    if offsets.mount_mountpoint != offsets.mount_parent + MOUNT_STEP
        || offsets.mount_mnt != offsets.mount_mountpoint + MOUNT_STEP
        || field(btf, "vfsmount.mnt_root") != Some(0)
    {
        return Err(OffsetsError::Layout { what: "struct mount" });
    }
    if field(btf, "path.mnt") != Some(0) || field(btf, "path.dentry") != Some(8) {
        return Err(OffsetsError::Layout { what: "struct path" });
    }
    Ok(offsets)
}

/// The offset of `struct.member.member…` in bytes.
fn field(btf: &Btf, path: &str) -> Option<u32> {
    let mut parts = path.split('.');
    let mut ty = btf.resolve_types_by_name(parts.next()?).ok()?.into_iter().find(is_aggregate)?;
    let mut offset = 0;
    for part in parts {
        let (name, index) = match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((name, constant)) => (name, enumerator(btf, constant)?),
            None => (part, 0),
        };
        let (at, found) = member(btf, &ty, name)?;
        // Only arrays of pointers are indexed.
        offset += at + index * 8;
        ty = found;
    }
    Some(offset)
}

fn is_aggregate(ty: &Type) -> bool {
    matches!(ty, Type::Struct(_) | Type::Union(_))
}

/// A member by name, also inside unnamed structs and unions.
fn member(btf: &Btf, ty: &Type, name: &str) -> Option<(u32, Type)> {
    let (Type::Struct(aggregate) | Type::Union(aggregate)) = ty else { return None };
    for member_ in &aggregate.members {
        let at = member_.bit_offset() / 8;
        let inner = || plain(btf, btf.resolve_chained_type(member_).ok()?);
        match btf.resolve_name(member_) {
            Ok(found) if found == name => return Some((at, inner()?)),
            Ok(found) if found.is_empty() => {
                if let Some((deeper, ty)) = inner().and_then(|inner| member(btf, &inner, name)) {
                    return Some((at + deeper, ty));
                }
            }
            _ => {}
        }
    }
    None
}

/// The type behind names and qualifiers.
fn plain(btf: &Btf, mut ty: Type) -> Option<Type> {
    loop {
        ty = match &ty {
            Type::Typedef(it) => btf.resolve_chained_type(it).ok()?,
            Type::Const(it) | Type::Volatile(it) | Type::Restrict(it) => btf.resolve_chained_type(it).ok()?,
            Type::TypeTag(it) => btf.resolve_chained_type(it).ok()?,
            _ => return Some(ty),
        };
    }
}

/// The value of an enum's constant. Names of constants are not indexed, so the enums that are
/// asked for are named here.
fn enumerator(btf: &Btf, constant: &str) -> Option<u32> {
    ["cgroup_subsys_id", "pid_type"].into_iter().find_map(|name| {
        btf.resolve_types_by_name(name).ok()?.into_iter().find_map(|ty| match ty {
            Type::Enum(it) => it
                .members
                .iter()
                .find(|member| btf.resolve_name(*member).is_ok_and(|found| found == constant))
                .map(btf_rs::EnumMember::val),
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_kernel_has_every_field_the_programs_read() {
        let offsets = of_this_kernel().unwrap();
        assert_ne!(offsets.task_tgid, offsets.task_pid);
        assert_eq!(offsets.regs_nr % 8, 0);
        assert_ne!(offsets.signal_sid, offsets.signal_pgid);
    }
}
