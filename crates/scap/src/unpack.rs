//! Unpacking, with a bound.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::Error;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The capture's bytes: as they are, or unpacked when they are gzip. The second value is the error
/// that cut the unpacking short, if one did: what was unpacked before it is there.
pub(crate) fn unpack(bytes: &[u8], limit: usize) -> Result<(Cow<'_, [u8]>, Option<Error>), Error> {
    if !bytes.starts_with(&GZIP) {
        return if bytes.len() > limit {
            Err(Error::TooLarge { limit })
        } else {
            Ok((Cow::Borrowed(bytes), None))
        };
    }
    let mut out = Vec::new();
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let cut = match MultiGzDecoder::new(bytes).take(bound).read_to_end(&mut out) {
        Ok(_) => None,
        Err(error) => Some(Error::Packed { what: error.to_string() }),
    };
    if out.len() > limit {
        return Err(Error::TooLarge { limit });
    }
    match cut {
        Some(error) if out.is_empty() => Err(error),
        cut => Ok((Cow::Owned(out), cut)),
    }
}
