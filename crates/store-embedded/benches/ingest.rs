//! Durable changes of view rows per second, beside writing and syncing the same bytes.
//!
//! `cargo bench -p vedetta-store-embedded [-- DIR]`.

use std::{
    fs::File,
    io::Write as _,
    path::{Path, PathBuf},
    time::Instant,
};

use vedetta_embedded::{Database, Options};
use vedetta_model::TenantId;
use vedetta_store::{Checkpoint, View, ViewChange, ViewKey, ViewStore as _};
use vedetta_store_embedded::EmbeddedStore;

const ROUNDS: u64 = 7;
const APPLIES: u64 = 100;
const KEY: usize = 24;
const VALUE: usize = 100;

#[tokio::main]
async fn main() {
    let dir: PathBuf = std::env::args()
        .skip(1)
        .find(|arg| !arg.starts_with("--"))
        .map_or_else(std::env::temp_dir, Into::into);
    let root = tempfile::tempdir_in(Path::new(&dir)).unwrap();
    let tenant: TenantId = "bench".parse().unwrap();
    println!("{:<24} {:>12} {:>14} {:>7}", "changes in one apply", "rows/s", "bare rows/s", "ratio");
    for rows in [100_u64, 1_000, 10_000] {
        let db = Database::open(&root.path().join(rows.to_string()), Options::default()).unwrap();
        let store = EmbeddedStore::open(&db).await.unwrap();
        let mut file = File::create(root.path().join("bare")).unwrap();
        let (mut rates, mut bare_rates, mut next) = (vec![], vec![], 0);
        for round in 0..=ROUNDS {
            let began = Instant::now();
            for _ in 0..APPLIES {
                file.write_all(&vec![0x5a; rows as usize * (KEY + VALUE)]).unwrap();
                file.sync_data().unwrap();
            }
            let bare = (rows * APPLIES) as f64 / began.elapsed().as_secs_f64();

            // Made before the clock starts: what is measured is the store.
            let batches: Vec<Vec<ViewChange>> = (0..APPLIES)
                .map(|apply| {
                    let change = |row: u64| {
                        let number = (round * APPLIES + apply) * rows + row;
                        let key = format!("{:0KEY$x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
                        ViewChange::Put {
                            key: ViewKey::new(&tenant, View("bench"), key),
                            value: vec![row as u8; VALUE].into(),
                        }
                    };
                    (0..rows).map(change).collect()
                })
                .collect();
            let began = Instant::now();
            for changes in &batches {
                next += 1;
                let checkpoint = Checkpoint { projection: "bench".into(), source: "bench/0".into(), next };
                store.apply(changes, &checkpoint).await.unwrap();
            }
            let rate = (rows * APPLIES) as f64 / began.elapsed().as_secs_f64();
            if round > 0 {
                rates.push(rate);
                bare_rates.push(bare);
            }
        }
        let median = |values: &mut Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let (rate, bare) = (median(&mut rates), median(&mut bare_rates));
        println!("{rows:<24} {rate:>12.0} {bare:>14.0} {:>7.2}", rate / bare);
        store.close().await;
        db.close().await;
    }
}
