//! The secret form of an enrollment token: easy to copy whole, and a copying mistake shows before
//! anybody is asked.
//!
//! ```text
//!   vde_ 7Hk2…27 characters…  x9Qp0a
//!   │    │                    └ checksum: CRC-32 of all before it, base 62
//!   │    └ 20 random bytes, base 62
//!   └ tells scanners for leaked secrets what it is
//! ```

use rand::RngCore;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

const PREFIX: &str = "vde_";
const RANDOM_BYTES: usize = 20;
/// Digits that 20 bytes need in base 62.
const RANDOM_DIGITS: usize = 27;
/// Digits that a CRC-32 needs in base 62.
const CHECK_DIGITS: usize = 6;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A text is no enrollment token: it was cut, changed, or is something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an enrollment token: expected vde_ and 33 letters and digits; copy it again, whole")]
pub struct MalformedToken;

/// An enrollment token's secret. Printed once, then only its hash is kept.
#[derive(Clone)]
pub struct EnrollmentSecret(Zeroizing<String>);

impl std::fmt::Debug for EnrollmentSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EnrollmentSecret")
    }
}

impl EnrollmentSecret {
    /// Draws a new one.
    pub fn generate(rng: &mut (impl RngCore + ?Sized)) -> Self {
        let mut random = Zeroizing::new([0; RANDOM_BYTES]);
        rng.fill_bytes(&mut *random);
        let mut text = Zeroizing::new(format!("{PREFIX}{}", base62(&*random, RANDOM_DIGITS)));
        let check = checksum(&text);
        text.push_str(&check);
        Self(text)
    }

    /// Reads one as somebody pasted it. Whether it is known anywhere is another question.
    pub fn parse(text: &str) -> Result<Self, MalformedToken> {
        let text = text.trim();
        let digits = text.strip_prefix(PREFIX).ok_or(MalformedToken)?;
        if digits.len() != RANDOM_DIGITS + CHECK_DIGITS || !digits.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return Err(MalformedToken);
        }
        let (body, check) = text.split_at(text.len() - CHECK_DIGITS);
        if checksum(body) != check {
            return Err(MalformedToken);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// The text to show to the person who asked for it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// SHA-256, hexadecimal: what is kept. The secret is random and long, so a plain hash is enough.
    pub fn sha256(&self) -> String {
        hex::encode(Sha256::digest(self.0.as_bytes()))
    }

    /// Whether a kept hash is this secret's; takes as long for every wrong one.
    pub fn matches(&self, sha256: &str) -> bool {
        self.sha256().as_bytes().ct_eq(sha256.as_bytes()).into()
    }
}

fn checksum(text: &str) -> String {
    base62(&crc32fast::hash(text.as_bytes()).to_be_bytes(), CHECK_DIGITS)
}

/// A big-endian number in base 62, with leading zeros.
fn base62(bytes: &[u8], digits: usize) -> String {
    let mut number = Zeroizing::new(bytes.to_vec());
    let mut text = vec![b'0'; digits];
    for digit in text.iter_mut().rev() {
        let mut remainder = 0_u32;
        for byte in number.iter_mut() {
            let value = remainder << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        *digit = DIGITS[remainder as usize];
    }
    text.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;

    #[test]
    fn a_token_reads_back_and_has_its_form() {
        let secret = EnrollmentSecret::generate(&mut StdRng::seed_from_u64(1));
        assert_eq!(secret.expose().len(), 4 + 27 + 6);
        let again = EnrollmentSecret::parse(&format!(" {}\n", secret.expose())).unwrap();
        assert_eq!(again.sha256(), secret.sha256());
        assert!(secret.matches(&again.sha256()) && !secret.matches("") && !secret.matches(&"0".repeat(64)));
        assert!(!format!("{secret:?}").contains("vde_"), "secrets stay out of logs");
    }

    #[test]
    fn a_copying_mistake_is_malformed_not_unknown() {
        let secret = EnrollmentSecret::generate(&mut StdRng::seed_from_u64(2));
        let text = secret.expose();
        for position in 0..text.len() {
            let mut changed = text.as_bytes().to_vec();
            changed[position] = if changed[position] == b'x' { b'y' } else { b'x' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(EnrollmentSecret::parse(&changed).unwrap_err(), MalformedToken, "{changed}");
        }
        for wrong in ["", "vde_", &text[1..], &text[..text.len() - 1], "vde_ä", &format!("{text}0")] {
            assert!(EnrollmentSecret::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn base_62_loses_nothing() {
        assert_eq!(base62(&[0xff; RANDOM_BYTES], RANDOM_DIGITS).len(), RANDOM_DIGITS);
        // 62^27 > 2^160: the number is used up before the digits are.
        assert!(base62(&[0xff; RANDOM_BYTES], RANDOM_DIGITS + 1).starts_with('0'));
        assert_eq!(base62(&[0, 61], 2), "0z");
        assert_eq!(base62(&[1, 0], 2), "48");
    }
}
