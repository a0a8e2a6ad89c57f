//! Pictures in, predictions out.

use crate::fixtures::{labels, pixels, png};
use crate::home::Home;
use std::path::Path;

fn write_png(path: &Path, image: &[u8]) {
    image::save_buffer(path, image, 28, 28, image::ExtendedColorType::L8).expect("a PNG can be written");
}

/// A home with a trained model and its 100 test images as `scans/NNN.png`.
fn trained() -> Home {
    let home = Home::with_small_experiment("train.learning_rate = 5e-3");
    home.fude("train small.toml --epochs 8").ends_with(0);
    std::fs::create_dir_all(home.path("scans/deep")).expect("a folder can be made");
    for (index, image) in pixels(100, 2).chunks(784).enumerate() {
        let folder = if index < 90 { "scans" } else { "scans/deep" };
        write_png(&home.path(&format!("{folder}/{index:03}.png")), image);
    }
    home
}

#[test]
fn a_folder_of_test_images_is_predicted_as_eval_measures_them() {
    let home = trained();
    let json = home.fude("predict small scans --json").ends_with(0).json();
    let images = json["images"].as_array().unwrap();
    let right = images.iter().zip(labels(100)).filter(|(image, label)| image["predictions"][0]["class"] == *label);
    let eval = home.fude("eval small --json").ends_with(0).json();
    assert_eq!(right.count() as f64 / 100.0, eval["accuracy"].as_f64().unwrap());
    let first = &images[0];
    assert_eq!((&first["path"], first["predictions"].as_array().unwrap().len()), (&"scans/000.png".into(), 3));
    assert_eq!(images[99]["path"], "scans/deep/099.png");
    let sum: f64 = first["predictions"].as_array().unwrap().iter().map(|p| p["probability"].as_f64().unwrap()).sum();
    assert!((0.5..=1.0 + 1e-9).contains(&sum), "{first}");
    assert_eq!((&first["predictions"][0]["name"], &first["predictions"][0]["character"]), (&"0".into(), &"0".into()));
}

#[test]
fn text_has_a_line_a_picture_with_classes_and_percentages() {
    let home = trained();
    let text = home.fude("predict small scans/deep scans/001.png --top 2").ends_with(0).stdout;
    assert_eq!(text.lines().count(), 11, "{text}");
    assert!(text.lines().all(|line| line.matches(" %").count() == 2), "{text}");
    assert!(text.lines().last().unwrap().starts_with("scans/001.png"), "{text}");
}

#[test]
fn wrong_and_enormous_files_give_an_error_each_and_the_rest_go_on() {
    let home = trained();
    home.write("bad/text.png", "no picture");
    home.write("bad/cut.png", &png(3, 1)[..60]);
    home.write("bad/good.png", png(3, 1));
    home.write("bad/blank.bmp", blank_bmp(50, 50, 2500));
    home.write("bad/bomb.bmp", blank_bmp(40_000, 40_000, 0));
    let ran = home.fude("predict small bad nowhere.png --json").ends_with(1);
    let json = ran.json();
    assert_eq!(json["images"].as_array().unwrap().len(), 1);
    assert_eq!(json["errors"].as_array().unwrap().len(), 5);
    let ran =
        ran.says(&["error: bad/text.png: expected a readable PNG", "error: bad/cut.png: ", "error: nowhere.png: "]);
    let ran = ran.says(&["bad/blank.bmp: expected a character that stands out", "over the limit of 4096x4096 pixels"]);
    ran.says(&["5 of the pictures gave no prediction"]);
    std::fs::create_dir(home.path("empty")).unwrap();
    home.fude("predict small empty").ends_with(1).says(&["empty: expected PNG, JPEG or BMP files, found none"]);
}

/// A grey BMP of one colour, with `content` of its bytes there.
fn blank_bmp(width: u32, height: u32, content: usize) -> Vec<u8> {
    let mut bytes = b"BM".to_vec();
    let header = 54 + 1024u32;
    for word in [header + content as u32, 0, header, 40, width, height, 1 | 8 << 16, 0, 0, 0, 0, 256, 0] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend((0..=255u8).flat_map(|grey| [grey, grey, grey, 0]));
    bytes.extend(vec![200; content + content / width as usize * 3]);
    bytes
}

#[test]
fn what_the_model_was_shown_is_written_and_is_predicted_the_same() {
    let home = trained();
    let first = home.fude("predict small scans/deep --json --show shown").ends_with(0).json();
    let again = home.fude("predict small shown --json").ends_with(0).json();
    let predictions = |json: &serde_json::Value| -> Vec<serde_json::Value> {
        json["images"].as_array().unwrap().iter().map(|image| image["predictions"].clone()).collect()
    };
    assert_eq!(predictions(&first), predictions(&again));
    assert!(home.path("shown/00001-090.png").is_file());
    let before = home.snapshot();
    home.fude("predict small scans/000.png --show scans/000.png")
        .ends_with(2)
        .says(&["would replace one of the pictures"]);
    home.fude("predict small nosuch.png folder").ends_with(1).says(&["error: no prediction"]);
    assert!(home.snapshot() == before, "a picture was replaced");
    home.fude("predict small scans/deep --show all.png").ends_with(0);
    assert!(image::open(home.path("all.png")).unwrap().width() > 300);
}

#[test]
fn a_model_file_alone_is_enough_and_an_unfinished_run_is_refused() {
    let home = trained();
    let run = home.run("small");
    let model = run.join("best.safetensors");
    let from_run = home.fude("predict small scans/000.png").ends_with(0).stdout;
    std::fs::copy(&model, home.path("model.safetensors")).unwrap();
    assert_eq!(home.fude("predict model.safetensors scans/000.png").ends_with(0).stdout, from_run);
    std::fs::remove_file(run.join("summary.json")).unwrap();
    home.fude("predict small scans/000.png").ends_with(1).says(&["has not finished: it has no summary.json"]);
}
