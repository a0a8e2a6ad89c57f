//! The page as a user meets it: in a browser, drawing with a mouse.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

#[path = "support/browser.rs"]
mod browser;
#[path = "../../fude-predict/tests/support/trained.rs"]
mod trained;

use browser::Browser;
use fude_data::kana;
use fude_serve::{ServedClass, Server};
use std::io::Write;

/// Serves a model of the built-in characters from a thread that ends with the test; returns its address.
fn serve() -> String {
    let server = Server::bind(0).unwrap();
    let address = format!("http://{}/", server.address());
    std::thread::spawn(move || {
        let (classifier, _) = trained::trained("kana", 4);
        let classes: Vec<ServedClass> = classifier
            .classes()
            .iter()
            .enumerate()
            .map(|(class, of)| ServedClass {
                name: of.rest().to_owned(),
                character: of.character.clone(),
                strokes: kana::strokes(class),
            })
            .collect();
        server.run(classifier, "kana, 784-128-10", &classes)
    });
    address
}

/// The corner and the side of the pad on the screen.
fn pad(browser: &mut Browser) -> [f64; 3] {
    let rect = browser.value(
        "(() => { const r = document.querySelector('#pad').getBoundingClientRect(); return [r.left, r.top, r.width]; })()",
    );
    [0, 1, 2].map(|index| rect[index].as_f64().unwrap())
}

/// Draws strokes of the unit square on the middle four fifths of the pad, and waits for what the page says.
fn draw(browser: &mut Browser, strokes: &[Vec<[f32; 2]>]) {
    let [left, top, side] = pad(browser);
    for stroke in strokes {
        let place =
            |[x, y]: &[f32; 2]| [left + side * (0.1 + 0.8 * f64::from(*x)), top + side * (0.1 + 0.8 * f64::from(*y))];
        let points: Vec<[f64; 2]> = stroke.iter().step_by(6).chain(stroke.last()).map(place).collect();
        browser.drag(&points);
    }
    browser.wait_for("document.querySelector('#answer').ariaBusy === 'false'");
}

/// What stands in an element of the page.
fn text(browser: &mut Browser, selector: &str) -> String {
    browser.value(&format!("document.querySelector('{selector}').textContent")).as_str().unwrap().to_owned()
}

/// Bright pixels of the image that the model was shown.
const INK: &str = "[...document.querySelector('#seen').getContext('2d').getImageData(0, 0, 28, 28).data]\
                   .filter((value, index) => index % 4 === 0 && value > 128).length";

#[test]
fn characters_drawn_with_the_mouse_are_recognised_as_they_are_drawn() {
    let Some(mut browser) = Browser::start() else {
        let _ = writeln!(std::io::stderr(), "skipped: no Chromium on this machine");
        return;
    };
    browser.open(&serve());
    // The model is trained meanwhile; until then no class is listed.
    browser.wait_for("document.querySelectorAll('#classes li').length === 10");
    assert_eq!(text(&mut browser, "#best"), "Nothing drawn yet");
    let mut right = 0;
    for class in 0..10 {
        draw(&mut browser, &kana::strokes(class));
        let found = browser
            .value("[...document.querySelectorAll('#classes li')].findIndex((row) => row.classList.contains('best'))");
        right += usize::from(found == class);
        let shares = "[...document.querySelectorAll('#classes .share')].map((share) => parseFloat(share.textContent))";
        let sum = browser.value(&format!("{shares}.reduce((a, b) => a + b, 0)")).as_f64().unwrap();
        assert!((sum - 100.0).abs() < 1.0, "probabilities add up to {sum}");
        let ink = browser.value(INK).as_f64().unwrap();
        assert!((20.0..500.0).contains(&ink), "class {class}: {ink} bright pixels in the shown image");
        browser.value("document.querySelector('#clear').click()");
        browser.wait_for("document.querySelector('#best').textContent === 'Nothing drawn yet'");
    }
    assert!(right >= 8, "{right} of ten characters were recognised");
    assert_eq!(browser.value("document.querySelector('#error').hidden"), true);
}
