//! How to fetch.

use std::path::PathBuf;
use std::time::Duration;

/// Where files go, where they come from, and how long to wait.
#[derive(Clone, Debug)]
pub struct FetchOptions {
    /// The folder for the files; made if missing.
    pub directory: PathBuf,
    /// A folder address that has the files under their own names, asked instead of the known addresses.
    pub mirror: Option<String>,
    /// How long a host may take to answer a connection, its name's look-up and TLS included.
    pub timeout_connect: Duration,
    /// How long no byte may arrive before the connection counts as dead. There is no limit on the whole download.
    pub timeout_read: Duration,
    /// Further tries at an address after a cut connection, a time-out or a server's passing trouble (status 408, 429, 5xx).
    ///
    /// A try that got well further than any before it does not count, so a slow, shaky line gets there in the end.
    pub retries: u32,
    /// The pause before the first further try; each following one is twice as long, up to 8 s.
    pub first_pause: Duration,
    /// Whether the proxies of the environment (`HTTPS_PROXY`, `NO_PROXY` and their like) are used.
    pub proxy_from_environment: bool,
}

impl FetchOptions {
    /// The defaults: 10 s to connect, 30 s without a byte, three retries from half a second on.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            mirror: None,
            timeout_connect: Duration::from_secs(10),
            timeout_read: Duration::from_secs(30),
            retries: 3,
            first_pause: Duration::from_millis(500),
            proxy_from_environment: true,
        }
    }
}
