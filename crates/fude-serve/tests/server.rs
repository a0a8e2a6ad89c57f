//! What other programs on this machine, and pages of other origins, get from the server.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use fude_model::{MlpConfig, ModelFile, StoredModel, initialise};
use fude_predict::Classifier;
use fude_serve::{ServedClass, Server};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

/// Serves a model of 4 x 4 images and three classes from a thread that ends with the test.
fn serve() -> SocketAddr {
    let server = Server::bind(0).unwrap();
    let address = server.address();
    std::thread::spawn(move || {
        let config = MlpConfig { inputs: 16, hidden: vec![5], outputs: 3, ..Default::default() };
        let model = ModelFile { parameters: initialise(&config, 1), config, metadata: Default::default() };
        let classifier = Classifier::new(StoredModel::F32(model)).unwrap();
        server.run(classifier, "a model", &vec![ServedClass::default(); 3])
    });
    address
}

/// Status and body of the answer to a request; `{host}` stands for the server's address.
fn ask(address: SocketAddr, request: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn get(address: SocketAddr, path: &str, headers: &str) -> (u16, String) {
    ask(address, format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n").as_bytes())
}

fn post(address: SocketAddr, query: &str, body: &[u8]) -> (u16, String) {
    let head = format!(
        "POST /predict?{query} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    ask(address, &[head.as_bytes(), body].concat())
}

#[test]
fn the_page_and_its_model_are_served_to_itself_alone() {
    let address = serve();
    assert!(get(address, "/", "").1.contains("<title>fude: draw a character</title>"));
    let model: serde_json::Value = serde_json::from_str(&get(address, "/model", "").1).unwrap();
    assert_eq!(
        (&model["name"], &model["height"], model["classes"].as_array().unwrap().len()),
        (&"a model".into(), &4.into(), 3)
    );
    for headers in ["Origin: https://elsewhere.example\r\n", "Sec-Fetch-Site: cross-site\r\n"] {
        assert_eq!(get(address, "/model", headers).0, 403, "{headers}");
    }
    let rebound = ask(address, b"GET /model HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n");
    assert_eq!(rebound.0, 403);
}

#[test]
fn drawings_are_answered_with_their_image_and_probabilities() {
    let address = serve();
    let mut drawing = vec![255u8; 400];
    (80..320).for_each(|at| drawing[at] = if at % 20 == 9 { 0 } else { 255 });
    let (status, body) = post(address, "width=20", &drawing);
    let answer: serde_json::Value = serde_json::from_str(&body).unwrap();
    let sum: f64 = answer["probabilities"].as_array().unwrap().iter().map(|p| p.as_f64().unwrap()).sum();
    assert!(status == 200 && (sum - 1.0).abs() < 1e-9, "{answer}");
    assert_eq!(answer["image"].as_str().unwrap().len(), 24, "16 bytes in base64");
    let blank: serde_json::Value = serde_json::from_str(&post(address, "width=20", &[255; 400]).1).unwrap();
    assert_eq!(blank["probabilities"], serde_json::Value::Null);
}

#[test]
fn what_is_no_drawing_or_too_large_is_refused_and_the_server_goes_on() {
    let address = serve();
    assert_eq!(post(address, "width=7", &[0; 400]).0, 400);
    let large = format!("POST /predict?width=1 HTTP/1.1\r\nHost: {address}\r\nContent-Length: 2000000\r\n\r\n");
    assert_eq!(ask(address, large.as_bytes()).0, 413);
    assert_eq!(ask(address, b"nonsense\r\n\r\n").0, 400);
    assert_eq!(get(address, "/nowhere", "").0, 404);
    drop(TcpStream::connect(address).unwrap());
    assert_eq!(get(address, "/model", "").0, 200);
}

#[test]
fn a_taken_port_is_an_error_with_its_address() {
    let taken = Server::bind(0).unwrap();
    let error = Server::bind(taken.address().port()).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot listen on {}: ", taken.address())), "{error}");
}
