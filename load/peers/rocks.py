"""Batch writes of the rows of `vedetta-load bench keep` into RocksDB, one thread, write-ahead log on.

ROWS DIR; then on standard input one line a round: how many rows in a batch, and `sync` or `nosync`. Answers with one JSON
line each: seconds until the last write came back, and bytes of the tables once everything is sorted into them.
Rows are 24 bytes of key, four of length (little-endian), value; they are in memory, in batches, before the clock starts.
"""

import json
import os
import shutil
import sys
import time

from rocksdict import DBCompressionType, Options, Rdict, WriteBatch, WriteOptions

ROWS, DIR = sys.argv[1:3]
KEY = 24


def read():
    with open(ROWS, "rb") as file:
        data = file.read()
    at, rows = 0, []
    while at < len(data):
        key = data[at : at + KEY]
        at += KEY + 4
        end = at + int.from_bytes(data[at - 4 : at], "little")
        rows.append((key, data[at:end]))
        at = end
    return rows


def batches(rows, size):
    made = []
    for start in range(0, len(rows), size):
        batch = WriteBatch(raw_mode=True)
        for key, value in rows[start : start + size]:
            batch.put(key, value)
        made.append(batch)
    return made


def one_round(rows, number, size, sync):
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_compression_type(DBCompressionType.zstd())
    path = os.path.join(DIR, f"rocks-{number}")
    db = Rdict(path, options)
    how = WriteOptions()
    how.sync = sync
    db.set_write_options(how)
    made = batches(rows, size)
    began = time.perf_counter()
    for batch in made:
        db.write(batch)
    seconds = time.perf_counter() - began
    db.flush()
    db.compact_range(None, None)
    stored = db.property_int_value("rocksdb.total-sst-files-size")
    db.close()
    shutil.rmtree(path)
    return {"seconds": seconds, "bytes": stored}


rows = read()
print(json.dumps({"rows": len(rows)}), flush=True)
for number, line in enumerate(sys.stdin):
    size, mode = line.split()
    print(json.dumps(one_round(rows, number, int(size), mode == "sync")), flush=True)
