//! Bodies through zstd. To set up its state takes as long as a small body, so each thread keeps one of each.

use std::{cell::RefCell, io};

use zstd::bulk::{Compressor, Decompressor};

/// Fast, and close to what higher levels reach on events.
const LEVEL: i32 = 1;

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// One frame.
pub fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    with(&COMPRESSOR, || Compressor::new(LEVEL), |compressor| compressor.compress(bytes))
}

/// What is in the frames; an error when that is more than `most` bytes.
pub fn decompress(frames: &[u8], most: usize) -> io::Result<Vec<u8>> {
    with(&DECOMPRESSOR, Decompressor::new, |decompressor| decompressor.decompress(frames, most))
}

/// The thread's own, made on first use. One that failed is not used again.
fn with<S, T>(
    kept: &'static std::thread::LocalKey<RefCell<Option<S>>>,
    make: impl FnOnce() -> io::Result<S>,
    work: impl FnOnce(&mut S) -> io::Result<T>,
) -> io::Result<T> {
    kept.with_borrow_mut(|kept| {
        let mut state = match kept.take() {
            Some(state) => state,
            None => make()?,
        };
        let done = work(&mut state)?;
        *kept = Some(state);
        Ok(done)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_that_is_refused_leaves_the_next_alone() {
        let frame = compress(&[7; 5000]).unwrap();
        assert!(decompress(&frame, 4999).is_err(), "more than was asked for");
        assert!(decompress(&frame[..frame.len() - 1], 5000).is_err());
        assert_eq!(decompress(&frame, 5000).unwrap(), [7; 5000]);
        assert_eq!(compress(&[7; 5000]).unwrap(), frame);
    }
}
