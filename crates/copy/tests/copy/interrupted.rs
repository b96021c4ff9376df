//! A copy that is cut at every single step, and goes on.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use vedetta_copy::{Side, State};
use vedetta_log::{Topic, layers as log_layers};
use vedetta_store::{MemoryStore, layers as store_layers};

use crate::support::{Place, by_key, copy_of, group, plan, settle, unread, whole};

/// A future that is dropped after so many polls, as a process is that gets killed.
pub struct Cut<F> {
    future: Option<Pin<Box<F>>>,
    polls: usize,
}

impl<F: Future> Cut<F> {
    pub fn after(polls: usize, future: F) -> Self {
        Self { future: Some(Box::pin(future)), polls }
    }
}

impl<F: Future> Future for Cut<F> {
    /// `None` when it was cut.
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(polls) = self.polls.checked_sub(1) else {
            self.future = None;
            return Poll::Ready(None);
        };
        self.polls = polls;
        match self.future.as_mut().expect("it was not cut").as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => Poll::Pending,
        }
    }
}

/// The same place, but every call takes a while: so there is a moment between any two of them at which to cut.
pub fn slow(place: &Place, name: &'static str) -> Side {
    let delay = Duration::from_millis(1);
    let faults = log_layers::Faults { slow: 1.0, delay, ..Default::default() };
    let log = Arc::new(log_layers::Chaos::new(place.log.clone(), faults, 7));
    let faults = store_layers::Faults { slow: 1.0, delay, ..Default::default() };
    let store: Arc<store_layers::Chaos<MemoryStore>> =
        Arc::new(store_layers::Chaos::new(place.store.clone(), faults, 7));
    Side { name, log, events: store.clone(), views: store.clone(), blocks: store }
}

#[tokio::test(start_paused = true)]
async fn cut_anywhere_and_begun_again_it_ends_with_the_same() {
    let source = Place::new();
    settle(&source.side("source"), 3).await;
    let steps = {
        let target = Place::new();
        let copy = copy_of(source.side("source"), slow(&target, "target"), plan());
        let mut steps = 1;
        while Cut::after(steps, whole(&copy)).await.is_none() {
            let target = Place::new();
            steps *= 2;
            let copy = copy_of(source.side("source"), slow(&target, "target"), plan());
            if let Some(done) = Cut::after(steps, whole(&copy)).await {
                done.unwrap();
                break;
            }
        }
        steps
    };
    assert!(steps > 64, "{steps} steps: a copy has more");
    let mut done = 0;
    for polls in 0..steps {
        let target = Place::new();
        let copy = copy_of(source.side("source"), slow(&target, "target"), plan());
        if let Some(whole) = Cut::after(polls, whole(&copy)).await {
            whole.unwrap();
            done += 1;
            if done > 3 {
                break;
            }
            continue;
        }
        // Once more by half, and then to its end.
        let copy = copy_of(source.side("source"), slow(&target, "target"), plan());
        let _ = Cut::after(polls / 2, whole(&copy)).await;
        let copy = copy_of(source.side("source"), target.side("target"), plan());
        whole(&copy).await.unwrap_or_else(|error| panic!("cut after {polls} polls: {error}"));
        for topic in [Topic::TELEMETRY, Topic::FINDINGS, Topic::CONTROL] {
            let same = by_key(&source.log, &topic).await == by_key(&target.log, &topic).await;
            assert!(same, "cut after {polls} polls, {topic} is another");
        }
        let (from, to) = (&source.log, &target.log);
        for name in ["detect", "nodes", "never"] {
            let same = unread(from, &group(name), &Topic::TELEMETRY).await
                == unread(to, &group(name), &Topic::TELEMETRY).await;
            assert!(same, "cut after {polls} polls, {name} goes on elsewhere");
        }
    }
    assert!(done > 0, "it was cut each time");
}

#[tokio::test]
async fn what_is_done_is_not_written_again() {
    let (source, target) = (Place::new(), Place::new());
    settle(&source.side("source"), 3).await;
    let copy = copy_of(source.side("source"), target.side("target"), plan());
    assert_eq!(copy.look().await.unwrap(), State::New);
    assert_eq!(whole(&copy).await.unwrap(), State::New);
    assert_eq!(copy.look().await.unwrap(), State::Done);
    assert_eq!(copy.run().await.unwrap(), State::Done);
    copy.verify().await.unwrap();
}
