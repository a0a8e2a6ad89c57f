//! Why one try at an address ended without the whole file.

use std::io::ErrorKind;

use ureq::{Error, Timeout};

use super::{FetchError, FetchOptions};

/// What ended a try, by what to do next.
pub(super) enum Stop {
    /// The trouble is on this machine: end the fetch.
    Here(FetchError),
    /// Trouble that may pass: try the address again, a few times.
    Passing(String),
    /// The host could not be reached: go on to another, and come back only where there is none.
    Unreachable(String),
    /// Another try would end the same: go on to the next address.
    Lasting(String),
    /// The partial file does not fit this address: empty it and ask again at once.
    Misfit,
}

impl From<FetchError> for Stop {
    fn from(error: FetchError) -> Self {
        Self::Here(error)
    }
}

impl Stop {
    /// Sorts an error of the connection.
    pub(super) fn from_network(error: Error, options: &FetchOptions) -> Self {
        match error {
            Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                Self::Unreachable(format!("no connection within {:?}", options.timeout_connect))
            }
            Error::Timeout(_) => Self::Passing(format!("no byte for {:?}", options.timeout_read)),
            Error::HostNotFound | Error::ConnectionFailed | Error::ConnectProxyFailed(_) => {
                Self::Unreachable(error.to_string())
            }
            Error::Io(error) if unreachable(error.kind()) => Self::Unreachable(error.to_string()),
            Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
                Self::Passing("the connection was cut".to_owned())
            }
            Error::Io(error) => Self::Passing(error.to_string()),
            other => Self::Lasting(other.to_string()),
        }
    }

    /// Sorts a status that brings no part of the file.
    pub(super) fn from_status(status: u16, reason: Option<&str>) -> Self {
        let text = format!("answered {status} {}", reason.unwrap_or_default()).trim_end().to_owned();
        match status {
            408 | 429 | 500..=599 => Self::Passing(text),
            _ => Self::Lasting(text),
        }
    }
}

fn unreachable(kind: ErrorKind) -> bool {
    use ErrorKind::{AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable};
    matches!(kind, AddrNotAvailable | ConnectionRefused | HostUnreachable | NetworkDown | NetworkUnreachable)
}
