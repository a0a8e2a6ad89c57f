//! The processor's own name, as each system tells it. A name that cannot be had is no error.

use std::sync::OnceLock;

/// Asks the system once.
pub(super) fn cpu_name() -> Option<String> {
    static NAME: OnceLock<Option<String>> = OnceLock::new();
    NAME.get_or_init(|| system::name().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty())).clone()
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod system {
    /// x86 has its name in `/proc/cpuinfo`; small ARM machines have one of the whole board.
    pub(super) fn name() -> Option<String> {
        let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").ok();
        let board = || std::fs::read_to_string("/sys/firmware/devicetree/base/model").ok();
        cpuinfo.and_then(|text| super::from_cpuinfo(&text)).or_else(|| board().map(|text| text.replace('\0', "")))
    }
}

#[cfg(target_vendor = "apple")]
mod system {
    pub(super) fn name() -> Option<String> {
        super::output_of("/usr/sbin/sysctl", &["-n", "machdep.cpu.brand_string"])
    }
}

#[cfg(windows)]
mod system {
    /// The registry has the name on the box; the environment a family and stepping.
    pub(super) fn name() -> Option<String> {
        let key = r"HKLM\HARDWARE\DESCRIPTION\System\CentralProcessor\0";
        let registry = super::output_of("reg.exe", &["query", key, "/v", "ProcessorNameString"]);
        registry.and_then(|text| super::from_registry(&text)).or_else(|| std::env::var("PROCESSOR_IDENTIFIER").ok())
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple", windows)))]
mod system {
    /// The BSDs; elsewhere there is no such program.
    pub(super) fn name() -> Option<String> {
        super::output_of("sysctl", &["-n", "hw.model"])
    }
}

/// The line `model name : ...`.
#[cfg(any(target_os = "linux", target_os = "android", test))]
fn from_cpuinfo(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// What stands behind the value's type in the answer of `reg query`.
#[cfg(any(windows, test))]
fn from_registry(text: &str) -> Option<String> {
    let line = text.lines().find(|line| line.contains("ProcessorNameString"))?;
    Some(line.split_once("REG_SZ")?.1.trim().to_owned())
}

/// What a program says, where it is there and does well.
#[cfg(any(not(any(target_os = "linux", target_os = "android")), test))]
fn output_of(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        std::process::Command::new(program).args(arguments).stdin(std::process::Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_s_answer_is_understood() {
        let cpuinfo = "processor\t: 0\nmodel\t\t: 25\nmodel name\t: AMD EPYC 7B13\nstepping\t: 1\n";
        assert_eq!(from_cpuinfo(cpuinfo).as_deref(), Some("AMD EPYC 7B13"));
        assert_eq!(from_cpuinfo("processor\t: 0\nBogoMIPS\t: 48.00\n"), None);
        let registry = "\r\nHKEY_LOCAL_MACHINE\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0\r\n    \
                        ProcessorNameString    REG_SZ    Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz\r\n\r\n";
        assert_eq!(from_registry(registry).as_deref(), Some("Intel(R) Core(TM) i7-8550U CPU @ 1.80GHz"));
        assert_eq!(from_registry("ERROR: The system was unable to find the specified registry key"), None);
    }

    #[test]
    fn a_program_that_is_not_there_gives_no_name() {
        assert_eq!(output_of("no-such-program-anywhere", &["-n"]), None);
    }
}
