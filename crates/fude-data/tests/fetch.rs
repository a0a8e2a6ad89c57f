//! Downloads against a server on this machine that also cuts, lies, stalls and sends too much.

#![allow(clippy::unwrap_used, reason = "a helper that fails is a failing test")]

#[path = "support/fetch_case.rs"]
mod fetch_case;
#[path = "support/http.rs"]
mod http;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fetch_case::{Case, Heard, NAME, Sample, gzip, md5};
use fude_data::fetch::{FetchOptions, Outcome, RemoteFile, RemoteSet, fetch_files, sources};
use http::{Reply, Server};

fn from(server: &Server) -> Outcome {
    Outcome::Fetched { address: server.address(NAME) }
}

#[test]
fn a_good_file_arrives_in_a_new_folder_and_is_not_fetched_twice() {
    let mut case = Case::new();
    case.options.directory = case.folder.path().join("cache/kmnist");
    let server = case.server(&[Reply::Good]);
    let files = [case.sample.file(&[server.address(NAME)])];
    for (new_files, requests) in [(1, 1), (0, 1)] {
        let report = fetch_files(&files, &case.options, &mut case.heard).unwrap();
        assert_eq!((report.new_files(), server.requests().len()), (new_files, requests));
        assert_eq!(fs::read(&report.files[0].path).unwrap(), case.sample.gz);
    }
    assert_eq!(server.requests()[0].path, format!("/{NAME}"));
    let lines = [format!("started {NAME} at 0"), format!("finished {NAME}"), format!("finished {NAME}")];
    assert_eq!(case.heard.lines, lines);
    let all = case.sample.gz.len() as u64;
    assert_eq!(case.heard.positions.first(), Some(&(0, all)));
    assert_eq!(case.heard.positions.last(), Some(&(all, all)));
}

#[test]
fn a_cut_connection_is_resumed_where_it_ended() {
    let mut case = Case::new();
    let server = case.server(&[Reply::Cut(70_000), Reply::Cut(30_000), Reply::Good]);
    assert_eq!(case.outcome(&[&server]), from(&server));
    let range = |from: u32| Some(format!("bytes={from}-"));
    assert_eq!(server.ranges(), [None, range(70_000), range(100_000)]);
    assert_eq!(case.heard.lines.iter().filter(|line| *line == "retry: the connection was cut").count(), 2);
}

#[test]
fn a_line_that_always_breaks_after_a_while_gets_there_but_one_that_never_gets_further_does_not() {
    let mut case = Case::new();
    case.options.retries = 1;
    let shaky = case.server(&[Reply::Cut(66_000)]);
    assert_eq!(case.outcome(&[&shaky]), from(&shaky));
    assert_eq!(shaky.requests().len(), 4);

    let mut case = Case::new();
    let stuck = case.server(&[Reply::Cut(70_000), Reply::Cut(0)]);
    assert!(case.message(&[&stuck]).contains("the connection was cut (3 tries)"));
    assert_eq!(fs::metadata(case.part()).unwrap().len(), 70_000, "what arrived is kept for the next time");
}

#[test]
fn a_partial_file_of_an_earlier_run_is_resumed_also_through_a_redirect() {
    let mut case = Case::new();
    fs::write(case.part(), &case.sample.gz[..1234]).unwrap();
    let home = case.server(&[Reply::Good]);
    let front = case.server(&[Reply::Redirect(home.address("elsewhere"))]);
    assert_eq!(case.outcome(&[&front]), from(&front));
    assert_eq!(home.ranges(), [Some("bytes=1234-".to_owned())]);
    assert_eq!(home.requests()[0].path, "/elsewhere");
    assert_eq!(case.heard.lines[0], format!("started {NAME} at 1234"));
}

#[test]
fn a_server_that_ignores_ranges_sends_everything_again() {
    let mut case = Case::new();
    let server = case.server(&[Reply::Cut(100_000), Reply::Whole]);
    assert_eq!(case.outcome(&[&server]), from(&server));
    assert_eq!(server.ranges(), [None, Some("bytes=100000-".to_owned())]);
}

#[test]
fn a_server_that_sends_another_range_than_asked_for_is_asked_for_everything() {
    let mut case = Case::new();
    let server = case.server(&[Reply::Cut(100_000), Reply::WrongRange, Reply::Good]);
    assert_eq!(case.outcome(&[&server]), from(&server));
    assert_eq!(server.ranges(), [None, Some("bytes=100000-".to_owned()), None]);
}

#[test]
fn a_partial_file_longer_than_the_servers_begins_again() {
    let mut case = Case::new();
    fs::write(case.part(), vec![7; case.sample.gz.len() + 10]).unwrap();
    let server = case.server(&[Reply::Good]);
    assert_eq!(case.outcome(&[&server]), from(&server));
    assert_eq!(server.ranges().len(), 2);
}

#[test]
fn a_partial_file_with_other_bytes_costs_one_more_download_not_the_source() {
    let mut case = Case::new();
    fs::write(case.part(), vec![7; 5000]).unwrap();
    let server = case.server(&[Reply::Good]);
    assert_eq!(case.outcome(&[&server]), from(&server));
    assert_eq!(server.ranges(), [Some("bytes=5000-".to_owned()), None]);
}

#[test]
fn a_whole_partial_file_needs_no_network() {
    let mut case = Case::new();
    fs::write(case.part(), &case.sample.gz).unwrap();
    let server = case.server(&[Reply::Status(500)]);
    assert_eq!(case.outcome(&[&server]), Outcome::Completed);
    assert_eq!(server.requests(), []);
}

#[test]
fn wrong_bytes_are_thrown_away_and_the_next_address_is_asked() {
    let sample = Sample::new();
    let mut altered = sample.raw.clone();
    altered[99] ^= 1;
    let table: [(&str, Vec<u8>, &str); 5] = [
        ("one bit differs", gzip(&altered, 6), "MD5 of the unpacked content: expected "),
        ("a login page", b"<html>please log in</html>".to_vec(), "not a whole gzip file"),
        ("packed file cut short", sample.gz[..1000].to_vec(), "not a whole gzip file"),
        ("content too short", gzip(&sample.raw[1..], 6), "unpacks to 199999 bytes, expected 200000"),
        ("content too long", gzip(&vec![0; 1 << 24], 6), "unpacks to more than 200000 bytes"),
    ];
    for (what, bytes, expected) in table {
        let mut case = Case::new();
        let (wrong, good) = (case.server(&[Reply::Other(bytes)]), case.server(&[Reply::Good]));
        assert!(case.message(&[&wrong]).contains(expected), "{what}: {:?}", case.heard.lines);
        assert!(!case.part().exists(), "{what}");
        assert_eq!(case.outcome(&[&wrong, &good]), from(&good), "{what}");
        assert_eq!((wrong.requests().len(), good.ranges()), (2, vec![None]), "{what}");
    }
}

#[test]
fn a_file_packed_anew_or_sent_in_chunks_is_as_good() {
    let mut case = Case::new();
    let repacked = gzip(&case.sample.raw, 0);
    assert_ne!(repacked, case.sample.gz);
    let server = case.server(&[Reply::Other(repacked.clone())]);
    assert_eq!(case.outcome(&[&server]), from(&server));
    assert_eq!(fs::read(case.path()).unwrap(), repacked);

    let mut case = Case::new();
    let server = case.server(&[Reply::Chunked]);
    assert_eq!(case.outcome(&[&server]), from(&server));
}

#[test]
fn not_found_goes_on_to_the_next_address_at_once() {
    let mut case = Case::new();
    let (missing, good) = (case.server(&[Reply::Status(404)]), case.server(&[Reply::Good]));
    assert_eq!(case.outcome(&[&missing, &good]), from(&good));
    assert_eq!(missing.requests().len(), 1);
    assert_eq!(case.heard.lines[1], "failed: answered 404 Not Found");
}

#[test]
fn a_server_in_passing_trouble_is_asked_again() {
    let mut case = Case::new();
    let server = case.server(&[Reply::Status(500), Reply::Status(503), Reply::Good]);
    assert_eq!(case.outcome(&[&server]), from(&server));
    assert_eq!(
        case.heard.lines[1..3],
        ["retry: answered 500 Internal Server Error", "retry: answered 503 Service Unavailable"]
    );
}

#[test]
fn a_server_that_never_answers_is_given_up_in_bounded_time() {
    let mut case = Case::new();
    case.options.timeout_read = Duration::from_millis(300);
    let (silent, good) = (case.server(&[Reply::Silence]), case.server(&[Reply::Good]));
    let begun = Instant::now();
    assert_eq!(case.outcome(&[&silent, &good]), from(&good));
    // Three tries of 0.3 s; the rest is room for a busy machine.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(silent.requests().len(), 3);
    assert!(case.heard.lines.contains(&"failed: no byte for 300ms (3 tries)".to_owned()), "{:?}", case.heard.lines);
}

#[test]
fn an_oversized_body_is_cut_off_announced_or_not() {
    let flood = vec![0x1f; 1_000_000];
    for chunked in [false, true] {
        let mut case = Case::new();
        let server = if chunked {
            Server::start(&flood, &[Reply::Chunked])
        } else {
            case.server(&[Reply::Other(flood.clone())])
        };
        assert!(case.message(&[&server]).contains("sends more than 203024 bytes, expected about "));
        assert!(!case.part().exists());
        assert!(case.heard.positions.iter().all(|&(bytes, _)| bytes <= 203_024));
    }
}

#[test]
fn a_host_that_cannot_be_reached_is_retried_only_where_there_is_no_other_and_then_asked_last() {
    let mut case = Case::new();
    let nobody = closed_address();
    let good = case.server(&[Reply::Good]);
    let mut files = Vec::new();
    for name in ["a.gz", "b.gz"] {
        let addresses = [format!("{nobody}/{name}"), good.address(name)];
        files.push(RemoteFile { name: name.to_owned(), ..case.sample.file(&addresses) });
    }
    fetch_files(&files, &case.options, &mut case.heard).unwrap();
    assert_eq!(case.heard.lines.iter().filter(|line| line.starts_with("failed: ")).count(), 1);
    assert_eq!(case.heard.lines.iter().filter(|line| line.starts_with("retry: ")).count(), 0);

    let error = case.fetch_from(&[format!("{nobody}/{NAME}")]).unwrap_err().to_string();
    assert!(error.contains("(3 tries)"), "{error}");
}

/// An address on this machine that nobody listens at any more.
fn closed_address() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[test]
fn an_https_address_without_tls_behind_it_fails_as_an_address() {
    let mut case = Case::new();
    let (plain, good) = (case.server(&[Reply::Status(400)]), case.server(&[Reply::Good]));
    let https = plain.address(NAME).replace("http://", "https://");
    case.fetch_from(&[https, good.address(NAME)]).unwrap();
    assert!(case.heard.lines[1..].iter().any(|line| line.starts_with("failed: ")), "{:?}", case.heard.lines);
}

#[test]
fn a_mirror_is_asked_instead_of_the_known_addresses() {
    let mut case = Case::new();
    let (known, mirror) = (case.server(&[Reply::Good]), case.server(&[Reply::Good]));
    case.options.mirror = Some(mirror.address("folder/"));
    let address = mirror.address(&format!("folder/{NAME}"));
    assert_eq!(case.outcome(&[&known]), Outcome::Fetched { address });
    assert_eq!(known.requests(), []);

    for bad in ["ftp://host/x", "host/x", "https:///x", ""] {
        case.options.mirror = Some(bad.to_owned());
        let error = case.fetch(&[&known]).unwrap_err().to_string();
        assert!(error.contains("expected an address that begins with http:// or https://"), "{error}");
    }
}

#[test]
fn a_wrong_file_under_the_final_name_stays_until_a_right_one_replaces_it() {
    let mut case = Case::new();
    fs::write(case.path(), b"mine").unwrap();
    let (wrong, good) = (case.server(&[Reply::Other(gzip(b"other", 6))]), case.server(&[Reply::Good]));
    case.fetch(&[&wrong]).unwrap_err();
    assert_eq!(fs::read(case.path()).unwrap(), b"mine");
    assert!(case.heard.lines[0].starts_with("found wrong: "), "{:?}", case.heard.lines);
    assert_eq!(case.outcome(&[&good]), from(&good));
}

#[test]
fn when_every_address_fails_the_error_lists_them_and_says_how_to_go_on_without() {
    let mut case = Case::new();
    let (missing, broken) = (case.server(&[Reply::Status(404)]), case.server(&[Reply::Status(500)]));
    let error = case.message(&[&missing, &broken]);
    let expected = [
        format!("no address delivered `{NAME}`:\n"),
        format!("  {}: answered 404 Not Found\n", missing.address(NAME)),
        format!("  {}: answered 500 Internal Server Error (3 tries)\n", broken.address(NAME)),
        format!("to provide the files by hand, put them into {}", case.folder.path().display()),
        format!("  {NAME}, MD5 of its unpacked content {}", md5(&case.sample.raw)),
    ];
    for line in expected {
        assert!(error.contains(&line), "expected {line:?} in:\n{error}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named_in_the_error() {
    let mut case = Case::new();
    let obstacle = case.folder.path().join("file");
    fs::write(&obstacle, b"").unwrap();
    case.options.directory = obstacle.join("sub");
    let server = case.server(&[Reply::Good]);
    let error = case.fetch(&[&server]).unwrap_err().to_string();
    assert!(error.contains(&*case.options.directory.to_string_lossy()), "{error}");
    assert_eq!(server.requests(), []);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_the_fetch_and_names_the_file() {
    let mut case = Case::new();
    // Every write to /dev/full says that no space is left.
    std::os::unix::fs::symlink("/dev/full", case.part()).unwrap();
    let (server, other) = (case.server(&[Reply::Good]), case.server(&[Reply::Good]));
    let error = case.message(&[&server, &other]);
    assert!(error.starts_with(&format!("{}: cannot write: ", case.part().display())), "{error}");
    assert_eq!(other.requests(), [], "another address would not help");
}

#[test]
fn a_second_fetch_into_the_same_folder_waits_for_the_first() {
    let mut case = Case::new();
    // The first try stalls this long, so the other fetch comes in meanwhile.
    case.options.timeout_read = Duration::from_millis(700);
    let server = case.server(&[Reply::Silence, Reply::Good]);
    let files = [case.sample.file(&[server.address(NAME)])];
    let fetch = || {
        let mut heard = Heard::default();
        let report = fetch_files(&files, &case.options, &mut heard).unwrap();
        (report.new_files(), heard.lines.contains(&"waiting".to_owned()))
    };
    let mut both = std::thread::scope(|scope| {
        let threads = [scope.spawn(fetch), scope.spawn(fetch)];
        threads.map(|thread| thread.join().unwrap())
    });
    both.sort_unstable();
    assert_eq!(both, [(0, true), (1, false)]);
    assert_eq!(fs::read(case.path()).unwrap(), case.sample.gz);
}

#[test]
fn every_known_set_has_four_files_at_two_addresses_with_whole_checksums() {
    for set in RemoteSet::ALL {
        assert_eq!(set.name().parse::<RemoteSet>().unwrap(), set);
        let files = sources(set);
        assert_eq!(files.len(), 4);
        for file in files {
            let hex = |sum: &str| sum.len() == 32 && sum.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            assert!(hex(&file.gz_md5) && hex(&file.raw_md5), "{file:?}");
            assert!(file.addresses.len() == 2 && file.addresses.iter().all(|at| at.ends_with(&file.name)), "{file:?}");
            assert!(file.gz_bytes < file.raw_bytes && file.raw_bytes < file.largest_gz(), "{file:?}");
        }
    }
    let error = "imagenet".parse::<RemoteSet>().unwrap_err().to_string();
    assert_eq!(error, "no data set `imagenet` to fetch: expected kmnist, fashion or mnist");
}

#[test]
fn real_fashion_mnist_files_are_recognised_where_they_are() {
    let root = std::env::var_os("FUDE_TEST_DATA").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let directory = root.join("fashion-mnist");
    if !directory.is_dir() {
        println!("skipped: no {}", directory.display());
        return;
    }
    // Nothing listens here: the files must be found right, or this fails.
    let options = FetchOptions { mirror: Some(closed_address()), retries: 0, ..FetchOptions::new(&directory) };
    let report = fetch_files(&sources(RemoteSet::Fashion), &options, &mut ()).unwrap();
    assert_eq!((report.files.len(), report.new_files()), (4, 0));
}
