//! Descriptors.

use std::net::IpAddr;

/// What a descriptor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FdKind {
    File,
    FileWithFlags,
    Directory,
    Ipv4,
    Ipv6,
    Ipv4Server,
    Ipv6Server,
    Pipe,
    Unix,
    Event,
    Unsupported,
    Signal,
    EventPoll,
    Inotify,
    Timer,
    Netlink,
    Bpf,
    UserFault,
    IoUring,
    Memory,
    Pid,
    /// A socket of a family that no field shows.
    Unknown,
}

impl FdKind {
    /// The kind with that number in a capture. `Some(None)` for «unknown».
    pub(crate) fn from_number(number: u8) -> Option<Option<Self>> {
        Some(Some(match number {
            0 => return Some(None),
            1 => Self::File,
            2 => Self::Directory,
            3 => Self::Ipv4,
            4 => Self::Ipv6,
            5 => Self::Ipv4Server,
            6 => Self::Ipv6Server,
            7 => Self::Pipe,
            8 => Self::Unix,
            9 => Self::Event,
            10 => Self::Unsupported,
            11 => Self::Signal,
            12 => Self::EventPoll,
            13 => Self::Inotify,
            14 => Self::Timer,
            15 => Self::Netlink,
            16 => Self::FileWithFlags,
            17 => Self::Bpf,
            18 => Self::UserFault,
            19 => Self::IoUring,
            20 => Self::Memory,
            21 => Self::Pid,
            _ => return None,
        }))
    }

    /// `fd.typechar` and `fd.type`.
    pub(crate) fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::File | Self::FileWithFlags => ("f", "file"),
            Self::Directory => ("d", "directory"),
            Self::Ipv4 | Self::Ipv4Server => ("4", "ipv4"),
            Self::Ipv6 | Self::Ipv6Server => ("6", "ipv6"),
            Self::Pipe => ("p", "pipe"),
            Self::Unix => ("u", "unix"),
            Self::Event => ("e", "event"),
            Self::Unsupported => ("X", "<NA>"),
            Self::Signal => ("s", "signalfd"),
            Self::EventPoll => ("l", "eventpoll"),
            Self::Inotify => ("i", "inotify"),
            Self::Timer => ("t", "timerfd"),
            Self::Netlink => ("n", "netlink"),
            Self::Bpf => ("b", "bpf"),
            Self::UserFault => ("u", "userfaultfd"),
            Self::IoUring => ("r", "io_uring"),
            Self::Memory => ("m", "memfd"),
            Self::Pid => ("P", "pidfd"),
            Self::Unknown => ("o", "<NA>"),
        }
    }

    pub(crate) fn is_file(self) -> bool {
        matches!(self, Self::File | Self::FileWithFlags)
    }

    /// What `evt.category` calls reading and writing it.
    pub(crate) fn category(self) -> &'static str {
        match self {
            Self::File | Self::FileWithFlags | Self::Directory => "file",
            Self::Ipv4 | Self::Ipv6 | Self::Ipv4Server | Self::Ipv6Server => "net",
            Self::Pipe | Self::Unix | Self::Event | Self::Signal | Self::Inotify => "ipc",
            _ => "unknown",
        }
    }
}

/// The protocol above IP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum L4 {
    #[default]
    Unknown,
    Tcp,
    Udp,
    Icmp,
    Raw,
}

impl L4 {
    pub(crate) fn from_number(number: u8) -> Self {
        match number {
            2 => Self::Tcp,
            3 => Self::Udp,
            4 => Self::Icmp,
            5 => Self::Raw,
            _ => Self::Unknown,
        }
    }

    /// `fd.l4proto`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unknown => "<NA>",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
            Self::Raw => "raw",
        }
    }
}

/// A socket's addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Socket {
    #[default]
    None,
    /// The source is the client, once the role is known.
    Ip {
        source: IpAddr,
        source_port: u16,
        dest: IpAddr,
        dest_port: u16,
    },
    Server {
        address: IpAddr,
        port: u16,
    },
}

/// Which end of a connection this machine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Role {
    #[default]
    None,
    Client,
    Server,
}

/// A descriptor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fd {
    pub(crate) kind: FdKind,
    pub(crate) name: String,
    /// The name before the event that is looked at.
    pub(crate) old_name: String,
    pub(crate) socket: Socket,
    l4: L4,
    pub(crate) role: Role,
    pub(crate) connected: bool,
    pub(crate) open_flags: u32,
    /// The device of the file. `None` for what has no device.
    pub(crate) device: Option<u32>,
    pub(crate) ino: u64,
    /// Between the two events of its close.
    pub(crate) closing: bool,
    /// It was made anew between the two events of the close of its number.
    pub(crate) close_cancelled: bool,
}

impl Fd {
    pub(crate) fn new(kind: FdKind, name: String) -> Self {
        let on_device = matches!(kind, FdKind::File | FdKind::FileWithFlags | FdKind::Directory);
        Self {
            kind,
            name,
            old_name: String::new(),
            socket: Socket::None,
            l4: L4::Unknown,
            role: Role::None,
            connected: false,
            open_flags: 0,
            device: on_device.then_some(0),
            ino: 0,
            closing: false,
            close_cancelled: false,
        }
    }

    /// Sets addresses and protocol.
    pub(crate) fn set_socket(&mut self, socket: Socket, l4: L4) {
        (self.socket, self.l4) = (socket, l4);
    }

    /// The protocol, whether or not the role is known.
    pub(crate) fn raw_l4(&self) -> L4 {
        self.l4
    }

    /// The protocol as fields show it: of a connection only once its role is known.
    pub(crate) fn l4(&self) -> L4 {
        match self.kind {
            FdKind::Ipv4Server | FdKind::Ipv6Server => self.l4,
            FdKind::Ipv4 | FdKind::Ipv6 if self.l4 == L4::Raw || self.role != Role::None => self.l4,
            _ => L4::Unknown,
        }
    }

    pub(crate) fn is_ip(&self) -> bool {
        matches!(self.kind, FdKind::Ipv4 | FdKind::Ipv6)
    }

    pub(crate) fn is_any_ip(&self) -> bool {
        self.kind.category() == "net"
    }

    /// The character of the protocol in `<4t>`.
    pub(crate) fn l4_char(&self) -> &'static str {
        if !self.is_any_ip() {
            return "";
        }
        match self.l4() {
            L4::Unknown => "",
            L4::Tcp => "t",
            L4::Udp => "u",
            L4::Icmp => "i",
            L4::Raw => "r",
        }
    }

    /// Sets the kind. The protocol of what was version 6 and maps version 4 is no longer known.
    pub(crate) fn set_kind(&mut self, kind: FdKind) {
        if self.kind == FdKind::Ipv6 && kind == FdKind::Ipv4 {
            self.l4 = L4::Unknown;
        }
        self.kind = kind;
    }

    /// Takes the ends that an event tells. A destination that is known stays: an event tells the
    /// source that a connection got, seldom another destination. Gives whether anything is new.
    pub(crate) fn take_ends(&mut self, told: Socket, version4: bool) -> bool {
        let kind = if version4 { FdKind::Ipv4 } else { FdKind::Ipv6 };
        let before = (self.kind == kind).then_some(self.socket);
        self.set_kind(kind);
        let Socket::Ip { source, source_port, mut dest, mut dest_port } = told else { return false };
        let back = Socket::Ip { source: dest, source_port: dest_port, dest: source, dest_port: source_port };
        if before == Some(told) || before == Some(back) {
            return false;
        }
        if let Some(Socket::Ip { dest: known, dest_port: known_port, .. }) = before {
            if !known.is_unspecified() {
                dest = known;
            }
            if known_port != 0 {
                dest_port = known_port;
            }
        }
        self.socket = Socket::Ip { source, source_port, dest, dest_port };
        true
    }

    /// Exchanges source and destination.
    pub(crate) fn swap(&mut self) {
        if let Socket::Ip { source, source_port, dest, dest_port } = self.socket {
            self.socket =
                Socket::Ip { source: dest, source_port: dest_port, dest: source, dest_port: source_port };
        }
    }

    /// The name that the addresses make.
    pub(crate) fn socket_name(&self) -> String {
        match (self.socket, self.l4) {
            (Socket::Ip { source, dest, .. }, L4::Icmp | L4::Raw) => format!("{source}->{dest}"),
            (Socket::Ip { .. }, L4::Unknown) => "<unknown>".to_owned(),
            (socket, _) => socket.text(),
        }
    }
}

impl Socket {
    /// The addresses with their ports.
    pub(crate) fn text(self) -> String {
        match self {
            Self::None => String::new(),
            Self::Ip { source, source_port, dest, dest_port } => {
                format!("{source}:{source_port}->{dest}:{dest_port}")
            }
            Self::Server { address, port } => format!("{address}:{port}"),
        }
    }
}
