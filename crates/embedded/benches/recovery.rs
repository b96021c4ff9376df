//! How long opening takes after a kill, beside reading the journals that have to be replayed.
//!
//! `cargo bench -p vedetta-embedded --bench recovery`. `VEDETTA_BENCH_MIB` says how much is written (1024).

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use vedetta_embedded::{Database, Error, Growth, Options, Values};

const WRITER: &str = "VEDETTA_BENCH_WRITER";
const VALUE: usize = 64 << 10;
const ROUNDS: usize = 5;

fn main() {
    let mib = std::env::var("VEDETTA_BENCH_MIB").map_or(1024, |text| text.parse().expect("a number of MiB"));
    if let Ok(dir) = std::env::var(WRITER) {
        return write(Path::new(&dir), mib);
    }
    let root = tempfile::tempdir().expect("a scratch folder");
    let dir = root.path().join("db");
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .env(WRITER, &dir)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a writer");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its words"))
        .read_line(&mut line)
        .expect("that it has written");
    child.kill().and_then(|()| child.wait()).expect("its end");

    let journals = journals(&dir);
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let read: u64 = journals.iter().map(|file| read(file)).sum();
        let reading = began.elapsed();
        let copy = root.path().join("copy");
        let copied = Command::new("cp").args(["-r", "--sparse=auto"]).args([&dir, &copy]).status();
        assert!(copied.is_ok_and(|status| status.success()), "a copy for each opening");
        let began = Instant::now();
        let database = Database::open(&copy, Options::default()).expect("it opens");
        took.push((began.elapsed(), reading, read));
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(database.close());
        std::fs::remove_dir_all(copy).expect("its removal");
    }
    took.sort();
    let (opening, reading, bytes) = took[ROUNDS / 2];
    let ratio = opening.as_secs_f64() / reading.as_secs_f64();
    println!(
        "{mib} MiB written, {} MiB of journals to look through: opened in {opening:.0?}, {:.0?} a GiB of data; \
         reading those journals alone {reading:.0?} (ratio {ratio:.1})",
        bytes >> 20,
        Duration::from_secs_f64(opening.as_secs_f64() * 1024.0 / f64::from(mib)),
    );
}

fn write(dir: &Path, mib: u32) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let database = Database::open(dir, Options::default()).expect("it opens");
    let space = database.space("s", Values::Large).expect("a space");
    runtime.block_on(async {
        let mut noise = 1_u64;
        for n in 0..u64::from(mib) * (1 << 20) / VALUE as u64 {
            let value: Vec<u8> = std::iter::repeat_with(|| {
                noise ^= noise << 13;
                noise ^= noise >> 7;
                noise ^= noise << 17;
                noise.to_le_bytes()
            })
            .take(VALUE / 8)
            .flatten()
            .collect();
            let written = database.write(VALUE, Growth::Grows, move |txn| {
                txn.put(space, n.to_be_bytes().to_vec(), value);
                Ok::<_, Error>(())
            });
            written.await.flatten().expect("room on the disk");
        }
    });
    println!("written");
    loop {
        std::thread::park();
    }
}

fn journals(dir: &Path) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(dir).expect("the folder").flatten().map(|entry| entry.path());
    files.filter(|file| file.extension().is_some_and(|ext| ext == "jnl")).collect()
}

/// Bytes of a file that hold something.
fn read(file: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    let held = file.metadata().expect("a journal").blocks() * 512;
    let mut bytes = Vec::new();
    let mut file = std::fs::File::open(file).expect("a journal").take(held);
    file.read_to_end(&mut bytes).expect("a journal") as u64
}
