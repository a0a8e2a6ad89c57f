//! Ctrl-C: the first ends the work at its next step, a run with a checkpoint; the second ends it at once.

use crate::ui::print_err;
use fude_train::StopFlag;
use std::sync::OnceLock;

/// A flag that Ctrl-C (or a polite kill) sets: the same for all runs of this process.
pub(crate) fn stop_on_ctrl_c() -> StopFlag {
    static FLAG: OnceLock<StopFlag> = OnceLock::new();
    FLAG.get_or_init(install).clone()
}

fn install() -> StopFlag {
    let flag = StopFlag::default();
    let handler_flag = flag.clone();
    let installed = ctrlc::set_handler(move || {
        if handler_flag.stop() {
            std::process::exit(130);
        }
        print_err("\nending after this step (Ctrl-C again ends at once)");
    });
    if let Err(error) = installed {
        tracing::warn!("Ctrl-C will end the run without a checkpoint: {error}");
    }
    flag
}
