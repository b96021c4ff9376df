//! Whole systems for tests: real listeners on free ports, a real log and store in a scratch folder,
//! a real agent as a child process. Start with [`Sandbox`].

mod agent;
pub mod apart;
pub mod attack;
mod await_until;
pub mod disk;
pub mod letters;
mod sandbox;

pub use agent::{Agent, binary};
pub use await_until::{DEADLINE, until};
pub use sandbox::{Form, Place, Sandbox, Servers};
pub use vedetta_load::{
    client::Client,
    held::{Held, held},
};

/// Makes a test of each function in the forms that differ most: all roles in one process on the embedded log and store, and
/// every role apart on Kafka and a CQL database.
#[macro_export]
macro_rules! in_both_forms {
    ($($test:ident),+ $(,)?) => {
        $crate::in_both_forms!(@ in_one_process One $($test)+);
        $crate::in_both_forms!(@ on_a_cluster Cluster $($test)+);
    };
    (@ $module:ident $form:ident $($test:ident)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() -> anyhow::Result<()> {
                    super::$test($crate::Form::$form).await
                }
            )+
        }
    };
}
