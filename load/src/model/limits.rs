//! What costs machines, and what ends somewhere.

use super::{
    constants::{Constants, Name as N},
    plan::{Driver, Inputs, Limit},
    sheet::{LEAST_PARTITIONS, Sizes, kept_of},
};

const HOUR: f64 = 3600.0;

/// Machines by what they do, parts of one included.
pub(super) fn drivers(s: &Sizes, c: &Constants) -> Vec<Driver> {
    let by_processors = |name, processors: f64| Driver {
        name,
        machines: processors / c.of(N::Utilisation) / c.of(N::MachineCores),
        bound_by: "processors",
    };
    vec![
        Driver { name: "CQL nodes", machines: s.cql.0, bound_by: s.cql.1 },
        Driver { name: "Kafka brokers", machines: s.brokers.0, bound_by: s.brokers.1 },
        by_processors("detect", s.detect),
        by_processors("ingest", s.ingest),
        by_processors("query", s.query),
    ]
}

/// Everything that has an end, with how near it is.
pub(super) fn limits(i: &Inputs, s: &Sizes, c: &Constants) -> Vec<Limit> {
    let peak = c.of(N::PeakFactor);
    let busy = c.of(N::Utilisation);
    let disk = c.of(N::MachineTerabytes) * c.of(N::DiskFill);
    let hot = i.events_per_node_second * peak * i.skew;
    let tenant_nodes = (i.nodes / i.tenants * i.tenant_skew).min(i.nodes);
    let tenant_peak = (tenant_nodes - 1.0).max(0.0) * i.events_per_node_second * peak + hot;
    let slot_nodes = (tenant_nodes / c.of(N::Slots)).max(1.0);
    let heads = slot_nodes * kept_of(i.events_per_node_second, c) * HOUR * c.of(N::SmallHeadBytes) / 1e6;
    let limit = |name, load, limit, unit, then| Limit { name, load, limit, unit, then };
    vec![
        limit(
            "one process for all, processors",
            s.alone,
            c.of(N::MachineCores) * busy,
            "processors",
            "findings come late; run the roles apart",
        ),
        limit(
            "one process for all, disk",
            (s.log_disk + s.store_disk) / c.of(N::Replication),
            disk,
            "TB",
            "ingest refuses and agents spool; run the roles apart, or keep events for fewer days",
        ),
        limit(
            "one process for all, connections",
            i.nodes,
            c.of(N::Connections),
            "agents",
            "more agents are turned away; several processes of ingest",
        ),
        limit(
            "telemetry_partitions left at 4",
            s.detect,
            LEAST_PARTITIONS * busy,
            "processors",
            "findings come late and further processes of detect stand idle; the number can't be changed later",
        ),
        limit(
            "fullest partition",
            s.fullest,
            1.0,
            "processors",
            "findings of its nodes come late; more partitions",
        ),
        limit(
            "busiest node",
            s.busiest,
            1.0,
            "processors",
            "its partition's findings come late, those of other tenants on it too; a lower quota for nodes",
        ),
        limit(
            "quota of the busiest node",
            hot,
            c.of(N::NodeEvents),
            "events/s",
            "ingest tells it to wait, it spools; ingest.node_events_per_second",
        ),
        limit(
            "quota of the largest tenant",
            tenant_peak,
            c.of(N::TenantEvents),
            "events/s",
            "ingest tells its nodes to wait, they spool; ingest.tenant_events_per_second",
        ),
        limit(
            "nodes of the largest tenant",
            tenant_nodes,
            c.of(N::TenantNodes),
            "nodes",
            "more nodes are refused when they enroll",
        ),
        limit(
            "an hour's slot of heads in CQL",
            heads,
            c.of(N::CqlPartitionMegabytes),
            "MB",
            "searches in that hour are slow until it is merged; a longer query.archive_linger_milliseconds",
        ),
    ]
}
