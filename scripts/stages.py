"""Where an event's processor time goes: samples of `perf script` on standard input, EVENTS and HERTZ as arguments → a table.

Each sample counts for the first stage below that one of its frames belongs to. The processes that hold synthetic agents are
told apart from the system by their frames.
"""

import collections
import re
import sys

EVENTS, HERTZ = int(sys.argv[1]), float(sys.argv[2])

DRIVER = [
    ("agents: make up events", r"node_agent::source"),
    ("agents: encode blocks", r"vedetta_block::|node_agent::batch"),
    ("agents: TLS, gRPC, the rest", r""),
]
SYSTEM = [
    ("archive: merge blocks", r"vedetta_block::merge|vedetta_query::archive::merged"),
    ("archive: keep blocks", r"vedetta_store_embedded::blocks"),
    ("archive: the rest", r"vedetta_query::archive"),
    ("detect: evaluate rules", r"vedetta_rules::|vedetta_detect::evaluate"),
    ("detect: decode blocks", r"vedetta_block::(columns|batch|squeeze)|ZSTD"),
    ("detect: the rest", r"vedetta_detect::"),
    ("views", r"vedetta_query::|vedetta_store_embedded::|vedetta_tenant::"),
    ("log: append (copy, seal)", r"vedetta_log_embedded::.*append"),
    ("log and store: commit (journal, fdatasync)", r"vedetta_embedded::writer|thread:vedetta-db"),
    ("log and store: tables in the background", r"thread:fjall"),
    ("log: read", r"vedetta_log_embedded::|vedetta_embedded::|vedetta_log::"),
    ("ingest: check and hand over", r"vedetta_ingest::|vedetta_block::"),
    ("ingest: TLS", r"rustls|aws_lc"),
    ("ingest: gRPC, HTTP/2, sockets", r"h2::|hyper|tonic|tcp_|sock_|inet_|sys_(recv|send)"),
    ("runtime: wake, wait, schedule", r"futex|epoll|eventfd|__schedule|tokio::runtime"),
    ("allocations and copies whose caller is not known", r"malloc|free|mem(cmp|move|set|cpy)|unlink_chunk"),
    ("not known", r""),
]


def samples(lines):
    head, frames = None, []
    for line in lines:
        line = line.rstrip()
        if not line:
            if head:
                yield head, frames
            head, frames = None, []
        elif head is None:
            # "comm pid/tid": a comm may hold blanks.
            found = re.match(r"\s*(.*?)\s+(\d+)/\d+", line)
            head = (found[1], int(found[2])) if found else None
        else:
            frames.append(line.strip())
    if head:
        yield head, frames


taken = [(head, " < ".join([*frames, f"thread:{head[0]}"])) for head, frames in samples(sys.stdin)]
drivers = {pid for (_, pid), stack in taken if "vedetta_load::agents" in stack}
compiled = {True: [(n, re.compile(p)) for n, p in DRIVER], False: [(n, re.compile(p)) for n, p in SYSTEM]}
counts = collections.Counter()
for (_, pid), stack in taken:
    counts[next(name for name, pattern in compiled[pid in drivers] if pattern.search(stack))] += 1

print(f"{'stage':<50} {'ns an event':>12} {'share':>7}")
for part in (DRIVER, SYSTEM):
    total = sum(counts[name] for name, _ in part)
    for name, _ in part:
        print(f"{name:<50} {counts[name] / HERTZ / EVENTS * 1e9:>12.0f} {100 * counts[name] / max(total, 1):>6.1f}%")
    print(f"{'  together':<50} {total / HERTZ / EVENTS * 1e9:>12.0f}")
