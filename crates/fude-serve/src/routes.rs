//! Which answer belongs to which path.

use crate::answer::drawing;
use crate::request::Request;
use crate::response::{Refusal, Response, refuse};
use fude_data::Grey;

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Something that is the same every time.
    Fixed(Response),
    /// Something that the model must be asked.
    OfModel(Question),
}

/// What only the thread that has the model can answer.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// What the model is.
    Model,
    /// What a drawing is.
    Drawing(Grey),
}

/// Reads a request for what it asks.
///
/// # Errors
/// Paths and methods that are not served, drawings that are none.
pub(crate) fn asked(request: Request) -> Result<Asked, Refusal> {
    let fixed = |kind, content: &str| Ok(Asked::Fixed(Response::new(kind, content)));
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/") => fixed("text/html; charset=utf-8", include_str!("../assets/page.html")),
        ("GET", "/page.css") => fixed("text/css; charset=utf-8", include_str!("../assets/page.css")),
        ("GET", "/page.js") => fixed("text/javascript; charset=utf-8", include_str!("../assets/page.js")),
        ("GET", "/icon.svg") => fixed("image/svg+xml", include_str!("../assets/icon.svg")),
        ("GET", "/model") => Ok(Asked::OfModel(Question::Model)),
        ("POST", "/predict") => {
            drawing(&request.query, request.body).map(|drawing| Asked::OfModel(Question::Drawing(drawing)))
        }
        (_, "/predict") => Err(refuse(405, "this path takes POST alone")),
        (_, "/" | "/page.css" | "/page.js" | "/icon.svg" | "/model") => Err(refuse(405, "this path takes GET alone")),
        _ => Err(refuse(404, "there is no such page")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, path: &str) -> u16 {
        let request = Request { method: method.into(), path: path.into(), ..Request::default() };
        match asked(request) {
            Ok(Asked::Fixed(response)) => response.status,
            Ok(Asked::OfModel(_)) => 200,
            Err(refusal) => refusal.status,
        }
    }

    #[test]
    fn paths_and_methods_are_told_apart() {
        for (method, path, expected) in [
            ("GET", "/", 200),
            ("GET", "/page.js", 200),
            ("GET", "/model", 200),
            ("POST", "/", 405),
            ("GET", "/predict", 405),
            ("POST", "/predict", 400),
            ("GET", "/../etc/passwd", 404),
        ] {
            assert_eq!(status(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn the_page_names_nothing_outside_itself() {
        for text in
            [include_str!("../assets/page.html"), include_str!("../assets/page.css"), include_str!("../assets/page.js")]
        {
            let foreign = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!foreign.contains("//") || !foreign.contains("http"), "{text}");
        }
    }
}
