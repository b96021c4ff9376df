use std::{sync::Arc, time::Instant};
use vedetta_model::SystemClock;
use vedetta_store_scylla::{ScyllaStore, migrate, testing::Keyspace};
#[tokio::main]
async fn main() {
    for _ in 0..2 {
        let t = Instant::now();
        let k = Keyspace::unmade();
        let s = k.session().await;
        println!("session {:?}", t.elapsed());
        let t = Instant::now();
        migrate(&k.url(), &SystemClock).await.unwrap();
        println!("migrate {:?}", t.elapsed());
        let t = Instant::now();
        let store = ScyllaStore::open(&k.url(), Arc::new(SystemClock)).await.unwrap();
        println!("open {:?}", t.elapsed());
        drop(store);
        let t = Instant::now();
        s.query_unpaged(format!("CREATE TABLE {}.x (a int primary key)", k.name()), ()).await.unwrap();
        println!("table {:?}", t.elapsed());
        let t = Instant::now();
        drop(k);
        println!("drop {:?}", t.elapsed());
    }
}
