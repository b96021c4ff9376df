//! What a document may hold, beside depth and complexity, and who may look at the schema.

use std::{any::TypeId, sync::Arc, time::Duration};

use async_graphql::{
    Request, Response, ServerError, ServerResult, ValidationResult, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextPrepareRequest,
        NextValidation,
    },
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};
use vedetta_api::Code;

use super::scope::Scope;
use crate::{config::Limits, metrics::Metrics};

/// Refuses documents with too many aliases or directives, introspection without a session, and
/// operations that take too long, whichever way they came.
#[derive(Debug, Clone)]
pub struct Guard {
    /// What is allowed.
    pub limits: Limits,
    /// Longest run of one operation, and of one event of a subscription.
    pub timeout: Duration,
    /// Counters.
    pub metrics: Metrics,
}

impl ExtensionFactory for Guard {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Extension for Guard {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let signed_in =
            ctx.data_opt::<Scope>().is_some() || request.data.contains_key(&TypeId::of::<Scope>());
        let request = if signed_in { request } else { request.disable_introspection() };
        next.run(ctx, request).await
    }

    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let checked = match next.run(ctx, query, variables).await {
            Ok(document) => self.check(&document).map(|()| document),
            Err(error) => Err(error),
        };
        checked.map_err(|mut error| {
            self.metrics.refused.inc();
            set_code(&mut error, Code::Invalid);
            error
        })
    }

    async fn validation(
        &self,
        ctx: &ExtensionContext<'_>,
        next: NextValidation<'_>,
    ) -> Result<ValidationResult, Vec<ServerError>> {
        let mut result = next.run(ctx).await;
        if let Err(errors) = &mut result {
            self.metrics.refused.inc();
            for error in errors {
                set_code(error, Code::Invalid);
            }
        }
        result
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        match tokio::time::timeout(self.timeout, next.run(ctx, operation_name)).await {
            Ok(response) => response,
            Err(_) => {
                self.metrics.timeouts.inc();
                let mut error = ServerError::new("this takes too long; ask for less", None);
                set_code(&mut error, Code::Exhausted);
                Response::from_errors(vec![error])
            }
        }
    }
}

impl Guard {
    fn check(&self, document: &ExecutableDocument) -> ServerResult<()> {
        let mut sum = Sum::default();
        for (_, operation) in document.operations.iter() {
            sum.directives += operation.node.directives.len();
            sum.add(&operation.node.selection_set.node);
        }
        for fragment in document.fragments.values() {
            sum.directives += fragment.node.directives.len();
            sum.add(&fragment.node.selection_set.node);
        }
        let refuse = |what: &str, found: usize, allowed: usize| {
            Err(ServerError::new(
                format!("the document has {found} {what}, more than the {allowed} allowed"),
                None,
            ))
        };
        if sum.aliases > self.limits.aliases {
            return refuse("aliases", sum.aliases, self.limits.aliases);
        }
        if sum.directives > self.limits.directives {
            return refuse("directives", sum.directives, self.limits.directives);
        }
        Ok(())
    }
}

fn set_code(error: &mut ServerError, code: Code) {
    error.extensions.get_or_insert_default().set("code", code.as_str());
}

#[derive(Default)]
struct Sum {
    aliases: usize,
    directives: usize,
}

impl Sum {
    /// The parser has bounded the nesting.
    fn add(&mut self, set: &SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    self.aliases += usize::from(field.node.alias.is_some());
                    self.directives += field.node.directives.len();
                    self.add(&field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => {
                    self.directives += fragment.node.directives.len();
                    self.add(&fragment.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) => self.directives += spread.node.directives.len(),
            }
        }
    }
}
