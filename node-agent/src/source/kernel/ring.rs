//! Reading one ring in place.
//!
//! ```text
//!   page 0: consumer position (ours)   page 1: producer position   pages 2…: the data, mapped twice
//!                                                                  so that a record never wraps
//! ```
//! Each record has a word before it: its length, and whether it is still being written (then
//! everything behind it waits) or was given up.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    ptr::NonNull,
    sync::atomic::{AtomicU32, AtomicU64, Ordering},
};

use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

const BUSY: u32 = 1 << 31;
const DISCARDED: u32 = 1 << 30;
const HEADER: u64 = 8;
/// The kernel learns at the latest after this many bytes that they are free again.
const PUBLISH: u64 = 32 * 1024;

/// A ring, and how far it has been read.
#[derive(Debug)]
pub struct Ring {
    fd: OwnedFd,
    consumer: NonNull<AtomicU64>,
    producer: NonNull<AtomicU64>,
    data: NonNull<u8>,
    size: u64,
    page: usize,
    /// How far we are, and how far the kernel knows.
    read: u64,
    published: u64,
    /// Length of the record that [`Ring::peek`] showed, with header and filler.
    shown: u64,
}

// SAFETY: the pointers lead to mappings that belong to this value alone; all methods that move the
// position take `&mut self`.
#[expect(unsafe_code, reason = "owns raw mappings")]
unsafe impl Send for Ring {}

impl Ring {
    /// Maps the ring behind `fd`, which holds `size` bytes.
    #[expect(unsafe_code, reason = "maps the kernel's memory")]
    pub fn map(fd: OwnedFd, size: u32) -> io::Result<Self> {
        let page = rustix::param::page_size();
        let both = page + 2 * size as usize;
        // SAFETY: new mappings at addresses of the kernel's choice.
        let (consumer, producer) = unsafe {
            let consumer = mmap(
                std::ptr::null_mut(),
                page,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED,
                &fd,
                0,
            )?;
            let producer =
                mmap(std::ptr::null_mut(), both, ProtFlags::READ, MapFlags::SHARED, &fd, page as u64)
                    .inspect_err(|_| {
                        // A failing unmap of what was just mapped leaves nothing better to do.
                        let _ = munmap(consumer, page);
                    })?;
            (consumer, producer)
        };
        // SAFETY: the data begin one page into the second mapping, which is longer than that.
        let data = unsafe { producer.cast::<u8>().add(page) };
        let non_null = || io::Error::other("the kernel mapped a ring at address 0");
        Ok(Self {
            fd,
            consumer: NonNull::new(consumer.cast()).ok_or_else(non_null)?,
            producer: NonNull::new(producer.cast()).ok_or_else(non_null)?,
            data: NonNull::new(data).ok_or_else(non_null)?,
            size: u64::from(size),
            page,
            read: 0,
            published: 0,
            shown: 0,
        })
    }

    /// The next record, if one is complete. It stays until [`Ring::consume`].
    #[expect(unsafe_code, reason = "reads the kernel's memory")]
    pub fn peek(&mut self) -> Option<&[u8]> {
        // SAFETY: the mapping lives as long as `self`, and the kernel keeps the word aligned.
        let produced = unsafe { self.producer.as_ref() }.load(Ordering::Acquire);
        while self.read < produced {
            let at = (self.read & (self.size - 1)) as usize;
            // SAFETY: `at` is below `size`, and records are aligned to 8 bytes.
            let word = unsafe { self.data.add(at).cast::<AtomicU32>().as_ref() }.load(Ordering::Acquire);
            if word & BUSY != 0 {
                return None;
            }
            let len = u64::from(word & !(BUSY | DISCARDED));
            self.shown = (len + HEADER).next_multiple_of(8);
            if word & DISCARDED != 0 {
                self.consume();
                continue;
            }
            // SAFETY: the data are mapped twice in a row, and no record is longer than the ring, so
            // the record lies inside. The kernel does not touch it until the position moves on,
            // which takes `&mut self`.
            return Some(unsafe {
                std::slice::from_raw_parts(self.data.as_ptr().add(at + HEADER as usize), len as usize)
            });
        }
        None
    }

    /// Moves past the record that was shown.
    pub fn consume(&mut self) {
        self.read += std::mem::take(&mut self.shown);
        if self.read - self.published >= PUBLISH {
            self.publish();
        }
    }

    /// Gives back to the kernel what was read.
    #[expect(unsafe_code, reason = "writes the position the kernel reads")]
    pub fn publish(&mut self) {
        if self.read != self.published {
            // SAFETY: the mapping lives as long as `self`.
            unsafe { self.consumer.as_ref() }.store(self.read, Ordering::Release);
            self.published = self.read;
        }
    }
}

impl AsFd for Ring {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for Ring {
    #[expect(unsafe_code, reason = "unmaps what `map` mapped")]
    fn drop(&mut self) {
        // SAFETY: both mappings were made by `map` with these lengths, and nothing borrows them any more.
        unsafe {
            let _ = munmap(self.consumer.as_ptr().cast(), self.page);
            let _ = munmap(self.producer.as_ptr().cast(), self.page + 2 * self.size as usize);
        }
    }
}
