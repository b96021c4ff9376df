//! Makes sure that there is a console to embed: without a built one, a page that says how to build it.

use std::{fs, io, path::Path, time::SystemTime};

const PLACEHOLDER: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Vedetta</title></head>\
<body><h1>The console is not built</h1><p>Run <code>make</code> and start Vedetta again.</p></body></html>\n";

fn main() -> io::Result<()> {
    let dist = Path::new("../../web-ui/dist");
    println!("cargo::rerun-if-changed=../../web-ui/dist/index.html");
    let index = dist.join("index.html");
    if !index.exists() {
        fs::create_dir_all(dist)?;
        fs::write(&index, PLACEHOLDER)?;
        // Older than any source: make still builds the real one.
        fs::File::options().write(true).open(index)?.set_modified(SystemTime::UNIX_EPOCH)?;
    }
    Ok(())
}
