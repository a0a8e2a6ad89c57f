//! Who may ask: the page that was served from here, and programs that are no browsers.
//!
//! Any web page can make a browser send requests to this machine. What it cannot do is lie about where they come from:
//! `Origin` and `Sec-Fetch-Site` are the browser's own words, and a name that was made to point here (DNS rebinding) still
//! stands in `Host`.

use crate::request::Request;
use crate::response::{Refusal, refuse};

/// Whether the request comes from the page served on this port.
///
/// # Errors
/// 403 where it comes from elsewhere, or is addressed to another name.
pub(crate) fn check(request: &Request, port: u16) -> Result<(), Refusal> {
    let host = request.host.as_deref().unwrap_or_default();
    if !is_own(host, port) {
        return Err(refuse(403, "this server answers to 127.0.0.1 and localhost alone"));
    }
    let own_origin = request
        .origin
        .as_deref()
        .is_none_or(|origin| origin.strip_prefix("http://").is_some_and(|host| is_own(host, port)));
    let own_site = matches!(request.site.as_deref(), None | Some("same-origin" | "none"));
    if own_origin && own_site { Ok(()) } else { Err(refuse(403, "this server answers its own page alone")) }
}

/// Whether an authority is this server's: a loopback name with its port, which browsers leave out where it is 80.
fn is_own(authority: &str, port: u16) -> bool {
    let names = ["127.0.0.1", "localhost", "[::1]"];
    let with_port = |name: &str| format!("{name}:{port}");
    names.iter().any(|name| {
        authority.eq_ignore_ascii_case(&with_port(name)) || (port == 80 && authority.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(host: Option<&str>, origin: Option<&str>, site: Option<&str>) -> bool {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let request = Request { host: owned(host), origin: owned(origin), site: owned(site), ..Request::default() };
        check(&request, 7878).is_ok()
    }

    #[test]
    fn only_the_own_page_and_programs_without_an_origin_may_ask() {
        let own = Some("localhost:7878");
        for (host, origin, site, expected) in [
            (own, None, None, true),
            (Some("127.0.0.1:7878"), Some("http://127.0.0.1:7878"), Some("same-origin"), true),
            (Some("LOCALHOST:7878"), None, Some("none"), true),
            (None, None, None, false),
            (Some("localhost"), None, None, false),
            (Some("localhost:7879"), None, None, false),
            (Some("rebound.example:7878"), None, None, false),
            (Some("localhost.example:7878"), None, None, false),
            (own, Some("http://localhost:3000"), None, false),
            (own, Some("https://localhost:7878"), None, false),
            (own, Some("https://evil.example"), Some("cross-site"), false),
            (own, Some("null"), None, false),
            (own, None, Some("cross-site"), false),
            (own, None, Some("same-site"), false),
        ] {
            assert_eq!(allowed(host, origin, site), expected, "{host:?} {origin:?} {site:?}");
        }
    }
}
