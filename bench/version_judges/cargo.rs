// Cargo's own crate `semver`. Reads lines of two fields, prints what `oakum debug version|range cargo` would.
use semver::{Version, VersionReq};
use std::io::Read;
fn main() {
    let mode = std::env::args().nth(1).unwrap();
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    for line in text.lines() {
        let (a, b) = line.split_once('\t').unwrap();
        let said = if mode == "version" {
            match (Version::parse(a), Version::parse(b)) {
                (Ok(a), Ok(b)) => match a.cmp_precedence(&b) { std::cmp::Ordering::Less => "<", std::cmp::Ordering::Equal => "=", _ => ">" },
                _ => "!",
            }
        } else {
            match (VersionReq::parse(a), Version::parse(b)) {
                (Ok(r), Ok(v)) => if r.matches(&v) { "yes" } else { "no" },
                _ => "!",
            }
        };
        println!("{}", said);
    }
}
