# cargo, rustc and clippy; no crates are needed.

fail_rust_borrow() {
  root 'error[E0382]: borrow of moved value: `items`'
  cargo init --quiet --vcs none --name shop 2>/dev/null
  file src/main.rs <<'RS'
fn main() {
    let items = vec![1, 2, 3];
    let error_count = 0;
    let moved = items;
    println!("{} {}", items.len(), moved.len());
}
RS
  cargo build
}

fail_rust_test() {
  codearts 'Cargo构建:official_shell_cargo'
  root "thread 'tests::total_is_right'"
  root 'assertion `left == right` failed'
  cargo init --quiet --lib --vcs none --name shop 2>/dev/null
  file src/lib.rs <<'RS'
pub fn total(n: i32) -> i32 {
    n * 2
}

#[cfg(test)]
mod tests {
    #[test]
    #[should_panic]
    fn panics_on_error() { panic!("expected error"); }
    #[test]
    fn total_is_right() {
        assert_eq!(super::total(2), 5);
    }
}
RS
  cargo test
}

fail_rust_panic() {
  root 'called `Result::unwrap()` on an `Err` value: ParseIntError'
  cargo init --quiet --vcs none --name shop 2>/dev/null
  printf 'fn main() {\n    let n: i32 = "three".parse().unwrap();\n    println!("{n}");\n}\n' >src/main.rs
  cargo run
}

fail_rust_crate() {
  root 'error: no matching package named `payments-of-the-shop` found'
  cargo init --quiet --vcs none --name shop 2>/dev/null
  mkdir -p vendor
  printf '[dependencies]\npayments-of-the-shop = "1"\n' >>Cargo.toml
  sed -i '0,/\[dependencies\]/{/\[dependencies\]/d}' Cargo.toml
  mkdir .cargo && printf '[source.crates-io]\nreplace-with = "vendored"\n[source.vendored]\ndirectory = "vendor"\n' >.cargo/config.toml
  cargo build
}

fail_rust_clippy() {
  codearts 'Cargo构建:official_shell_cargo'
  root 'error: the loop variable `i` is only used to index `prices`'
  cargo init --quiet --vcs none --name shop 2>/dev/null
  printf 'fn main() {\n    let prices = [1, 2, 3];\n    for i in 0..3 {\n        println!("{}", prices[i]);\n    }\n}\n' >src/main.rs
  cargo clippy -- -D warnings
}

fail_rust_manifest() {
  root 'error: invalid type: integer `1`, expected SemVer version'
  mkdir src && echo 'fn main() {}' >src/main.rs
  printf '[package]\nname = "shop"\nversion = 1\nedition = "2021"\n' >Cargo.toml
  cargo build
}

pass_rust_warnings() {
  cargo init --quiet --lib --vcs none --name error_lib 2>/dev/null
  file src/lib.rs <<'RS'
pub fn fatal_error() -> Result<(), String> {
    let unused = 1;
    Err("error: not an error".into())
}
#[test]
fn fails_with_error() {
    println!("ERROR printed by a test");
    assert!(fatal_error().is_err());
}
#[test]
#[should_panic(expected = "failed")]
fn panics() { panic!("assertion failed: on purpose"); }
RS
  cargo test -- --nocapture
}
