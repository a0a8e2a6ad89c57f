//! What a process holds in memory.

/// Bytes that this process holds now, and the most that it ever held; none where the system does not tell.
pub(crate) fn host_bytes() -> (Option<u64>, Option<u64>) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    (field(&status, "VmRSS:"), field(&status, "VmHWM:"))
}

/// A line such as `VmHWM:   123456 kB`.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_s_words_are_understood() {
        let status = "Name:\tfude\nVmPeak:\t  999 kB\nVmHWM:\t   47892 kB\nVmRSS:\t    1024 kB\n";
        assert_eq!((field(status, "VmHWM:"), field(status, "VmRSS:")), (Some(47_892 << 10), Some(1 << 20)));
        assert_eq!((field("", "VmRSS:"), field("VmRSS: many\n", "VmRSS:")), (None, None));
        if cfg!(target_os = "linux") {
            let (now, peak) = host_bytes();
            assert!(now > Some(0) && peak > Some(0), "{now:?}, {peak:?}");
        }
    }
}
