//! Bad experiment files and arguments: file, line, nearest key, exit code 2, nothing written.

use crate::home::Home;

/// What is wrong, the line added to `small.toml` (its 6th), more arguments, and what must be said.
const CASES: &[(&str, &str, &str, &[&str])] = &[
    (
        "an unknown key",
        "train.batchsize = 5",
        "",
        &["small.toml, line 6: unknown key `batchsize`", "did you mean `batch`?"],
    ),
    (
        "an unknown section",
        "trian.epochs = 5",
        "",
        &["small.toml, line 6: unknown key `trian`", "did you mean `train`?"],
    ),
    (
        "an unknown value",
        "train.optimizer = \"adm\"",
        "",
        &["small.toml, line 6: unknown value `adm`", "did you mean `adam`?"],
    ),
    (
        "a bad range",
        "model.dropout = 1.5",
        "",
        &["small.toml, line 6: model.dropout: expected a probability in [0, 1), found 1.5"],
    ),
    (
        "a sum of layers of two widths",
        "model.residual = true",
        "",
        &["small.toml, line 6: model.residual: expected two neighbouring hidden layers of one width, as a sum needs"],
    ),
    ("an empty layer", "train.beta2 = 1.0", "", &["line 6: train.beta2: expected a number in [0, 1), found 1"]),
    (
        "a wrong type",
        "train.seed = \"one\"",
        "",
        &["small.toml, line 6: expected a whole number, found the text \"one\""],
    ),
    ("a negative number", "train.warmup_steps = -1", "", &["small.toml, line 6: "]),
    ("no TOML", "train.seed = ", "", &["small.toml, line 6: "]),
    ("a key twice", "train.epochs = 3", "", &["small.toml, line 6: duplicate key"]),
    ("a name that leaves the folder", "", "--set name=../x", &["--set name=../x: name: expected letters"]),
    (
        "a bad --set range",
        "",
        "--set train.batch=0",
        &["--set train.batch=0: train.batch: expected 1 to 65536 images, found 0"],
    ),
    ("a bad --set key", "", "--set train.bach=5", &["--set train.bach=5: unknown key `bach`", "did you mean `batch`?"]),
    (
        "a bad --set type",
        "",
        "--set train.batch=many",
        &["--set train.batch=many: expected a whole number, found the text \"many\""],
    ),
    (
        "a wrong key among good flags",
        "",
        "--set learning_rate=1 --data images --epochs 3",
        &["error: --set learning_rate=1: unknown key `learning_rate`"],
    ),
    (
        "a wrong key in a dry run",
        "",
        "--set train.bach=1 --fast-dev-run",
        &["error: --set train.bach=1: unknown key `bach`"],
    ),
    ("a --set without a value", "", "--set train.batch", &["expected key=value, found 'train.batch'"]),
    ("no epochs", "", "--epochs 0", &["error: --epochs 0: train.epochs: expected 1 to 1000000, found 0"]),
    ("a section that is a value", "", "--set name.x=1", &["--set name.x=1: 'name' is a value, not a section"]),
    ("a seed that is no number", "", "--seed abc", &["invalid value 'abc' for '--seed <S>': expected a whole number"]),
    ("a negative seed", "", "--seed=-1", &["invalid value '-1' for '--seed"]),
    ("an unknown engine", "", "--engine torch", &["invalid value 'torch' for '--engine", "; or auto"]),
    ("an unknown flag", "", "--epoch 5", &["unexpected argument '--epoch'", "--epochs"]),
    ("a dry run of a resumed one", "", "--fast-dev-run --resume", &["cannot be used with"]),
    (
        "an unknown fallback",
        "fallback = \"mnist\"",
        "",
        &["line 6: fallback: expected 'kana', the built-in set, found mnist"],
    ),
    ("stopping on test by accident", "early_stopping.monitor = \"test_loss\"", "", &["eval.test_each_epoch = true"]),
    (
        "stopping without validation images",
        "early_stopping.patience = 3",
        "--set data.validation_fraction=0",
        &["data.validation_fraction over 0"],
    ),
];

#[test]
fn bad_experiments_are_told_with_file_line_and_the_nearest_key() {
    let home = Home::new();
    home.idx_folder(100, 20);
    for (what, line, arguments, fragments) in CASES {
        home.small_experiment(line);
        let before = home.snapshot();
        let ran = home.fude(&format!("train small.toml {arguments}"));
        assert_eq!(ran.code, Some(2), "{what}: {}", ran.stderr);
        for fragment in *fragments {
            assert!(ran.stderr.contains(fragment), "{what}: expected '{fragment}' in {}", ran.stderr);
        }
        assert!(home.snapshot() == before, "{what}: something was written");
    }
}

#[test]
fn check_and_summary_find_the_same_faults() {
    let home = Home::new();
    home.small_experiment("train.batchsize = 5");
    for command in ["check", "summary"] {
        home.fude(&format!("{command} small.toml")).ends_with(2).says(&["line 6: unknown key `batchsize`"]);
    }
    home.fude("train nosuch.toml").ends_with(2).says(&["nosuch.toml: cannot be read"]);
    home.fude("train").ends_with(2).says(&["required arguments"]);
    home.fude("train --resume").ends_with(2).says(&["--resume alone needs an experiment"]);
}
