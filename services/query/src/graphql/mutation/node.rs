//! Taking nodes out.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use vedetta_api::tenant::v1;
use vedetta_model::NodeId;

use super::{ask, shown};
use crate::graphql::{
    errors::{Answer, UserError},
    ids::Kind,
    model::WatchedNode,
    scope::Scope,
};

/// Decisions about nodes.
#[derive(Debug, Clone, Copy, Default)]
pub struct NodeMutation;

/// See `removeNode`.
#[derive(Debug, InputObject)]
pub struct RemoveNodeInput {
    node_id: ID,
    reason: Option<String>,
}

/// The node afterwards.
#[derive(Debug, Default, SimpleObject)]
pub struct WatchedNodePayload {
    watched_node: Option<WatchedNode>,
    user_errors: Vec<UserError>,
}

#[Object]
impl NodeMutation {
    async fn remove_node(&self, context: &Context<'_>, input: RemoveNodeInput) -> Answer<WatchedNodePayload> {
        let refusal = |user_errors| WatchedNodePayload { watched_node: None, user_errors };
        let scope = Scope::from_context(context)?;
        let Some(id) = scope.key::<NodeId>(Kind::WatchedNode, &input.node_id) else {
            return Ok(refusal(vec![UserError::not_found("node", "nodeId")]));
        };
        let request =
            v1::RemoveNodeRequest { node: id.to_string(), reason: input.reason.unwrap_or_default() };
        match ask(&scope, request, |mut client, request| async move { client.remove_node(request).await })
            .await?
        {
            Err(errors) => Ok(refusal(errors)),
            Ok(decided) => {
                let user_errors = shown(&scope, Some(&decided)).await?;
                let node = scope.views().watched_node(&id).await?.map(|node| WatchedNode::of(&scope, node));
                Ok(WatchedNodePayload { watched_node: node, user_errors })
            }
        }
    }
}
