//! A folder with log, streams, views and blocks, and everything that can happen to a file in it: gone, cut, a bit turned.
//! Either the opening is refused, names the file and changes nothing, or everything is there but what is named as damaged.
//! Nothing is ever wrong, missing without a word, or a panic.

mod contents;
mod faults;

use std::{fmt::Write as _, panic::AssertUnwindSafe};

use futures::FutureExt as _;
use vedetta_embedded::OpenError;

use self::{
    contents::{Contents, open},
    faults::Folder,
};

#[derive(Debug, Default)]
struct Outcomes {
    unharmed: u64,
    refused: u64,
    named: u64,
}

impl Outcomes {
    const fn add(&mut self, other: &Self) {
        self.unharmed += other.unharmed;
        self.refused += other.refused;
        self.named += other.named;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_happens_to_a_file_is_said_or_harmless() {
    // In memory: it is about what is read, and every opening syncs.
    let root = tempfile::tempdir_in("/dev/shm").unwrap();
    let whole = Folder(root.path().join("whole"));
    let contents = Contents::default();
    contents.write(&whole.0).await;
    let cases = faults::cases(&whole);
    let mut outcomes = Outcomes::default();
    let mut wrong = String::new();
    for (file, fault) in &cases {
        let copy = whole.copy_to(&root.path().join("copy"));
        fault.happen(&copy.0.join(file));
        let mut outcome = Outcomes::default();
        let mut checked = AssertUnwindSafe(check(&contents, &copy, &mut outcome)).catch_unwind().await;
        if outcome.refused > 0 {
            // What was refused has been left as it was: with the file from a backup all is there again.
            std::fs::copy(whole.0.join(file), copy.0.join(file)).unwrap();
            let mut again = Outcomes::default();
            checked = AssertUnwindSafe(check(&contents, &copy, &mut again)).catch_unwind().await;
            if again.unharmed == 0 && matches!(checked, Ok(Ok(()))) {
                checked = Ok(Err(format!("put right after the refusal: {again:?}")));
            }
        }
        outcomes.add(&outcome);
        let what = match checked {
            Ok(Ok(())) => continue,
            Ok(Err(what)) => what,
            Err(_) => "it panicked".to_owned(),
        };
        writeln!(wrong, "{fault:?} of {}: {what}", file.display()).unwrap();
    }
    println!("{} cases: {outcomes:?}", cases.len());
    assert!(wrong.is_empty(), "{} cases, {outcomes:?}:\n{wrong}", cases.len());
    let Outcomes { unharmed, refused, named } = outcomes;
    assert!(unharmed > 5 && refused > 50 && named >= 10, "{outcomes:?} of {} proves little", cases.len());
}

async fn check(contents: &Contents, folder: &Folder, outcomes: &mut Outcomes) -> Result<(), String> {
    let database = match open(&folder.0) {
        Ok(database) => database,
        Err(OpenError::Damaged { file, what }) if file.starts_with(&folder.0) && !what.is_empty() => {
            outcomes.refused += 1;
            return Ok(());
        }
        Err(error) => return Err(format!("it does not say what is damaged: {error}")),
    };
    let read = contents.read(&database).await;
    database.close().await;
    match read? {
        0 => outcomes.unharmed += 1,
        _ => outcomes.named += 1,
    }
    Ok(())
}
