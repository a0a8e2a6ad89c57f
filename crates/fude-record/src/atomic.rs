//! Writing a file so that nobody ever reads half of it.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// How the names of files begin that are still being written.
pub(crate) const TEMPORARY: &str = ".fude-";

/// tempfile makes what it makes private; a run's files are as readable as any others.
pub(crate) fn make_readable(path: &Path, mode: u32) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    let _ = (path, mode);
    Ok(())
}

/// Writes a file so that a reader sees the old content or the new, never half of it: temporary name, sync, rename.
///
/// # Errors
/// What the system says; the old file is then untouched. What is no file, as a device, is not replaced.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.exists() && !path.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "what is there is no file"));
    }
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    make_readable(temporary.path(), 0o644)?;
    temporary.persist(path).map_err(|error| error.error)?;
    // The rename itself is durable once the folder is synced; not every platform can.
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_temporary_one() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("a");
        write_atomically(&path, b"old").unwrap();
        let as_folder = root.path().join("folder");
        fs::create_dir(&as_folder).unwrap();
        fs::write(as_folder.join("inside"), b"x").unwrap();
        assert!(write_atomically(&as_folder, b"new").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
    }

    /// `--output /dev/full --force` once put a file in the place of the device.
    #[cfg(unix)]
    #[test]
    fn what_is_no_file_stays() {
        use std::os::unix::fs::FileTypeExt;
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        assert_eq!(write_atomically(&path, b"new").unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(fs::metadata(&path).unwrap().file_type().is_socket());
    }
}
