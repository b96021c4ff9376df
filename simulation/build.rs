//! The program's own `getrandom` has to be what its libraries find as well.

fn main() {
    println!("cargo::rustc-link-arg-bins=-rdynamic");
}
