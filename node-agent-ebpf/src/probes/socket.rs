//! `connect`, `accept`, `bind`, `listen`. Addresses come from the kernel's socket when the call
//! ends; only a call that failed leaves nothing there, and then the caller's `sockaddr` is sent too.

use aya_ebpf::{macros::btf_tracepoint, programs::BtfTracePointContext};
use vedetta_node_agent_common::{Call, Hook, Slot, events::Socket};

use super::{Entered, entered, is};
use crate::{
    kernel::{file_of, offset, peek},
    writer::{Writer, record},
};

const S_IFMT: u16 = 0o170_000;
const S_IFSOCK: u16 = 0o140_000;
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
/// Longest `sockaddr` worth keeping: a Unix one.
const MAX_SOCKADDR: u64 = 110;

#[btf_tracepoint(function = "sys_exit")]
pub fn socket(ctx: BtfTracePointContext) -> i32 {
    if let Some(entered) = entered(&ctx) {
        record(Hook::Socket, entered.call, entered.task, entered.result, |writer| {
            try_socket(writer, &entered)
        });
    }
    0
}

#[inline(always)]
fn try_socket(writer: &Writer, entered: &Entered) -> bool {
    const EAGAIN: i64 = -11;
    let (call, args) = (entered.call, &entered.args);
    let accepts = is(call, Call::Accept);
    if accepts && entered.result == EAGAIN {
        // A server that polls: nothing happened.
        return false;
    }
    let fd = args.a0() as i32;
    let of_interest = if accepts && entered.result >= 0 { entered.result as i32 } else { fd };
    let sock = sock_of(file_of(entered.task, of_interest));

    let mut body = Socket { fd, ..Socket::default() };
    if is(call, Call::Listen) {
        body.backlog = args.a1() as i32;
    }
    if sock != 0 {
        body.family = peek(sock, offset!(sock_family));
        body.protocol = peek::<u16>(sock, offset!(sock_protocol));
    }
    if body.family == AF_INET {
        let local: [u8; 4] = peek(sock, offset!(sock_rcv_saddr));
        let remote: [u8; 4] = peek(sock, offset!(sock_daddr));
        body.local[..4].copy_from_slice(&local);
        body.remote[..4].copy_from_slice(&remote);
    } else if body.family == AF_INET6 && offset!(sock_v6_daddr) != u32::MAX as usize {
        body.local = peek(sock, offset!(sock_v6_rcv_saddr));
        body.remote = peek(sock, offset!(sock_v6_daddr));
    }
    if body.family == AF_INET || body.family == AF_INET6 {
        body.local_port = peek(sock, offset!(sock_num));
        body.remote_port = peek(sock, offset!(sock_dport));
    }
    writer.body(&body);

    if body.family == AF_UNIX && offset!(unix_addr) != u32::MAX as usize {
        unix_name(writer, sock, Slot::Local);
        if is(call, Call::Connect) || accepts {
            unix_name(writer, peek(sock, offset!(unix_peer)), Slot::Remote);
        }
    }
    if entered.result < 0 && (is(call, Call::Connect) || is(call, Call::Bind)) {
        let len = args.a2() as u32 as u64;
        writer.user_bytes(args.a1(), if len > MAX_SOCKADDR { MAX_SOCKADDR } else { len }, Slot::Sockaddr);
    }
    true
}

/// The `struct sock` behind a file, 0 when the file is no socket.
#[inline(always)]
fn sock_of(file: u64) -> u64 {
    if file == 0 {
        return 0;
    }
    let inode: u64 = peek(file, offset!(file_inode));
    if peek::<u16>(inode, offset!(inode_mode)) & S_IFMT != S_IFSOCK {
        return 0;
    }
    let socket: u64 = peek(file, offset!(file_private));
    peek(socket, offset!(socket_sk))
}

/// Adds the name a Unix socket is bound to, as in `sun_path`, if it has one.
#[inline(always)]
fn unix_name(writer: &Writer, sock: u64, slot: Slot) {
    if sock == 0 {
        return;
    }
    let address: u64 = peek(sock, offset!(unix_addr));
    if address == 0 {
        return;
    }
    // The length counts the family's two bytes.
    let len: u32 = peek(address, offset!(unix_address_len));
    if len > 2 && u64::from(len) <= MAX_SOCKADDR {
        writer.kernel_bytes(address + offset!(unix_address_name) as u64 + 2, u64::from(len - 2), slot);
    }
}
