//! `fude bench` in small.

use crate::home::{Home, Ran, json_file};
use serde_json::Value;

/// What a row must say of itself.
const KEYS: [&str; 13] = [
    "experiment",
    "engine",
    "device_kind",
    "device",
    "epoch_seconds_median",
    "step_ms",
    "samples_per_second",
    "gflops",
    "peak_fraction",
    "dispatches_per_step",
    "first_step_seconds",
    "device_bytes",
    "host_peak_bytes",
];

fn bench(home: &Home, flags: &str) -> (Ran, Value) {
    let common = "bench --data kana --set data.limit=500 --engine fused --device cpu --json bench.json";
    let ran = home.fude(&format!("{common} {flags}")).ends_with(0);
    let report = json_file(&home.path("bench.json"));
    (ran, report)
}

fn home() -> Home {
    let home = Home::new();
    for name in ["a", "b"] {
        home.write(&format!("{name}.toml"), format!("name = \"{name}\"\ndataset = \"kmnist\"\nmodel.hidden = [16]\n"));
    }
    home
}

#[test]
fn every_row_has_its_figures_and_is_shown() {
    let home = home();
    let (ran, report) = bench(&home, "--epochs 2 --experiment a.toml --experiment b.toml --seeds 3");
    let rows = report["rows"].as_array().unwrap();
    assert_eq!(report.as_object().unwrap().keys().collect::<Vec<_>>(), ["machine", "rows"]);
    let named: Vec<(&str, u64)> =
        rows.iter().map(|row| (row["experiment"].as_str().unwrap(), row["models"].as_u64().unwrap())).collect();
    assert_eq!(named, [("a", 1), ("a", 3), ("b", 1), ("b", 3)]);
    for row in rows {
        let found: Vec<&String> = row.as_object().unwrap().keys().take(KEYS.len()).collect();
        assert_eq!(found, KEYS);
        assert_eq!(
            (&row["engine"], &row["device_kind"], &row["images"]),
            (&"fused".into(), &"cpu".into(), &500.into())
        );
        let positive = ["epoch_seconds_median", "step_ms", "gflops", "peak_fraction", "first_step_seconds"];
        assert!(positive.iter().all(|key| row[key].as_f64() > Some(0.0)), "{row}");
        assert_eq!(row["epoch_seconds"].as_array().unwrap().len(), 2);
        assert!(row["device_bytes"].as_u64() > Some(500 * 784) && row["dispatches_per_step"].is_null(), "{row}");
        assert_eq!(row["host_peak_bytes"].is_u64(), cfg!(target_os = "linux"));
    }
    assert!(report["machine"]["sgemm_gflops"].as_f64() > Some(0.0), "{}", report["machine"]);
    for expected in
        ["fused x3", "a: fused on the cpu, 3 models at once is ", "one after the other", "2 after one to warm up"]
    {
        assert!(ran.stdout.contains(expected), "{expected} is missing in {}", ran.stdout);
    }
    ran.says(&["note: a: 500 images of kana", "note: b, fused on the cpu, 3 models"]);
}

#[test]
fn what_cannot_be_measured_is_said_and_the_rest_is_measured() {
    let home = home();
    let (ran, report) = bench(&home, "--epochs 1 --experiment a.toml --device nosuchthing --peer no-such-program");
    assert_eq!(report["rows"].as_array().unwrap().len(), 1);
    ran.says(&[
        "warning: a, fused on nosuchthing: no device has 'nosuchthing' in its name",
        "warning: a, no-such-program: cannot start no-such-program: ",
    ]);
    let nothing =
        home.fude("bench --experiment a.toml --data kana --set data.limit=90 --engine fused --device nosuchthing");
    nothing.ends_with(1).says(&["error: nothing was measured: "]);
    home.fude("bench --experiment a.toml --data nowhere").ends_with(1).says(&["error: folder nowhere not found"]);
    home.fude("bench --experiment a.toml --set train.batch=0").ends_with(2).says(&["error: --set train.batch=0: "]);
}

/// A program that reads the order and the images' sizes, and claims an epoch of half a second.
#[cfg(unix)]
const PEER: &str = r#"
read -r order
set -- $(printf '%s' "$order" | sed 's/.*"pixels":"\([^"]*\)","labels":"\([^"]*\)".*/\1 \2/')
echo "{\"engine\": \"shell\", \"device\": \"sh\", \"device_kind\": \"cpu\", \"images\": $(wc -c < "$2"), \"detail\": \"$(wc -c < "$1")\"}"
while read -r line; do echo '{"epoch_seconds": 0.5}'; done
echo '{"host_peak_bytes": 7}'
"#;

#[cfg(unix)]
#[test]
fn a_program_that_speaks_the_protocol_is_one_more_row() {
    let home = home();
    home.write("peer.sh", PEER);
    home.write("liar.sh", "read -r order; echo '{\"error\": \"I am tired\"}'");
    home.write("mute.sh", "read -r order; exit 5");
    let peers = ["peer", "liar", "mute"].map(|name| format!("--peer 'sh {name}.sh'"));
    let flags = "bench --data kana --set data.limit=500 --engine fused --device cpu --json bench.json --epochs 1 --experiment a.toml";
    let arguments: Vec<String> = flags.split(' ').map(str::to_owned).collect();
    let peers = peers.iter().flat_map(|peer| {
        let (flag, command) = peer.split_once(' ').unwrap();
        [flag.to_owned(), command.trim_matches('\'').to_owned()]
    });
    let arguments: Vec<String> = arguments.into_iter().chain(peers).collect();
    let mut command = home.command("");
    let ran = Ran::of(&command.args(&arguments).output().unwrap()).ends_with(0);
    let rows = json_file(&home.path("bench.json"))["rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 2);
    let row = &rows[1];
    assert_eq!((&row["engine"], &row["device"], &row["detail"]), (&"shell".into(), &"sh".into(), &"392000".into()));
    assert_eq!((&row["epoch_seconds_median"], &row["host_peak_bytes"]), (&0.5.into(), &7.into()));
    assert!(ran.stdout.contains("times as fast as shell on the cpu"), "{}", ran.stdout);
    ran.says(&[
        "a, sh liar.sh: I am tired",
        "a, sh mute.sh: expected that it is ready, found its end (exit status: 5)",
    ]);
}
