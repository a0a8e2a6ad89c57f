//! What readers of a page rely on: it is whole in itself, it says what was measured, and no text in it is code.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use fude_record::{
    Calibration, EpochRecord, Evaluation, Experiment, Hard, Labelled, LayerRecord, Mistake, Summary, evaluate,
};
use fude_report::{ClassLabel, ComparedRun, FirstLayer, Glyph, Judged, Report, report_page};

const HOSTILE: &str = "<script>alert('x')</script>&\"";

fn experiment(text: &str) -> Experiment {
    Experiment::parse(&format!("name = \"page\"\ndataset = \"kana\"\n{text}"), "page.toml", &[]).unwrap()
}

fn summary() -> Summary {
    let text = r#"{"schema": 1, "experiment": "page", "dataset": "kana", "dataset_fallback": false,
        "train_samples": 12000, "val_samples": 0, "test_samples": 4, "model": "784-16-3", "engine": "fused",
        "device": "a CPU", "device_kind": "cpu", "deterministic": "bitwise", "seed": 7, "folds": null, "fold": null,
        "epochs": 2, "parameters": 1234,
        "train_loss": 0.5, "train_accuracy": 0.9, "val_loss": null, "val_accuracy": null, "test_loss": 0.6,
        "test_accuracy": 0.75, "total_loss": null, "stopped_early": false, "best_epoch": 2, "restored_best": false,
        "selected_on_test": false, "seconds": 3.5, "epoch_seconds_median": 0.05, "samples_per_second": 240000.0,
        "per_class": [], "confusion": [], "test_fingerprint": null, "version": "0.1.0"}"#;
    serde_json::from_str(text).unwrap()
}

fn records() -> Vec<EpochRecord> {
    let record = |epoch: u32| EpochRecord {
        epoch,
        train_loss: 1.0 / f64::from(epoch),
        train_accuracy: 0.8,
        val_loss: None,
        val_accuracy: None,
        test_loss: Some(0.7),
        test_accuracy: Some(0.7 + 0.01 * f64::from(epoch)),
        learning_rate: 1e-3,
        seconds: 0.05,
        layers: Vec::new(),
    };
    (1..=2).map(record).collect()
}

const LOGITS: [f32; 12] = [4.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 1.0];
const LABELS: [u8; 4] = [0, 1, 2, 2];

/// A page of three classes with these names, compared with `others`.
fn page(names: [&str; 3], others: &[ComparedRun]) -> String {
    page_of(&summary(), names, others)
}

fn page_of(summary: &Summary, names: [&str; 3], others: &[ComparedRun]) -> String {
    let (experiment, records) = (experiment("train.epochs = 2\n"), records());
    let stroke = vec![vec![[0.1, 0.2], [0.9, 0.8]]];
    let glyph = Glyph::new(1, vec![255]).unwrap().with_strokes(stroke);
    let mut labels: Vec<ClassLabel> = names.map(ClassLabel::new).into();
    labels[0] = ClassLabel::with_glyph(names[0], glyph);
    let evaluation = evaluate(&LOGITS, &LABELS, 3);
    let calibration = calibration(&LOGITS, &LABELS, 3);
    let image = [128u8; 6];
    let mistakes = [(&image[..], Mistake { index: 2, label: 2, predicted: 1, probability: 0.78 })];
    let hard = vec![(&image[..], Hard { index: 2, label: 2, predicted: 1, probability: 1e-7 })];
    let hardest = [Vec::new(), Vec::new(), hard];
    let judged = judged(&evaluation, &calibration, &mistakes, &hardest);
    let weights: Vec<f32> = (0..18).map(|i| i as f32 - 9.0).collect();
    let first_layer = FirstLayer { weights: &weights, units: 3, height: 2, width: 3 };
    report_page(&Report {
        summary,
        experiment: &experiment,
        records: &records,
        labels: &labels,
        judged: Some(judged),
        first_layer: Some(first_layer),
        others,
    })
    .unwrap()
}

fn calibration(logits: &[f32], labels: &[u8], classes: usize) -> Calibration {
    Calibration::of(Labelled { logits, labels, classes }, None)
}

fn judged<'a>(
    evaluation: &'a Evaluation,
    calibration: &'a Calibration,
    mistakes: &'a [(&'a [u8], Mistake)],
    hardest: &'a [Vec<(&'a [u8], Hard)>],
) -> Judged<'a> {
    Judged { split: "test", height: 2, width: 3, evaluation, calibration, answers: &[], mistakes, hardest }
}

#[test]
fn a_page_has_every_section_and_its_figures() {
    let page = page(["お o", "b", "c"], &[]);
    for id in ["run", "curves", "confusion", "classes", "calibration", "mistakes", "hardest", "weights", "experiment"] {
        assert!(page.contains(&format!("<section id=\"{id}\">")), "{id}");
        assert!(page.contains(&format!("<a href=\"#{id}\">")), "no link to {id}");
    }
    for text in [
        "75.00 %",
        "95 % interval 30.1 to 95.4 %, 4 images",
        "784-16-3",
        "12,000 images to train on",
        "&lt; 0.01 %",
        "0.05 s an epoch",
    ] {
        assert!(page.contains(text), "expected {text}");
    }
    assert!(!page.contains("id=\"comparison\"") && !page.contains("id=\"layers\""));
    assert!(page.contains("<symbol id=\"k0\" viewBox=\"0 0 1 1\"><path d=\"M0.100 0.200L0.900 0.800\"/></symbol>"));
}

#[test]
fn a_page_needs_nothing_outside_itself_and_is_the_same_every_time() {
    let page = page(["a", "b", "c"], &[]);
    assert_eq!(page, self::page(["a", "b", "c"], &[]));
    for outside in ["http:", "https:", "url(", "@import", "<script", "<link", "<iframe", " onload", "javascript:"] {
        assert!(!page.contains(outside), "{outside}");
    }
    for source in page.split("src=\"").skip(1) {
        assert!(source.starts_with("data:image/png;base64,"), "{}", &source[..40]);
    }
    for target in page.split("href=\"").skip(1) {
        assert!(target.starts_with('#'), "{}", &target[..20]);
    }
}

#[test]
fn names_are_text_wherever_they_stand() {
    let mut other = ComparedRun { experiment: experiment(""), summary: summary(), records: records() };
    other.experiment.dataset = HOSTILE.into();
    (other.summary.experiment, other.summary.dataset, other.summary.device) =
        (HOSTILE.into(), HOSTILE.into(), HOSTILE.into());
    let page = page([HOSTILE, HOSTILE, "c"], &[other]);
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;&quot;"));
}

/// Every element that is opened is closed, in order: what a browser would otherwise guess.
#[test]
fn elements_are_nested() {
    const VOID: [&str; 5] = ["meta", "br", "img", "!DOCTYPE", "circle"];
    let other = ComparedRun { experiment: experiment("train.batch = 64\n"), summary: summary(), records: records() };
    let page = page(["お o", "b", "c"], &[other]);
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap_or_else(|| panic!("no end of <{tag}"));
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        match (tag.starts_with('/'), tag.ends_with('/') || VOID.contains(&name)) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, true) => {}
            (false, false) => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn other_runs_are_compared_and_unlike_data_are_said_to_be_unlike() {
    let mut other =
        ComparedRun { experiment: experiment("train.batch = 64\n"), summary: summary(), records: records() };
    let page = self::page(["a", "b", "c"], &[other.clone()]);
    for text in
        ["Comparison with other runs", "(this run)", "train.batch", "<td>64</td>", "Test accuracy against epoch"]
    {
        assert!(page.contains(text), "expected {text}");
    }
    assert!(!page.contains("not measured on the same data"));
    other.summary.test_samples = 5;
    assert!(self::page(["a", "b", "c"], &[other.clone()]).contains("not measured on the same data"));
    // As many images of the same name, and other ones.
    let with = |fingerprint: &str| {
        let summary = Summary { test_fingerprint: Some(fingerprint.into()), ..summary() };
        ComparedRun { summary, ..other.clone() }
    };
    assert!(!self::page(["a", "b", "c"], &[with("f1"), with("f1")]).contains("not measured on the same data"));
    assert!(self::page(["a", "b", "c"], &[with("f1"), with("f2")]).contains("not measured on the same data"));
}

#[test]
fn runs_with_other_test_images_are_said_to_be_unlike_where_both_tell_which_they_had() {
    let with = |fingerprint: Option<&str>| Summary { test_fingerprint: fingerprint.map(str::to_owned), ..summary() };
    let unlike = |mine: Option<&str>, theirs: &[Option<&str>]| {
        let other = |images: &Option<&str>| ComparedRun {
            experiment: experiment(""),
            summary: with(*images),
            records: records(),
        };
        let others: Vec<ComparedRun> = theirs.iter().map(other).collect();
        page_of(&with(mine), ["a", "b", "c"], &others).contains("not measured on the same data")
    };
    assert!(unlike(Some("1a"), &[Some("2b")]), "two hold-outs of as many images");
    assert!(unlike(None, &[Some("1a"), Some("2b")]));
    assert!(!unlike(Some("1a"), &[Some("1a")]));
    assert!(!unlike(Some("1a"), &[None]), "an older run does not tell");
}

#[test]
fn a_run_without_held_out_images_or_epochs_has_a_page_too() {
    let (experiment, summary) = (experiment(""), summary());
    let report = Report {
        summary: &summary,
        experiment: &experiment,
        records: &[],
        labels: &[],
        judged: None,
        first_layer: None,
        others: &[],
    };
    let page = report_page(&report).unwrap();
    assert!(page.contains("No epochs are recorded") && !page.contains("id=\"mistakes\""));
}

#[test]
fn layers_are_shown_where_they_were_measured() {
    let (experiment, summary, mut records) = (experiment(""), summary(), records());
    let layer = LayerRecord {
        layer: "fc1".into(),
        weight_norm: 8.0,
        update_norm: Some(0.4),
        gradient_norm: None,
        dead_units: Some(0.25),
    };
    records[1].layers = vec![layer];
    let report = Report {
        summary: &summary,
        experiment: &experiment,
        records: &records,
        labels: &[],
        judged: None,
        first_layer: None,
        others: &[],
    };
    let page = report_page(&report).unwrap();
    let row = "<th scope=\"row\">fc1</th><td>8.00</td><td>0.400</td><td>5.00 %</td><td>–</td><td>25.00 %</td>";
    assert!(page.contains("id=\"layers\"") && page.contains(row), "{page}");
}

#[test]
fn the_temperature_fitted_on_validation_is_told() {
    let calibration = Calibration::of(
        Labelled { logits: &LOGITS, labels: &LABELS, classes: 3 },
        Some(Labelled { logits: &LOGITS, labels: &LABELS, classes: 3 }),
    );
    let (experiment, summary, evaluation) = (experiment(""), summary(), evaluate(&LOGITS, &LABELS, 3));
    let labels: Vec<ClassLabel> = ["a", "b", "c"].map(ClassLabel::new).into();
    let report = Report {
        summary: &summary,
        experiment: &experiment,
        records: &[],
        labels: &labels,
        judged: Some(judged(&evaluation, &calibration, &[], &[])),
        first_layer: None,
        others: &[],
    };
    let page = report_page(&report).unwrap();
    let expected = format!("divided by a temperature of {:.2}, which was fitted", calibration.temperature.unwrap());
    assert!(page.contains(&expected), "expected '{expected}'");
}

#[test]
fn weights_and_images_of_the_wrong_size_are_refused() {
    let (experiment, summary) = (experiment(""), summary());
    let report = |first_layer, judged| Report {
        summary: &summary,
        experiment: &experiment,
        records: &[],
        labels: &[],
        judged,
        first_layer,
        others: &[],
    };
    let layer = FirstLayer { weights: &[0.0; 5], units: 1, height: 2, width: 3 };
    let error = report_page(&report(Some(layer), None)).unwrap_err().to_string();
    assert_eq!(error, "first layer: expected 6 x 1 weights, found 5");
    let (evaluation, calibration) = (evaluate(&[], &[], 0), calibration(&[], &[], 0));
    let mistakes = [(&[0u8; 5][..], Mistake { index: 2, label: 2, predicted: 1, probability: 0.78 })];
    let error = report_page(&report(None, Some(judged(&evaluation, &calibration, &mistakes, &[])))).unwrap_err();
    assert_eq!(error.to_string(), "labels for image 2: expected over 2, found 0");
    let labels: Vec<ClassLabel> = ["a", "b", "c"].map(ClassLabel::new).into();
    let page = Report { labels: &labels, ..report(None, Some(judged(&evaluation, &calibration, &mistakes, &[]))) };
    assert_eq!(report_page(&page).unwrap_err().to_string(), "image: expected 2 x 3 pixels, found 5");
}
