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
    let rect = browser.value("(() => { const r = pad.getBoundingClientRect(); return [r.left, r.top, r.width]; })()");
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
    browser.wait_for("!asking && !again");
}

#[test]
fn characters_drawn_with_the_mouse_are_recognised_as_they_are_drawn() {
    let Some(mut browser) = Browser::start() else {
        let _ = writeln!(std::io::stderr(), "skipped: no Chromium on this machine");
        return;
    };
    browser.open(&serve());
    browser.wait_for("document.readyState === 'complete' && model !== null && rows.length === 10");
    assert_eq!(browser.value("byId('best').textContent"), "Nothing drawn yet");
    let mut right = 0;
    for class in 0..10 {
        draw(&mut browser, &kana::strokes(class));
        let found = browser.value("rows.findIndex(({ row }) => row.classList.contains('best'))");
        right += usize::from(found == class);
        let sum =
            browser.value("rows.reduce((sum, { share }) => sum + parseFloat(share.textContent), 0)").as_f64().unwrap();
        assert!((sum - 100.0).abs() < 1.0, "probabilities add up to {sum}");
        let ink = "byId('seen').getContext('2d').getImageData(0, 0, 28, 28).data.filter((v, i) => i % 4 === 0 && v > 128).length";
        assert!(
            (20.0..500.0).contains(&browser.value(ink).as_f64().unwrap()),
            "class {class}: no ink in the shown image"
        );
        browser.value("byId('clear').click()");
        browser.wait_for("byId('best').textContent === 'Nothing drawn yet'");
    }
    assert!(right >= 8, "{right} of ten characters were recognised");
    assert_eq!(browser.value("byId('error').hidden"), true);
}
