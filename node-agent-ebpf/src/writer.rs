//! Building a record in the processor's scratch buffer, and sending it.
//!
//! Positions are masked before each write: the verifier then knows that whatever follows stays
//! inside the buffer. The mask is written in assembler, because the compiler would prove it useless
//! and remove it.

use core::{ffi::c_void, mem::size_of};

use aya_ebpf::helpers::generated::{
    bpf_get_smp_processor_id, bpf_ktime_get_ns, bpf_probe_read_kernel, bpf_probe_read_kernel_str,
    bpf_probe_read_user, bpf_probe_read_user_str, bpf_ringbuf_output, bpf_ringbuf_query,
};
use vedetta_node_agent_common::{
    Header, Hook, Record, Segment, Slot,
    hook::{Lost, loss_slot},
    offsets::DENTRY_SHORT,
    record::{TAIL_LIMIT, TEXT, TRUNCATED},
};

use crate::{
    kernel::{Ptr, WAKE_MARK, field, global},
    maps::{LOST, RINGS, SCRATCH, Scratch},
};

const NO_WAKEUP: u64 = 1;
const FORCE_WAKEUP: u64 = 2;
const AVAILABLE: u64 = 0;
/// What the ring adds to each record.
const RING_HEADER: u64 = 8;

/// A record under construction.
#[derive(Clone, Copy)]
pub struct Writer {
    scratch: *mut Scratch,
}

/// Keeps the low bits that `MASK` has, and hides from the compiler that it did.
macro_rules! masked {
    ($value:expr, $mask:literal) => {{
        let mut value: u64 = $value;
        unsafe { core::arch::asm!(concat!("{0} &= ", $mask), inout(reg) value, options(pure, nomem, nostack)) };
        value
    }};
}
pub(crate) use masked;

/// Stores a word wherever `place` is. The compiler would store the bytes one by one.
#[inline(always)]
unsafe fn store(place: *mut u8, word: u64) {
    unsafe { core::arch::asm!("*(u64 *)({0} + 0) = {1}", in(reg) place, in(reg) word) };
}

impl Writer {
    /// The place at `pos`: always inside the buffer.
    #[inline(always)]
    fn place(&self, pos: u64) -> *mut u8 {
        let pos = masked!(pos, "0x1fff") as usize;
        unsafe { (&raw mut (*self.scratch).data).cast::<u8>().add(pos) }
    }

    /// Where the next byte goes.
    #[inline(always)]
    pub fn position(&self) -> u64 {
        unsafe { (&raw const (*self.scratch).pos).read_volatile() }
    }

    #[inline(always)]
    fn advance(&self, by: u64) {
        unsafe { (&raw mut (*self.scratch).pos).write_volatile(self.position() + by) }
    }

    /// Marks the record as cut.
    #[inline(always)]
    pub fn cut(&self) {
        unsafe { (&raw mut (*self.scratch).truncated).write_volatile(1) }
    }

    /// Remembers the name written last as the one nearest to the root so far; 0 forgets all.
    #[inline(always)]
    pub fn push_top(&self, at: u64) {
        unsafe {
            let top = (&raw mut (*self.scratch).top).cast::<u64>();
            top.add(1).write_volatile(if at == 0 { 0 } else { top.read_volatile() });
            top.write_volatile(at);
        }
    }

    /// The positions of the two names nearest to the root; 0 for none.
    #[inline(always)]
    pub fn top(&self) -> (u64, u64) {
        unsafe {
            let top = (&raw const (*self.scratch).top).cast::<u64>();
            (top.read_volatile(), top.add(1).read_volatile())
        }
    }

    /// Whether there is no more room. The record is marked then.
    #[inline(always)]
    fn is_full(&self) -> bool {
        let full = self.position() > TAIL_LIMIT as u64;
        if full {
            self.cut();
        }
        full
    }

    /// Adds the fixed part, which must come first: then it is aligned.
    #[inline(always)]
    pub fn body<T: Record>(&self, body: &T) {
        let place = self.place(self.position()).cast::<T>();
        unsafe { place.write(*body) };
        self.advance(size_of::<T>() as u64);
    }

    /// Begins a segment and gives its position, 0 when there is no room; its length is written by
    /// [`Self::close`].
    #[inline(always)]
    pub fn open(&self) -> u64 {
        if self.is_full() {
            return 0;
        }
        let start = self.position();
        self.advance(size_of::<Segment>() as u64);
        start
    }

    /// Ends the segment that began at `start`.
    #[inline(always)]
    pub fn close(&self, start: u64, slot: Slot, form: u8) {
        if start == 0 {
            return;
        }
        let len = self.position().wrapping_sub(start).wrapping_sub(size_of::<Segment>() as u64) as u16;
        let place = self.place(start);
        unsafe {
            place.write(slot as u8);
            place.add(1).write(form);
            place.add(2).write(len as u8);
            place.add(3).write((len >> 8) as u8);
        }
    }

    /// Adds a text of the kernel's that ends with a zero.
    #[inline(always)]
    pub fn kernel_text(&self, address: u64, slot: Slot) {
        let start = self.open();
        if start == 0 {
            return;
        }
        let place = self.place(self.position());
        let read = unsafe { bpf_probe_read_kernel_str(place.cast(), 4096, address as *const _) };
        if read > 1 {
            self.advance(masked!(read as u64 - 1, "0xfff"));
        }
        self.close(start, slot, TEXT);
    }

    /// Adds one name of a path: its length, then its bytes. False when there was no room.
    #[inline(always)]
    pub fn name(&self, address: u64, len: u32) -> bool {
        if self.is_full() {
            return false;
        }
        let len = masked!(u64::from(len), "0xff");
        let place = self.place(self.position());
        unsafe {
            place.write(len as u8);
            if bpf_probe_read_kernel(place.add(1).cast(), len as u32, address as *const _) != 0 {
                place.write(0);
                self.advance(1);
                return false;
            }
        }
        self.advance(1 + len);
        true
    }

    /// Adds one name of a path that has been read already. Bytes beyond its end may be written too;
    /// the next part overwrites them.
    #[inline(always)]
    pub fn short_name(&self, words: &[u64; DENTRY_SHORT / 8], len: u32) -> bool {
        if self.is_full() {
            return false;
        }
        let len = masked!(u64::from(len), "0x1f");
        let place = self.place(self.position());
        unsafe {
            place.write(len as u8);
            store(place.add(1), words[0]);
            store(place.add(9), words[1]);
            store(place.add(17), words[2]);
            store(place.add(25), words[3]);
        }
        self.advance(1 + len);
        true
    }

    /// Adds a text that the program wrote, up to its zero. Gives its first byte: 0 when it is empty
    /// or cannot be read.
    #[inline(always)]
    pub fn user_text(&self, address: u64, slot: Slot) -> u8 {
        if self.is_full() {
            return 0;
        }
        let start = self.open();
        let place = self.place(self.position());
        let read = unsafe { bpf_probe_read_user_str(place.cast(), 4096, address as *const _) };
        if read <= 1 {
            self.close(start, slot, TEXT);
            return 0;
        }
        // The count includes the closing zero.
        self.advance(masked!(read as u64 - 1, "0xfff"));
        self.close(start, slot, TEXT);
        unsafe { *place }
    }

    /// Adds `len` bytes of the program's memory, at most 4095.
    #[inline(always)]
    pub fn user_bytes(&self, address: u64, len: u64, slot: Slot) {
        if self.is_full() || len == 0 {
            return;
        }
        let wanted = if len > 4095 {
            self.cut();
            4095
        } else {
            len
        };
        let wanted = masked!(wanted, "0xfff");
        let start = self.open();
        let place = self.place(self.position());
        if unsafe { bpf_probe_read_user(place.cast(), wanted as u32, address as *const _) } == 0 {
            self.advance(wanted);
        }
        self.close(start, slot, TEXT);
    }

    /// Adds `len` bytes of the kernel's memory, at most 255.
    #[inline(always)]
    pub fn kernel_bytes(&self, address: u64, len: u64, slot: Slot) {
        if self.is_full() {
            return;
        }
        let start = self.open();
        let place = self.place(self.position());
        let len = masked!(len, "0xff");
        if unsafe { bpf_probe_read_kernel(place.cast(), len as u32, address as *const _) } == 0 {
            self.advance(len);
        }
        self.close(start, slot, TEXT);
    }

    /// Adds one name that `read` copies with its closing zero, giving the count. False when it is
    /// empty or there was no room.
    #[inline(always)]
    pub fn name_until_zero(&self, read: impl FnOnce(*mut u8) -> i64) -> bool {
        if self.is_full() {
            return false;
        }
        let place = self.place(self.position());
        let count = read(unsafe { place.add(1) });
        if count <= 1 {
            return false;
        }
        let len = masked!(count as u64 - 1, "0xff");
        unsafe { place.write(len as u8) };
        self.advance(1 + len);
        true
    }

    /// Eight bytes that were written at `pos`.
    #[inline(always)]
    pub fn word_at(&self, pos: u64) -> u64 {
        let place = self.place(pos);
        let word: u64;
        unsafe { core::arch::asm!("{0} = *(u64 *)({1} + 0)", out(reg) word, in(reg) place) };
        word
    }

    /// A byte that was written at `pos`.
    #[inline(always)]
    pub fn byte_at(&self, pos: u64) -> u8 {
        unsafe { *self.place(pos) }
    }
}

/// Builds a record for `task` and sends it, unless `build` gives false.
#[inline(always)]
pub fn record(hook: Hook, call: u8, task: Ptr, result: i64, build: impl FnOnce(&Writer) -> bool) {
    let Some(scratch) = SCRATCH.get_ptr_mut(0) else { return };
    unsafe {
        if (*scratch).busy != 0 {
            return count(hook, Lost::Unread);
        }
        (*scratch).busy = 1;
        (&raw mut (*scratch).pos).write_volatile(size_of::<Header>() as u64);
        (&raw mut (*scratch).truncated).write_volatile(0);
        let writer = Writer { scratch };
        if build(&writer) {
            send(hook, call, task, result, &writer);
        }
        (*scratch).busy = 0;
    }
}

/// Writes the header and hands the record to the ring.
#[inline(always)]
unsafe fn send(hook: Hook, call: u8, task: Ptr, result: i64, writer: &Writer) {
    let scratch = writer.scratch;
    let leader = field!(task, task_leader: Ptr);
    let cred = field!(task, task_cred: Ptr);
    let cpu = unsafe { bpf_get_smp_processor_id() };
    let header = unsafe { &mut *(&raw mut (*scratch).data).cast::<Header>() };
    header.time = unsafe { bpf_ktime_get_ns() };
    header.start = field!(leader, task_start: u64);
    header.tgid = field!(task, task_tgid: u32);
    header.tid = field!(task, task_pid: u32);
    header.result = result;
    header.uid = field!(cred, cred_uid: u32);
    header.euid = field!(cred, cred_euid: u32);
    header.gid = field!(cred, cred_gid: u32);
    header.egid = field!(cred, cred_egid: u32);
    header.hook = hook as u8;
    header.call = call;
    header.flags =
        if unsafe { (&raw const (*scratch).truncated).read_volatile() } != 0 { TRUNCATED } else { 0 };
    header.exec_id = field!(task, task_exec_id: u32);
    header.cpu = cpu;
    header.reserved = 0;

    let Some(ring) = RINGS.get(cpu) else { return count(hook, Lost::RingFull) };
    let ring = core::ptr::from_ref(ring).cast_mut().cast::<c_void>();
    let len = masked!(writer.position(), "0x3fff");
    let waiting = unsafe { bpf_ringbuf_query(ring, AVAILABLE) };
    let mark = u64::from(global!(WAKE_MARK));
    // Wake once, by the record that crosses the mark; otherwise the agent comes by on its own.
    let flags = if waiting < mark && waiting + len + RING_HEADER >= mark { FORCE_WAKEUP } else { NO_WAKEUP };
    let data = unsafe { (&raw mut (*scratch).data).cast() };
    if unsafe { bpf_ringbuf_output(ring, data, len, flags) } != 0 {
        count(hook, Lost::RingFull);
    }
}

/// Counts a lost record.
#[inline(always)]
pub fn count(hook: Hook, lost: Lost) {
    if let Some(counter) = LOST.get_ptr_mut(loss_slot(hook, lost)) {
        unsafe { *counter += 1 };
    }
}
