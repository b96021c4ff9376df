//! The API that people and the console use: `model` (objects), `query`, `mutation`, `subscription`.
//!
//! Every object holds a [`scope::Scope`], made from a verified session; there is no way from an id in
//! a request to another tenant's rows. What a request may cost is bounded in [`limits`].

pub mod connection;
pub mod errors;
pub mod ids;
pub mod limits;
pub mod model;
pub mod mutation;
pub mod query;
pub mod scalars;
pub mod scope;
pub mod subscription;

use std::sync::Arc;

use crate::{config::Config, metrics::Metrics, state::State};

/// The schema.
pub type Schema = async_graphql::Schema<query::Query, mutation::Mutation, subscription::Subscription>;

fn builder(
    config: &Config,
    metrics: Metrics,
) -> async_graphql::SchemaBuilder<query::Query, mutation::Mutation, subscription::Subscription> {
    let limits = config.limits;
    Schema::build(query::Query, mutation::Mutation::default(), subscription::Subscription)
        .limit_depth(limits.depth)
        .limit_complexity(limits.complexity)
        .limit_directives(limits.directives)
        .limit_recursive_depth(4 * limits.depth)
        .disable_suggestions()
        .extension(limits::Guard { limits, timeout: config.query_timeout(), metrics })
}

/// The schema, answering from `state`.
pub fn schema(state: Arc<State>) -> Schema {
    builder(&state.config, state.metrics.clone()).data(state).finish()
}

/// The schema as text.
pub fn sdl() -> String {
    let schema = builder(&Config::default(), Metrics::unregistered()).finish();
    let header =
        "# The API of Vedetta. Written by `make gen` from services/query; CI fails when it is stale.\n\n";
    format!("{header}{}\n", schema.sdl().trim())
}
