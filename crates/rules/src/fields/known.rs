//! The fields that events of the model can fill.

macro_rules! known {
    ($($variant:ident = $name:literal,)*) => {
        /// A field that events of the model can fill, by Falco's name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is documented by the name it stands for")]
        pub enum Known { $($variant,)* }
        impl Known {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The field's name.
            pub const fn as_str(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
            /// The one of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

known! {
    EvtNum = "evt.num", EvtTime = "evt.time", EvtTimeS = "evt.time.s", EvtTimeIso = "evt.time.iso8601",
    EvtDatetime = "evt.datetime", EvtDatetimeS = "evt.datetime.s", EvtRawtime = "evt.rawtime",
    EvtRawtimeS = "evt.rawtime.s", EvtRawtimeNs = "evt.rawtime.ns", EvtDir = "evt.dir",
    EvtType = "evt.type", SyscallType = "syscall.type", EvtCategory = "evt.category",
    EvtArg = "evt.arg", EvtRawarg = "evt.rawarg", EvtAbspath = "evt.abspath", EvtPath = "evt.path", EvtArgs = "evt.args",
    EvtInfo = "evt.info", EvtRes = "evt.res", EvtRawres = "evt.rawres", EvtFailed = "evt.failed",
    EvtCount = "evt.count", EvtCountError = "evt.count.error", EvtCountErrorFile = "evt.count.error.file",
    EvtCountErrorNet = "evt.count.error.net", EvtCountErrorOther = "evt.count.error.other", EvtSource = "evt.source",
    EvtIsAsync = "evt.is_async", EvtIsIo = "evt.is_io", EvtIsIoRead = "evt.is_io_read",
    EvtIsIoWrite = "evt.is_io_write", EvtIsWait = "evt.is_wait",
    EvtIsOpenRead = "evt.is_open_read", EvtIsOpenWrite = "evt.is_open_write",
    EvtIsOpenExec = "evt.is_open_exec", EvtIsOpenCreate = "evt.is_open_create",

    FdNum = "fd.num", FdType = "fd.type", FdTypechar = "fd.typechar", FdName = "fd.name",
    FdNameraw = "fd.nameraw", FdDirectory = "fd.directory", FdFilename = "fd.filename",
    FdIp = "fd.ip", FdCip = "fd.cip", FdSip = "fd.sip", FdLip = "fd.lip", FdRip = "fd.rip",
    FdPort = "fd.port", FdCport = "fd.cport", FdSport = "fd.sport", FdLport = "fd.lport",
    FdRport = "fd.rport", FdL4proto = "fd.l4proto", FdSockfamily = "fd.sockfamily",
    FdIsServer = "fd.is_server", FdConnected = "fd.connected", FdNet = "fd.net", FdCnet = "fd.cnet",
    FdSnet = "fd.snet", FdLnet = "fd.lnet", FdRnet = "fd.rnet",

    FsPathName = "fs.path.name", FsPathNameraw = "fs.path.nameraw", FsPathSource = "fs.path.source",
    FsPathSourceraw = "fs.path.sourceraw", FsPathTarget = "fs.path.target",
    FsPathTargetraw = "fs.path.targetraw",

    ProcName = "proc.name", ProcPname = "proc.pname", ProcAname = "proc.aname", ProcExe = "proc.exe",
    ProcPexe = "proc.pexe", ProcAexe = "proc.aexe", ProcExepath = "proc.exepath",
    ProcPexepath = "proc.pexepath", ProcAexepath = "proc.aexepath", ProcArgs = "proc.args",
    ProcAargs = "proc.aargs", ProcCmdline = "proc.cmdline", ProcPcmdline = "proc.pcmdline",
    ProcAcmdline = "proc.acmdline", ProcCmdnargs = "proc.cmdnargs", ProcCmdlenargs = "proc.cmdlenargs",
    ProcExeline = "proc.exeline", ProcCwd = "proc.cwd", ProcLoginshellid = "proc.loginshellid",
    ProcTty = "proc.tty", ProcPid = "proc.pid", ProcPpid = "proc.ppid", ProcApid = "proc.apid",
    ProcVpid = "proc.vpid", ProcPvpid = "proc.pvpid", ProcSid = "proc.sid", ProcSname = "proc.sname",
    ProcSidExe = "proc.sid.exe", ProcSidExepath = "proc.sid.exepath", ProcVpgid = "proc.vpgid",
    ProcVpgidName = "proc.vpgid.name", ProcVpgidExe = "proc.vpgid.exe",
    ProcVpgidExepath = "proc.vpgid.exepath", ProcPgid = "proc.pgid", ProcPgidName = "proc.pgid.name",
    ProcPgidExe = "proc.pgid.exe", ProcPgidExepath = "proc.pgid.exepath",
    ProcDuration = "proc.duration", ProcPpidDuration = "proc.ppid.duration", ProcPidTs = "proc.pid.ts",
    ProcPpidTs = "proc.ppid.ts", ProcIsExeFromMemfd = "proc.is_exe_from_memfd",
    ProcIsExeWritable = "proc.is_exe_writable",
    ProcIsSidLeader = "proc.is_sid_leader", ProcIsVpgidLeader = "proc.is_vpgid_leader",
    ProcIsPgidLeader = "proc.is_pgid_leader",

    ThreadTid = "thread.tid", ThreadVtid = "thread.vtid", ThreadIsmain = "thread.ismain",
    ThreadNametid = "thread.nametid",

    UserUid = "user.uid", UserName = "user.name", UserLoginuid = "user.loginuid", GroupGid = "group.gid",

    ContainerId = "container.id", ContainerFullId = "container.full_id",
    ContainerName = "container.name", ContainerType = "container.type",
}
