//! Every statement that a running store uses, prepared once.
//!
//! The kind in front says how it runs; `FORMAT.md` says of each table why.
//!
//! | kind | consistency | tried again by the driver | |
//! |---|---|---|---|
//! | `Read` | LOCAL_QUORUM | yes, also beside a slow try | sees all that was acknowledged |
//! | `Serial` | LOCAL_SERIAL | no | also settles what a conditional write without an answer left behind |
//! | `Write` | LOCAL_QUORUM | yes | what it writes may be written again |
//! | `Conditional` | LOCAL_SERIAL, then LOCAL_QUORUM | no | part of a batch in which one statement has a condition |

use std::sync::Arc;

use scylla::{
    client::{
        execution_profile::{ExecutionProfile, ExecutionProfileHandle},
        session::Session,
    },
    errors::PrepareError,
    policies::speculative_execution::SimpleSpeculativeExecutionPolicy,
    statement::{Consistency, SerialConsistency, prepared::PreparedStatement},
};

use crate::Options;

/// Rows that one answer holds at most, where rows are small.
const PAGE_ROWS: i32 = 1000;
/// And where they are large: events up to 256 KiB, chunks of 512 KiB.
const LARGE_PAGE_ROWS: i32 = 16;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Read,
    Serial,
    Write,
    Conditional,
}

macro_rules! statements {
    ($($kind:ident $name:ident = $cql:literal;)*) => {
        #[derive(Debug)]
        pub struct Statements {
            $(pub $name: PreparedStatement,)*
        }

        impl Statements {
            /// Prepares all of them in the session's keyspace.
            pub async fn prepare(session: &Session, options: &Options) -> Result<Self, PrepareError> {
                let reads = reading(session, options);
                let mut statements = Self { $($name: prepare(session, &reads, Kind::$kind, $cql).await?,)* };
                statements.stream_events.set_page_size(LARGE_PAGE_ROWS);
                statements.chunks.set_page_size(LARGE_PAGE_ROWS);
                statements.view_changes.set_page_size(LARGE_PAGE_ROWS);
                Ok(statements)
            }
        }
    };
}

/// Asks a second node when the first is slow.
fn reading(session: &Session, options: &Options) -> ExecutionProfileHandle {
    let slow = SimpleSpeculativeExecutionPolicy { max_retry_count: 1, retry_interval: options.speculate };
    let profile: ExecutionProfile = session.get_default_execution_profile_handle().to_profile();
    profile.to_builder().speculative_execution_policy(Some(Arc::new(slow))).build().into_handle()
}

async fn prepare(
    session: &Session,
    reads: &ExecutionProfileHandle,
    kind: Kind,
    cql: &str,
) -> Result<PreparedStatement, PrepareError> {
    let mut statement = session.prepare(cql).await?;
    statement.set_page_size(PAGE_ROWS);
    statement.set_is_idempotent(!matches!(kind, Kind::Conditional));
    statement.set_serial_consistency(Some(SerialConsistency::LocalSerial));
    statement.set_consistency(match kind {
        Kind::Serial => Consistency::LocalSerial,
        Kind::Read | Kind::Write | Kind::Conditional => Consistency::LocalQuorum,
    });
    if matches!(kind, Kind::Read) {
        statement.set_execution_profile_handle(Some(reads.clone()));
    }
    Ok(statement)
}

statements! {
    Read clock = "SELECT now() FROM system.local";

    // Streams. `streams` is changed by conditional batches only.
    Read stream_head = "SELECT head, fence FROM streams WHERE tenant = ? AND aggregate = ? AND id = ? LIMIT 1";
    Serial stream_head_settled = "SELECT head, fence FROM streams WHERE tenant = ? AND aggregate = ? AND id = ? LIMIT 1";
    Read stream_ids = "SELECT event, place FROM streams WHERE tenant = ? AND aggregate = ? AND id = ? AND kind = 1 AND version = 0 AND event IN ?";
    Read stream_events = "SELECT head, version, event, append, place, time, data FROM streams WHERE tenant = ? AND aggregate = ? AND id = ? AND kind = 0 AND version > ? LIMIT ?";
    Read stream_waiting = "SELECT version, event, append, made FROM streams WHERE tenant = ? AND aggregate = ? AND id = ? AND kind = 2 LIMIT ?";
    Conditional stream_advance = "UPDATE streams SET head = ? WHERE tenant = ? AND aggregate = ? AND id = ? IF head = ? AND fence = ?";
    Conditional stream_fence = "UPDATE streams SET fence = ? WHERE tenant = ? AND aggregate = ? AND id = ? IF fence = ?";
    Conditional stream_put_event = "INSERT INTO streams (tenant, aggregate, id, kind, version, event, append, place, time, data) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?)";
    Conditional stream_put_id = "INSERT INTO streams (tenant, aggregate, id, kind, version, event, place) VALUES (?, ?, ?, 1, 0, ?, ?)";
    Conditional stream_put_waiting = "INSERT INTO streams (tenant, aggregate, id, kind, version, event, append, made) VALUES (?, ?, ?, 2, ?, ?, ?, ?)";
    Conditional stream_drop_waiting = "DELETE FROM streams WHERE tenant = ? AND aggregate = ? AND id = ? AND kind = 2 AND version = ? AND event = ?";
    Read event_data = "SELECT data FROM event_data WHERE tenant = ? AND append = ? AND number = ?";
    Write put_event_data = "INSERT INTO event_data (tenant, append, number, data) VALUES (?, ?, ?, ?)";
    Write drop_event_data = "DELETE FROM event_data WHERE tenant = ? AND append = ? AND number = ?";
    Read names = "SELECT id FROM stream_names WHERE tenant = ? AND aggregate = ? LIMIT ?";
    Read names_after = "SELECT id FROM stream_names WHERE tenant = ? AND aggregate = ? AND id > ? LIMIT ?";
    Write put_name = "INSERT INTO stream_names (tenant, aggregate, id) VALUES (?, ?, ?)";
    Read stream_tenants = "SELECT tenant FROM stream_tenants WHERE part = 0";
    Write put_stream_tenant = "INSERT INTO stream_tenants (part, tenant) VALUES (0, ?)";
    Read marks = "SELECT made, append, tenant, aggregate, id FROM outbox WHERE shard = ? LIMIT ?";
    Write put_mark = "INSERT INTO outbox (shard, made, append, tenant, aggregate, id) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
    Write drop_mark = "DELETE FROM outbox USING TIMESTAMP ? WHERE shard = ? AND made = ? AND append = ?";

    // Views. `view_checkpoints` is changed by conditional writes only.
    Read view_row = "SELECT value FROM view_rows WHERE tenant = ? AND name = ? AND slot = ? AND key = ?";
    Read view_up = "SELECT key, value FROM view_rows WHERE tenant = ? AND name = ? AND slot = ? AND key >= ? LIMIT ?";
    Read view_up_to = "SELECT key, value FROM view_rows WHERE tenant = ? AND name = ? AND slot = ? AND key >= ? AND key < ? LIMIT ?";
    Read view_down = "SELECT key, value FROM view_rows WHERE tenant = ? AND name = ? AND slot = ? AND key >= ? ORDER BY key DESC LIMIT ?";
    Read view_down_to = "SELECT key, value FROM view_rows WHERE tenant = ? AND name = ? AND slot = ? AND key >= ? AND key < ? ORDER BY key DESC LIMIT ?";
    Write put_view_row = "INSERT INTO view_rows (tenant, name, slot, key, value) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?";
    Write drop_view_row = "DELETE FROM view_rows USING TIMESTAMP ? WHERE tenant = ? AND name = ? AND slot = ? AND key = ?";
    Write drop_view_slot = "DELETE FROM view_rows USING TIMESTAMP ? WHERE tenant = ? AND name = ? AND slot = ?";
    Read view_tenants = "SELECT tenant FROM view_tenants WHERE name = ?";
    Write put_view_tenant = "INSERT INTO view_tenants (name, tenant) VALUES (?, ?)";
    Serial view_checkpoint = "SELECT next, stamp, turn, changes, parts FROM view_checkpoints WHERE projection = ? AND source = ?";
    Conditional view_advance = "UPDATE view_checkpoints SET next = ?, stamp = ?, turn = ?, changes = ?, parts = ? WHERE projection = ? AND source = ? IF turn = ?";
    Read view_changes = "SELECT changes FROM view_changes WHERE turn = ?";
    Write put_view_changes = "INSERT INTO view_changes (turn, part, changes) VALUES (?, ?, ?)";
    Write drop_view_changes = "DELETE FROM view_changes WHERE turn = ?";
    Read view_done = "SELECT stamp FROM view_done WHERE projection = ? AND source = ?";
    Write put_view_done = "INSERT INTO view_done (projection, source, stamp) VALUES (?, ?, ?) USING TIMESTAMP ?";
    Read view_sources = "SELECT source FROM view_sources WHERE projection = ?";
    Write put_view_source = "INSERT INTO view_sources (projection, source) VALUES (?, ?)";
    Read view_floor = "SELECT stamp FROM view_floors WHERE projection = ?";
    Write put_view_floor = "INSERT INTO view_floors (projection, stamp) VALUES (?, ?) USING TIMESTAMP ?";

    // Blocks. `block_runs` is changed by conditional batches only.
    Serial run_state = "SELECT turn, stamp, replaced, work FROM block_runs WHERE tenant = ? AND node = ? AND boot = ? LIMIT 1";
    Read run_from = "SELECT place, first, earliest, latest, crc, events, bytes FROM block_runs WHERE tenant = ? AND node = ? AND boot = ? AND kind = 0 AND place >= ?";
    Read run_at = "SELECT place, first, earliest, latest, crc, events, bytes FROM block_runs WHERE tenant = ? AND node = ? AND boot = ? AND kind = 0 AND place >= ? LIMIT 1";
    Read run_sum = "SELECT blocks, events, bytes FROM block_runs WHERE tenant = ? AND node = ? AND boot = ? AND kind = 1 AND place = ?";
    Conditional run_advance = "UPDATE block_runs SET turn = ?, stamp = ?, replaced = ?, work = ? WHERE tenant = ? AND node = ? AND boot = ? IF turn = ?";
    Conditional run_put = "INSERT INTO block_runs (tenant, node, boot, kind, place, first, earliest, latest, crc, events, bytes) VALUES (?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)";
    Conditional run_drop = "DELETE FROM block_runs WHERE tenant = ? AND node = ? AND boot = ? AND kind = 0 AND place = ?";
    Conditional run_put_sum = "INSERT INTO block_runs (tenant, node, boot, kind, place, blocks, events, bytes) VALUES (?, ?, ?, 1, ?, ?, ?, ?)";
    Conditional run_drop_sum = "DELETE FROM block_runs WHERE tenant = ? AND node = ? AND boot = ? AND kind = 1 AND place = ?";
    Read heads_up = "SELECT latest, node, boot, first, last, head FROM block_heads WHERE tenant = ? AND bucket = ? AND slot = ? AND (latest, node, boot, first, last) > (?, ?, ?, ?, ?) AND (latest) < (?)";
    Read heads_down = "SELECT latest, node, boot, first, last, head FROM block_heads WHERE tenant = ? AND bucket = ? AND slot = ? AND (latest, node, boot, first, last) < (?, ?, ?, ?, ?) AND (latest) >= (?) ORDER BY latest DESC, node DESC, boot DESC, first DESC, last DESC";
    Read heads_of = "SELECT latest, node, boot, first, last FROM block_heads WHERE tenant = ? AND bucket = ? AND slot = ?";
    Read head_is_there = "SELECT first FROM block_heads WHERE tenant = ? AND bucket = ? AND slot = ? AND latest = ? AND node = ? AND boot = ? AND first = ? AND last = ?";
    Write put_head = "INSERT INTO block_heads (tenant, bucket, slot, latest, node, boot, first, last, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
    Write drop_head = "DELETE FROM block_heads USING TIMESTAMP ? WHERE tenant = ? AND bucket = ? AND slot = ? AND latest = ? AND node = ? AND boot = ? AND first = ? AND last = ?";
    Read chunks = "SELECT data FROM block_chunks WHERE tenant = ? AND node = ? AND boot = ? AND first = ? AND last = ? AND crc = ?";
    Read chunk = "SELECT data FROM block_chunks WHERE tenant = ? AND node = ? AND boot = ? AND first = ? AND last = ? AND crc = ? AND chunk = 0";
    Write put_chunk = "INSERT INTO block_chunks (tenant, node, boot, first, last, crc, chunk, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
    Write drop_chunks = "DELETE FROM block_chunks USING TIMESTAMP ? WHERE tenant = ? AND node = ? AND boot = ? AND first = ? AND last = ? AND crc = ?";
    Read slots = "SELECT bucket, slot FROM block_slots WHERE tenant = ? AND bucket >= ? AND bucket <= ?";
    Read some_slot = "SELECT bucket FROM block_slots WHERE tenant = ? LIMIT 1";
    Write put_slot = "INSERT INTO block_slots (tenant, bucket, slot) VALUES (?, ?, ?) USING TIMESTAMP ?";
    Write drop_slot = "DELETE FROM block_slots USING TIMESTAMP ? WHERE tenant = ? AND bucket = ? AND slot = ?";
    Read usage = "SELECT SUM(blocks), SUM(events), SUM(bytes) FROM block_usage WHERE tenant = ? AND bucket = ? AND slot = ?";
    Write put_usage = "INSERT INTO block_usage (tenant, bucket, slot, node, boot, blocks, events, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?";
    Write drop_usage = "DELETE FROM block_usage USING TIMESTAMP ? WHERE tenant = ? AND bucket = ? AND slot = ? AND node = ? AND boot = ?";
    Read block_tenants = "SELECT tenant FROM block_tenants WHERE part = 0";
    Write put_block_tenant = "INSERT INTO block_tenants (part, tenant) VALUES (0, ?)";
    Read replacing = "SELECT node, boot FROM block_replacing WHERE tenant = ?";
    Write put_replacing = "INSERT INTO block_replacing (tenant, node, boot, id) VALUES (?, ?, ?, ?) USING TTL 600 AND TIMESTAMP ?";
    Write drop_replacing = "DELETE FROM block_replacing USING TIMESTAMP ? WHERE tenant = ? AND node = ? AND boot = ? AND id = ?";
    Read replacements = "SELECT SUM(replaced) FROM block_replacements WHERE tenant = ?";
    Write put_replacements = "INSERT INTO block_replacements (tenant, node, boot, replaced) VALUES (?, ?, ?, ?) USING TIMESTAMP ?";
}
