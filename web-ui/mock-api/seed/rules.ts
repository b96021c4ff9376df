// The rules of the mock's tenants, in the shape of the files under rules/.
import type { Severity } from '../__generated__/schema.ts'
import type { RuleRow } from '../world.ts'

interface Draft {
  name: string
  file: string
  severity: Severity
  tags: string[]
  description: string
  condition: string
  output: string
  off?: boolean
}

const drafts: Draft[] = [
  {
    name: 'Sensitive file read by an untrusted program',
    file: 'credential_access/T1003.008_sensitive_file_read.yaml',
    severity: 'HIGH',
    tags: ['TA0006', 'T1003.008', 'host'],
    description: 'A program that has no business with them opened the password hashes or sudo rules.',
    condition: 'open_read and fd.name in (sensitive_files) and not proc.name in (account_programs)',
    output: 'Sensitive file read (file=%fd.name program=%proc.exepath command=%proc.cmdline user=%user.name parent=%proc.pname)',
  },
  {
    name: 'Shell started by a web server',
    file: 'execution/T1059.004_web_server_shell.yaml',
    severity: 'CRITICAL',
    tags: ['TA0002', 'T1059.004', 'T1505.003'],
    description: 'A web server or its worker ran a command shell, as after a successful exploit or through a web shell.',
    condition: 'spawned_process and proc.name in (shells) and proc.aname in (web_servers)',
    output: 'Shell under a web server (shell=%proc.cmdline server=%proc.pname user=%user.name cwd=%proc.cwd)',
  },
  {
    name: 'Write below etc',
    file: 'persistence/T1543_write_below_etc.yaml',
    severity: 'MEDIUM',
    tags: ['TA0003', 'T1543'],
    description: 'A file below /etc was made or changed by a program that does not manage configuration.',
    condition: 'open_write and fd.name startswith /etc/ and not proc.name in (config_managers)',
    output: 'File below /etc written (file=%fd.name command=%proc.cmdline user=%user.name)',
  },
  {
    name: 'Shell history deleted',
    file: 'defense_evasion/T1070.003_history_deleted.yaml',
    severity: 'MEDIUM',
    tags: ['TA0005', 'T1070.003'],
    description: 'The record of typed commands was removed or emptied.',
    condition: 'unlink and fd.name endswith _history',
    output: 'Shell history deleted (file=%fd.name command=%proc.cmdline user=%user.name)',
  },
  {
    name: 'Reverse shell to the network',
    file: 'execution/T1059_reverse_shell.yaml',
    severity: 'CRITICAL',
    tags: ['TA0002', 'TA0011', 'T1059', 'T1071'],
    description: 'An interpreter opened a connection and its standard streams go through it.',
    condition: 'outbound and proc.name in (shells, interpreters) and proc.args contains /dev/tcp',
    output: 'Reverse shell (to=%fd.name command=%proc.cmdline user=%user.name parent=%proc.pname)',
  },
  {
    name: 'New binary dropped and run',
    file: 'execution/T1204.002_drop_and_execute.yaml',
    severity: 'HIGH',
    tags: ['TA0002', 'T1204.002', 'T1105'],
    description: 'A program ran from a folder where anyone may write.',
    condition: 'spawned_process and proc.exepath startswith /tmp/ or proc.exepath startswith /dev/shm/',
    output: 'Dropped binary run (program=%proc.exepath command=%proc.cmdline user=%user.name)',
  },
  {
    name: 'Process traced by another',
    file: 'privilege_escalation/T1055.008_ptrace.yaml',
    severity: 'MEDIUM',
    tags: ['TA0004', 'TA0005', 'T1055.008'],
    description: 'One process attached to another and may read or change its memory.',
    condition: 'evt.type = ptrace and evt.arg.request in (attach_requests) and not proc.name in (debuggers)',
    output: 'Process traced (tracer=%proc.cmdline target=%evt.arg.target user=%user.name)',
  },
  {
    name: 'Package manager run in a namespace',
    file: 'execution/T1610_package_manager_in_container.yaml',
    severity: 'LOW',
    tags: ['TA0002', 'T1610'],
    description: 'Software was installed inside a running container or namespace; images should carry what they need.',
    condition: 'spawned_process and proc.name in (package_managers) and container',
    output: 'Package manager in a container (command=%proc.cmdline container=%container.id user=%user.name)',
  },
  {
    name: 'Kernel module loaded',
    file: 'persistence/T1547.006_kernel_module.yaml',
    severity: 'HIGH',
    tags: ['TA0003', 'T1547.006'],
    description: 'A kernel module was loaded outside of boot.',
    condition: 'kernel_module_load and not proc.name in (module_loaders)',
    output: 'Kernel module loaded (file=%fd.name command=%proc.cmdline)',
  },
  {
    name: 'Set-uid bit given to a file',
    file: 'privilege_escalation/T1548.001_setuid_bit.yaml',
    severity: 'MEDIUM',
    tags: ['TA0004', 'T1548.001'],
    description: 'A file was made to run as its owner.',
    condition: 'chmod and evt.arg.mode contains S_ISUID and not proc.name in (package_managers)',
    output: 'Set-uid bit given (file=%fd.name command=%proc.cmdline user=%user.name)',
  },
  {
    name: 'Namespace entered by a shell',
    file: 'privilege_escalation/T1611_setns_shell.yaml',
    severity: 'MEDIUM',
    tags: ['TA0004', 'T1611'],
    description: 'A shell or its child entered the namespace of another process.',
    condition: 'evt.type = setns and proc.aname in (shells)',
    output: 'Namespace entered (command=%proc.cmdline user=%user.name)',
  },
  {
    name: 'Connection to a cloud metadata service',
    file: 'credential_access/T1552.005_metadata_service.yaml',
    severity: 'LOW',
    tags: ['TA0006', 'T1552.005'],
    description: 'A process asked the address where cloud machines find their credentials.',
    condition: 'outbound and fd.sip = 169.254.169.254 and not proc.name in (cloud_agents)',
    output: 'Metadata service asked (command=%proc.cmdline user=%user.name)',
    off: true,
  },
  {
    name: 'Node is silent',
    file: 'vedetta/node_silent.yaml',
    severity: 'HIGH',
    tags: ['TA0005', 'T1562.001'],
    description: 'An agent missed two heartbeats: it was stopped, killed or cut off.',
    condition: 'vedetta.node_silent',
    output: 'No heartbeat from %node.hostname since %node.last_seen',
  },
]

const fileText = (d: Draft) => `- rule: ${d.name}
  desc: >
    ${d.description}
  condition: ${d.condition}
  output: ${d.output}
  priority: ${d.severity}
  tags: [${d.tags.join(', ')}]
  enabled: ${String(!d.off)}
  exceptions:
    - name: known_programs
      fields: [proc.name]
      comps: [in]
      values: []
`

export function rules(tenant: string): RuleRow[] {
  return drafts.map((d, i) => ({
    id: `rul_${tenant}_${String(i + 1)}`,
    name: d.name,
    version: `${(0x51ab03 + i * 7919).toString(16)}e0`,
    description: d.description,
    condition: d.condition,
    output: d.output,
    severity: d.severity,
    tags: d.tags,
    source: 'syscall',
    file: `builtin/${d.file}`,
    text: fileText(d),
    enabledInFile: !d.off,
  }))
}

export const techniquesIn = (tags: string[]): string[] => tags.filter((t) => /^T\d{4}(\.\d{3})?$/.test(t))
