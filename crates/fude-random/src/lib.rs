//! Counter-based random numbers: Philox4x32-10 and the streams that fude draws from it.
