//! A headless Chromium, driven through its DevTools pipe: commands and answers are JSON, each ended by a zero byte.

use serde_json::{Value, json};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// Time that anything may take: a loaded machine starts a browser in some ten seconds.
const PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Browser {
    process: Child,
    commands: File,
    answers: Receiver<Value>,
    session: Option<String>,
    sent: u64,
    _folder: TempDir,
}

impl Browser {
    /// Starts one; nothing where none is installed.
    pub(crate) fn start() -> Option<Self> {
        let runs = |name: &str| {
            Command::new(name)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|s| s.success())
        };
        let name = NAMES.iter().copied().find(|name| runs(name))?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (to, from) = (folder.path().join("to"), folder.path().join("from"));
        assert!(Command::new("mkfifo").args([&to, &from]).status().expect("mkfifo").success());
        // It reads commands from descriptor 3 and answers on 4.
        let script = "exec \"$0\" --headless --no-sandbox --disable-gpu --no-first-run --remote-debugging-pipe \
                      --window-size=1100,1000 --user-data-dir=\"$3\" about:blank 3<\"$1\" 4>\"$2\"";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, name]).args([&to, &from, &folder.path().join("profile")]);
        let process = shell.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("sh");
        let commands = OpenOptions::new().write(true).open(&to).expect("the pipe to the browser");
        let answers = listen(&from);
        Some(Self { process, commands, answers, session: None, sent: 0, _folder: folder })
    }

    /// Opens a page and turns to it.
    pub(crate) fn open(&mut self, url: &str) {
        let target = self.ask("Target.createTarget", json!({ "url": url }));
        let attached = self.ask("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        self.session = attached["sessionId"].as_str().map(str::to_owned);
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.ask("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    pub(crate) fn wait_for(&mut self, expression: &str) {
        let until = Instant::now() + PATIENCE;
        while self.value(expression) != Value::Bool(true) {
            assert!(Instant::now() < until, "never true: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses the mouse at the first point, moves it over the others, and lets go.
    pub(crate) fn drag(&mut self, points: &[[f64; 2]]) {
        for (index, [x, y]) in points.iter().enumerate() {
            let kind = if index == 0 { "mousePressed" } else { "mouseMoved" };
            self.mouse(kind, *x, *y);
        }
        if let Some([x, y]) = points.last() {
            self.mouse("mouseReleased", *x, *y);
        }
    }

    fn mouse(&mut self, kind: &str, x: f64, y: f64) {
        let event = json!({ "type": kind, "x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1 });
        self.ask("Input.dispatchMouseEvent", event);
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.sent += 1;
        let mut command = json!({ "id": self.sent, "method": method, "params": params });
        if let Some(session) = &self.session {
            command["sessionId"] = session.clone().into();
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).expect("the browser takes commands");
        loop {
            let answer = self.answers.recv_timeout(PATIENCE).expect("the browser answers");
            if answer["id"] == self.sent {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Everything that the browser says, read by a thread, so that waiting for it can end.
fn listen(from: &Path) -> Receiver<Value> {
    let pipe = File::open(from).expect("the pipe from the browser");
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for message in BufReader::new(pipe).split(0) {
            let Ok(message) = message else { return };
            let value = serde_json::from_slice(&message).expect("JSON from the browser");
            if sender.send(value).is_err() {
                return;
            }
        }
    });
    receiver
}
