//! The table in `docs/predict.md`: how well pictures of a data set's images are recognised.
//!
//! `cargo run --release -p fude-predict --no-default-features --example round_trip [set] [epochs]`; the set is a name or a
//! folder.

#[path = "../tests/support/paste.rs"]
mod paste;
#[path = "../tests/support/trained.rs"]
mod trained;

fn main() {
    let set = std::env::args().nth(1).unwrap_or_else(|| "kana".to_owned());
    let epochs = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(30);
    let (mut classifier, test) = trained::trained(&set, epochs);
    println!("{} test images; {}\n", test.len(), classifier.preparer().placement);
    println!("| picture | accuracy | difference |\n|---|---:|---:|");
    let own = paste::accuracy(&mut classifier, &test, &paste::CONDITIONS[0]);
    for condition in &paste::CONDITIONS {
        let found = paste::accuracy(&mut classifier, &test, condition);
        println!("| {} | {:.2} % | {:+.2} |", condition.name, 100.0 * found, 100.0 * (found - own));
    }
}
