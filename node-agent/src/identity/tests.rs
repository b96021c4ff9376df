use std::os::unix::fs::PermissionsExt;

use rand::{SeedableRng, rngs::StdRng};

use super::*;

#[test]
fn the_key_is_made_once_and_only_its_owner_can_read_it() {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(&dir.path().join("state")).unwrap();
    let key = state.key().unwrap();
    assert_eq!(state.key().unwrap().key_sha256(), key.key_sha256());
    let mode = |path: PathBuf| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(dir.path().join("state/key.pem")), 0o600);
    assert_eq!(mode(dir.path().join("state")), 0o700);
}

#[test]
fn a_damaged_identity_is_told_with_its_file_and_the_next_step() {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path()).unwrap();
    assert!(state.identity().unwrap().is_none());
    std::fs::write(dir.path().join("identity.json"), "{").unwrap();
    let error = state.identity().unwrap_err().to_string();
    assert!(error.contains("identity.json") && error.contains("enroll again"), "{error}");
}

#[test]
fn a_machine_without_an_id_gets_one_and_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(&dir.path().join("state")).unwrap();
    let mut rng = StdRng::seed_from_u64(1);
    let etc = dir.path().join("machine-id");
    let made = state.machine_id(&etc, &mut rng).unwrap();
    assert_eq!(made.len(), 32);
    std::fs::write(&etc, "uninitialized\n").unwrap();
    assert_eq!(state.machine_id(&etc, &mut rng).unwrap(), made);
    std::fs::write(&etc, "0123456789abcdef0123456789abcdef\n").unwrap();
    assert_eq!(state.machine_id(&etc, &mut rng).unwrap(), "0123456789abcdef0123456789abcdef");
}
