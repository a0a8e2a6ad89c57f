//! The arguments of `fude`, and which command they call.

#[cfg(feature = "gpu")]
use crate::commands::doctor;
use crate::commands::{
    baseline, bench, check, compare, completions, data, devices, distill, eval, export, import, lr_find, predict,
    prune, quantize, report, results, runs, serve, summary, sweep, train, weigh,
};
use crate::ui::Ui;
use clap::{ArgAction, Parser, Subcommand};
use std::sync::LazyLock;
use tracing_subscriber::EnvFilter;

/// The version with what this build can do.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let engines: Vec<String> = fude_engine::supported_engines().iter().map(ToString::to_string).collect();
    let gpu = if cfg!(feature = "gpu") { "wgpu (Vulkan, Metal, DX12)" } else { "not in this build" };
    format!("{}\nengines: {}\nGPU: {gpu}", env!("CARGO_PKG_VERSION"), engines.join(", "))
});

/// Trains multi-layer perceptrons on Kuzushiji-MNIST, on the GPU a laptop already has, and fast on the CPU.
#[derive(Parser)]
#[command(name = "fude", version, long_version = VERSION.as_str(), after_help = crate::exit::HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Say on stderr what is done meanwhile; twice: more, and what the libraries say.
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,
    /// Say nothing but results, warnings and errors.
    #[arg(short, long, global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Train an experiment.
    Train(train::TrainArgs),
    /// Train a network on what other models say of its images.
    Distill(distill::DistillArgs),
    /// Evaluate a finished run or a model's file on a split.
    Eval(eval::EvalArgs),
    /// Write a model for other programs, as safetensors or ONNX.
    Export(export::ExportArgs),
    /// Take over a model that another program trained.
    Import(import::ImportArgs),
    /// Round a model's weights to int8: a quarter of the bytes.
    Quantize(quantize::QuantizeArgs),
    /// Put a model's smallest weights to 0, at once or while it is trained on.
    Prune(prune::PruneArgs),
    /// Weigh models against each other: accuracy, bytes, parameters, time of an answer.
    Weigh(weigh::WeighArgs),
    /// Say what is on pictures: files, or folders of them.
    Predict(predict::PredictArgs),
    /// Draw characters on a page of this machine and see what a model makes of them.
    Serve(serve::ServeArgs),
    /// Check an experiment file; count its parameters, estimate memory and time.
    Check(check::CheckArgs),
    /// Show an experiment's layers with shapes and parameter counts.
    Summary(summary::SummaryArgs),
    /// Search over any keys of an experiment, on the validation split.
    Sweep(sweep::SweepArgs),
    /// Suggest a learning rate.
    LrFind(lr_find::LrFindArgs),
    /// Measure what a network must beat: nearest neighbours, logistic regression.
    Baseline(baseline::BaselineArgs),
    /// Compare finished runs: accuracies, losses, how the experiments differ, and whether that is more than noise.
    Compare(compare::CompareArgs),
    /// Print recorded results as a Markdown table.
    Results(results::ResultsArgs),
    /// List or remove runs.
    Runs(runs::RunsArgs),
    /// Draw a run's plots and its page again, compared with other runs where asked.
    Report(report::ReportArgs),
    /// Fetch, show and check data sets.
    Data(data::DataArgs),
    /// Time an epoch of training: engines and devices side by side.
    Bench(bench::BenchArgs),
    /// List the devices of this machine and which one `auto` takes.
    Devices(devices::DevicesArgs),
    /// Compare every shader with slow, obvious arithmetic on this machine's GPUs.
    #[cfg(feature = "gpu")]
    Doctor(doctor::DoctorArgs),
    /// Print shell completions.
    Completions(completions::CompletionsArgs),
}

impl Cli {
    /// Sends the libraries' log to stderr: warnings, or what `-v` or `FUDE_LOG` asks for.
    pub(crate) fn start_log(&self) {
        let default = match self.verbose {
            0 => "error,fude=warn",
            1 => "warn,fude=info",
            _ => "info,fude=debug",
        };
        let filter = EnvFilter::try_from_env("FUDE_LOG").unwrap_or_else(|_| EnvFilter::new(default));
        let _ = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(console::colors_enabled_stderr())
            .without_time()
            // Which part of the program speaks matters to those who look closer.
            .with_target(self.verbose != 1)
            .try_init();
    }

    /// Runs the command.
    pub(crate) fn run(self) -> anyhow::Result<()> {
        let ui = Ui { quiet: self.quiet, verbose: self.verbose > 0, ..Ui::default() };
        match self.command {
            Command::Train(args) => train::run(&args, ui),
            Command::Distill(args) => distill::run(&args, ui),
            Command::Eval(args) => eval::run(&args, ui),
            Command::Export(args) => export::run(&args, ui),
            Command::Import(args) => import::run(&args, ui),
            Command::Quantize(args) => quantize::run(&args, ui),
            Command::Prune(args) => prune::run(&args, ui),
            Command::Weigh(args) => weigh::run(&args, ui),
            Command::Predict(args) => predict::run(&args, ui),
            Command::Serve(args) => serve::run(&args, ui),
            Command::Check(args) => check::run(&args, ui),
            Command::Summary(args) => summary::run(&args, ui),
            Command::Sweep(args) => sweep::run(&args, ui),
            Command::LrFind(args) => lr_find::run(&args, ui),
            Command::Baseline(args) => baseline::run(&args, ui),
            Command::Compare(args) => compare::run(&args, ui),
            Command::Results(args) => results::run(&args, ui),
            Command::Runs(args) => runs::run(&args, ui),
            Command::Report(args) => report::run(&args, ui),
            Command::Data(args) => data::run(&args, ui),
            Command::Bench(args) => bench::run(&args, ui),
            Command::Devices(args) => devices::run(&args, ui),
            #[cfg(feature = "gpu")]
            Command::Doctor(args) => doctor::run(&args, ui),
            Command::Completions(args) => completions::run(&args),
        }
    }
}
