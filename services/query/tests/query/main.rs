//! The role as its users see it: records in, rows and answers out.

mod activity;
mod api;
mod damaged;
mod dead_letters;
mod isolation;
mod limits;
mod live;
mod login;
mod node_views;
mod projections;
mod schema;
mod sockets;
mod support;
