"""The searches of `vedetta-load bench search` on DuckDB and chDB, one thread each: rows.tsv → one JSON line a peer."""

import json
import statistics
import sys
import time

ROWS, PROCESS, NEEDLE = sys.argv[1:4]
ROUNDS = 7
COLUMNS = "time BIGINT, node VARCHAR, seq BIGINT, kind VARCHAR, pid INT, name VARCHAR, user VARCHAR, path VARCHAR, cmdline VARCHAR"
QUERIES = {
    "newest_50": f"SELECT time, kind, name, path FROM e WHERE name = '{PROCESS}' ORDER BY time DESC LIMIT 50",
    "hunt": f"SELECT count(*) FROM e WHERE path LIKE '%{NEEDLE}%'",
    "group": "SELECT name, count(*) AS n FROM e WHERE kind = 'file.open' GROUP BY name ORDER BY n DESC",
}


def median_ms(run):
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def duckdb_peer():
    import duckdb

    db = duckdb.connect()
    db.execute("SET threads = 1")
    db.execute(f"CREATE TABLE e ({COLUMNS})")
    db.execute(f"COPY e FROM '{ROWS}' (DELIMITER '\\t', HEADER false, QUOTE '', ESCAPE '')")
    return {name: median_ms(lambda sql=sql: db.execute(sql).fetchall()) for name, sql in QUERIES.items()}


def chdb_peer():
    from chdb import session

    db = session.Session()
    types = {"BIGINT": "Int64", "INT": "Int32", "VARCHAR": "LowCardinality(String)"}
    columns = ", ".join(f"{name} {types[kind]}" for name, kind in (c.split() for c in COLUMNS.split(", ")))
    columns = columns.replace("cmdline LowCardinality(String)", "cmdline String").replace("path LowCardinality(String)", "path String")
    db.query("CREATE DATABASE bench ENGINE = Atomic")
    db.query(f"CREATE TABLE bench.e ({columns}) ENGINE = MergeTree ORDER BY (name, time)")
    db.query(f"INSERT INTO bench.e SELECT * FROM file('{ROWS}', TSV, '{columns}')")
    one = " SETTINGS max_threads = 1"
    return {name: median_ms(lambda sql=sql: db.query(sql.replace("FROM e", "FROM bench.e") + one, "TSV").bytes()) for name, sql in QUERIES.items()}


for name, peer in {"duckdb": duckdb_peer, "chdb": chdb_peer}.items():
    print(json.dumps({"peer": name, **peer()}), flush=True)
