//! Why there is no page.

use std::io;
use std::net::SocketAddr;

/// Why the server does not run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address is taken, or may not be taken.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The system refuses a thread.
    #[error("cannot start a thread: {0}")]
    Thread(#[from] io::Error),
}
