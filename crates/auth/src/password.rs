//! Local passwords: Argon2id, a generated one-time password, and what a chosen one must be.

use std::sync::OnceLock;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::SaltString,
};
use rand::RngCore;
use zeroize::Zeroizing;

/// Shortest accepted password, in characters.
pub const MIN_CHARS: usize = 12;
/// Longest accepted password, in bytes: hashing reads all of it.
pub const MAX_BYTES: usize = 256;
/// Fewest different characters.
const MIN_DIFFERENT: usize = 5;

/// OWASP's parameters for Argon2id, in KiB and passes. A stored hash keeps the ones it was made with.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const SALT_BYTES: usize = 16;

/// Letters and digits that nobody takes for each other: 5 bits each.
const READABLE: &[u8; 32] = b"23456789abcdefghjkmnpqrstuvwxyzA";
const GROUPS: usize = 5;
const GROUP_CHARS: usize = 4;

/// Why a password is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Too few characters.
    #[error("a password has at least {MIN_CHARS} characters")]
    Short,
    /// Too many bytes.
    #[error("a password has at most {MAX_BYTES} bytes")]
    Long,
    /// The same few characters again and again.
    #[error("a password has at least {MIN_DIFFERENT} different characters")]
    Monotonous,
    /// The sign-in name is in it.
    #[error("a password does not contain the user's name")]
    ContainsName,
}

/// A password could not be hashed: a fault of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("hashing a password failed: {0}")]
pub struct HashError(String);

/// Whether somebody named `name` may choose this password.
pub fn check(password: &str, name: &str) -> Result<(), Weak> {
    if password.len() > MAX_BYTES {
        return Err(Weak::Long);
    }
    if password.chars().count() < MIN_CHARS {
        return Err(Weak::Short);
    }
    let different: std::collections::BTreeSet<char> = password.chars().collect();
    if different.len() < MIN_DIFFERENT {
        return Err(Weak::Monotonous);
    }
    if name.len() >= 4 && password.to_lowercase().contains(&name.to_lowercase()) {
        return Err(Weak::ContainsName);
    }
    Ok(())
}

/// A password to be shown once: 100 random bits in groups that can be read aloud.
pub fn generate(rng: &mut (impl RngCore + ?Sized)) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(GROUPS * (GROUP_CHARS + 1)));
    for group in 0..GROUPS {
        if group > 0 {
            text.push('-');
        }
        for _ in 0..GROUP_CHARS {
            // The low five bits of a random word: all 32 characters are equally likely.
            text.push(char::from(READABLE[(rng.next_u32() & 31) as usize]));
        }
    }
    text
}

/// Hashes a password, in PHC form. Takes memory and time on purpose: call it off the async threads.
pub fn hash(password: &str, rng: &mut (impl RngCore + ?Sized)) -> Result<String, HashError> {
    let mut salt = [0; SALT_BYTES];
    rng.fill_bytes(&mut salt);
    hash_with(password, &salt)
}

/// Whether `password` is the one that was hashed. With `None` (nobody has that name) it takes as
/// long and is false, so that names can't be told by the time an answer takes.
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let nobody = || NOBODY.get_or_init(|| hash_with("", &[0; SALT_BYTES]).unwrap_or_default()).as_str();
    let is_same = PasswordHash::new(hash.unwrap_or_else(nobody))
        .is_ok_and(|parsed| argon2().verify_password(password.as_bytes(), &parsed).is_ok());
    is_same && hash.is_some()
}

fn hash_with(password: &str, salt: &[u8]) -> Result<String, HashError> {
    let wrong = |e: argon2::password_hash::Error| HashError(e.to_string());
    let salt = SaltString::encode_b64(salt).map_err(wrong)?;
    Ok(argon2().hash_password(password.as_bytes(), &salt).map_err(wrong)?.to_string())
}

fn argon2() -> Argon2<'static> {
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let mut rng = StdRng::seed_from_u64(1);
        let first = hash("correct horse battery", &mut rng).unwrap();
        assert!(first.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{first}");
        assert_ne!(first, hash("correct horse battery", &mut rng).unwrap(), "salted");
        assert!(verify("correct horse battery", Some(&first)));
        assert!(!verify("correct horse batterz", Some(&first)));
        assert!(!verify("", None) && !verify("correct horse battery", None));
        assert!(!verify("x", Some("not a hash")));
    }

    #[test]
    fn a_generated_password_is_readable_unlike_any_other_and_accepted() {
        let mut rng = StdRng::seed_from_u64(2);
        let all: BTreeSet<String> = (0..100).map(|_| generate(&mut rng).to_string()).collect();
        assert_eq!(all.len(), 100);
        for password in &all {
            assert_eq!(password.len(), GROUPS * GROUP_CHARS + GROUPS - 1);
            assert_eq!(check(password, "admin"), Ok(()), "{password}");
        }
        let bits = GROUPS * GROUP_CHARS * 5;
        assert!(bits >= 96);
        assert_eq!(READABLE.iter().collect::<BTreeSet<_>>().len(), 32);
    }

    #[test]
    fn a_weak_password_is_told_why() {
        assert_eq!(check("short", "ann"), Err(Weak::Short));
        assert_eq!(check("äöüäöüäöüäö", "ann"), Err(Weak::Short), "characters count, not bytes");
        assert_eq!(check(&"x1".repeat(8), "ann"), Err(Weak::Monotonous));
        assert_eq!(check("my name is Robert", "robert"), Err(Weak::ContainsName));
        assert_eq!(check(&"abcdefgh".repeat(40), "ann"), Err(Weak::Long));
        assert_eq!(check("tea with lemon", "ann"), Ok(()));
    }
}
